package outbound_test

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"leadstream/internal/outbound"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"93.184.216.34": true, "100.63.255.255": true, "100.128.0.0": true, "172.32.0.1": true, "2606:2800:220:1::1": true, "2a00:1450::1": true,
		"::ffff:93.184.216.34": true,
		"127.0.0.1":            false, "127.255.255.254": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "100.127.255.255": false, "0.0.0.0": false, "0.1.2.3": false, "224.0.0.1": false,
		"239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false, "192.0.0.8": false, "192.0.2.1": false, "192.88.99.1": false,
		"198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false,
		"::1": false, "::": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false, "fd12::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "3fff::1": false,
		"100::1": false, "5f00::1": false,
	} {
		if got := outbound.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public is %v", text, got)
		}
	}
	if outbound.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network, address string
		passes           bool
	}{
		{"tcp4", "93.184.216.34:80", true},
		{"tcp4", "93.184.216.34:443", true},
		{"tcp6", "[2606:2800:220:1::1]:443", true},
		{"tcp4", "93.184.216.34:8080", false},
		{"tcp4", "93.184.216.34:22", false},
		{"tcp4", "10.0.0.1:80", false},
		{"tcp6", "[::ffff:127.0.0.1]:80", false},
		{"tcp6", "[fe80::1%eth0]:80", false},
		{"udp4", "93.184.216.34:443", false},
		{"unix", "/run/docker.sock", false},
		{"tcp4", "acme.example:80", false},
	} {
		err := outbound.Guard(tt.network, tt.address)
		if (err == nil) != tt.passes || err != nil && !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s %s: %v", tt.network, tt.address, err)
		}
	}
}

// TestGuardedClientReachesNothingPrivate also writes one address in the ways
// that resolvers read as 127.0.0.1 though they look like a name.
func TestGuardedClientReachesNothingPrivate(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was reached", r.Host) })
	port := ":" + portOf(addr)
	client := guarded(t, nil, 5*time.Second)
	for _, target := range []string{
		"http://" + addr, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port,
		"http://2130706433" + port, "http://0177.0.0.1" + port, "http://0x7f.1" + port, "http://127.1" + port,
	} {
		if body, err := get(client, target); err == nil {
			t.Errorf("%s answered %q", target, body)
		}
	}
	for _, target := range []string{
		"http://" + addr, "http://localhost" + port, "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:7f00:1]/",
		"http://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "http://[64:ff9b::7f00:1]/",
	} {
		if _, err := get(client, target); !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: %v, want forbidden", target, err)
		}
	}
}

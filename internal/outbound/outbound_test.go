package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"leadstream/internal/outbound"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true,
		"127.0.0.1": false, "127.255.255.254": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false,
		"240.0.0.1": false, "198.18.0.1": false, "::1": false, "::": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"fe80::1": false, "fc00::1": false, "fd12::1": false, "64:ff9b::a9fe:a9fe": false, "2002:7f00:1::": false, "ff02::1": false,
		"::127.0.0.1": false, "fe80::1%eth0": false,
	} {
		if got := outbound.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: public = %v", text, got)
		}
	}
}

func TestGuardedClientReachesNothingPrivate(t *testing.T) {
	t.Parallel()
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	client := outbound.NewGuardedClient(nil, 5*time.Second)
	for _, target := range []string{
		server.URL, "http://localhost" + port, "http://[::1]" + port, "http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port,
		"http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/",
	} {
		response, err := client.Get(target)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s was reached", target)
		}
	}
	if reached {
		t.Error("a private server was reached")
	}
}

func TestOverridesPassTheGuardAndRedirectsFromThemDoNot(t *testing.T) {
	t.Parallel()
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the private server was reached") }))
	defer private.Close()
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/private":
			http.Redirect(w, r, private.URL, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		default:
			_, _ = io.WriteString(w, r.Host)
		}
	}))
	defer public.Close()
	overrides := outbound.Overrides{{Pattern: "*.example", Addr: public.Listener.Addr().String()}}
	client := outbound.NewGuardedClient(overrides, 5*time.Second)
	response, err := client.Get("http://shop.example/")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if string(body) != "shop.example" {
		t.Errorf("reached %q", body)
	}
	for _, path := range []string{"/private", "/loop", "/file"} {
		response, err := client.Get("http://shop.example" + path)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("%s was followed", path)
		}
	}
	if _, err := client.Get("http://shop.example/private"); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("error %v, want forbidden", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	o := outbound.Overrides{{Pattern: "*.example", Addr: "a"}, {Pattern: "one.test", Addr: "b"}}
	for host, want := range map[string]string{"x.example": "a", "A.B.EXAMPLE": "a", "x.example.": "a", "one.test": "b", "two.test": "", "example": "", "xexample": ""} {
		if got, _ := o.Lookup(host); got != want {
			t.Errorf("%s → %q, want %q", host, got, want)
		}
	}
	if got := o.ChromiumRules(); got != "MAP *.example a, MAP one.test b" {
		t.Errorf("rules %q", got)
	}
}

func TestReadCapped(t *testing.T) {
	t.Parallel()
	if body, err := outbound.ReadCapped(strings.NewReader("1234"), 4); string(body) != "1234" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := outbound.ReadCapped(strings.NewReader("12345"), 4); string(body) != "1234" || !errors.Is(err, outbound.ErrTooLarge) {
		t.Errorf("%q, %v", body, err)
	}
}

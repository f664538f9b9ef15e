package outbound_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"leadstream/internal/outbound"
)

// nameserver answers each question for an address with the next of a list, and
// the last one ever after.
type nameserver struct {
	mu      sync.Mutex
	answers []netip.Addr
	asked   int
}

func (n *nameserver) next() netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	return n.answers[min(n.asked, len(n.answers))-1]
}

// resolver serves the names over UDP until the test ends.
func (n *nameserver) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if reply, ok := n.reply(packet[:size]); ok {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

func (n *nameserver) reply(packet []byte) ([]byte, bool) {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil, false
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	if q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeAAAA && n.answers[0].Is6() {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: n.body(q.Type),
		}}
	}
	reply, err := m.Pack()
	return reply, err == nil
}

func (n *nameserver) body(kind dnsmessage.Type) dnsmessage.ResourceBody {
	addr := n.next()
	if kind == dnsmessage.TypeAAAA {
		return &dnsmessage.AAAAResource{AAAA: addr.As16()}
	}
	return &dnsmessage.AResource{A: addr.As4()}
}

// TestDNSThatChangesItsMind: whoever looked a name up before and found a
// public address must not be led inside by the look-up of the connection.
func TestDNSThatChangesItsMind(t *testing.T) {
	t.Parallel()
	inside := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was reached", r.Host) })
	for name, answers := range map[string][]string{
		"at once to loopback": {"127.0.0.1"}, "then to loopback": {"93.184.216.34", "127.0.0.1"}, "then to the metadata": {"93.184.216.34", "169.254.169.254"},
		"then inside": {"93.184.216.34", "10.0.0.1"}, "carriers": {"100.64.0.1"}, "nowhere": {"0.0.0.0"},
	} {
		n := &nameserver{}
		for _, a := range answers {
			n.answers = append(n.answers, netip.MustParseAddr(a))
		}
		resolver := n.resolver(t)
		for range len(answers) - 1 { // what a check of the name would see
			found, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.test")
			if err != nil || len(found) != 1 || !outbound.Public(found[0]) {
				t.Fatalf("%s: %v, %v", name, found, err)
			}
		}
		client := outbound.GuardedClientAsking(resolver, 5*time.Second)
		for _, port := range []string{"", ":" + portOf(inside)} {
			if body, err := get(client, "http://rebind.test"+port+"/"); !errors.Is(err, outbound.ErrForbidden) {
				t.Errorf("%s: %q, %v", name, body, err)
			}
		}
		client.CloseIdleConnections()
	}
}

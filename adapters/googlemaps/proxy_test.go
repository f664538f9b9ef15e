package googlemaps_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/googlemaps"
	"leadstream/domain/fault"
)

// socks is a SOCKS5 proxy that leads every host to one address.
type socks struct {
	listener       net.Listener
	user, password string // empty lets everybody in
	passed         atomic.Int32
	mu             sync.Mutex
	hosts          map[string]bool // asked for
	serving        sync.WaitGroup
}

func startSocks(t *testing.T, user, password string) *socks {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &socks{listener: listener, user: user, password: password, hosts: map[string]bool{}}
}

// lead begins to serve.
func (s *socks) lead(t *testing.T, to string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s.serving.Go(func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(ctx, conn, to) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = s.listener.Close()
		s.serving.Wait()
	})
}

func (s *socks) serve(ctx context.Context, conn net.Conn, to string) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if !s.letIn(conn) {
		return
	}
	head := make([]byte, 4) // version, CONNECT, reserved, kind of address
	if _, err := io.ReadFull(conn, head); err != nil || head[3] != 3 {
		return
	}
	host, err := field(conn)
	var port uint16
	if err != nil || binary.Read(conn, binary.BigEndian, &port) != nil {
		return
	}
	s.mu.Lock()
	s.hosts[net.JoinHostPort(host, strconv.Itoa(int(port)))] = true
	s.mu.Unlock()
	target, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = target.Close() }()
	s.passed.Add(1)
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(conn, target)
		_ = conn.Close()
	})
	_, _ = io.Copy(target, conn)
	_ = target.Close()
	back.Wait()
}

// letIn asks for the password, where there is one.
func (s *socks) letIn(conn net.Conn) bool {
	if _, err := conn.Read(make([]byte, 1)); err != nil { // version
		return false
	}
	if _, err := field(conn); err != nil { // methods
		return false
	}
	if s.user == "" {
		_, err := conn.Write([]byte{5, 0})
		return err == nil
	}
	_, _ = conn.Write([]byte{5, 2})
	_, _ = conn.Read(make([]byte, 1)) // version
	user, _ := field(conn)
	password, _ := field(conn)
	if user != s.user || password != s.password {
		_, _ = conn.Write([]byte{1, 1})
		return false
	}
	_, err := conn.Write([]byte{1, 0})
	return err == nil
}

// field is a length and so many bytes.
func field(conn io.Reader) (string, error) {
	length := make([]byte, 1)
	if _, err := io.ReadFull(conn, length); err != nil {
		return "", err
	}
	text := make([]byte, length[0])
	_, err := io.ReadFull(conn, text)
	return string(text), err
}

func TestSOCKSProxy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		user, password, login string
		kind                  fault.Kind // Internal is success
	}{
		"without a password": {},
		"with one":           {"user", "p@ss:word", "user:p%40ss%3Aword@", fault.Internal},
		"with another":       {"user", "p@ss:word", "user:wrong@", fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := startSocks(t, tt.user, tt.password)
			r := newRig(t, func(o *googlemaps.Options) {
				o.Proxy, o.ResolverRules = "socks5://"+tt.login+proxy.listener.Addr().String(), ""
			})
			proxy.lead(t, r.town.Addr())
			see := &sightings{}
			began := time.Now()
			err := r.search(t.Context(), "plumbing", 25, see)
			if tt.kind != fault.Internal {
				refused(t, err, time.Since(began))
				return
			}
			if err != nil || len(see.places) != 25 || proxy.passed.Load() == 0 || !proxy.hosts["maps.example:80"] {
				t.Errorf("%d places, %v; %d connections to %v", len(see.places), err, proxy.passed.Load(), proxy.hosts)
			}
		})
	}
}

func refused(t *testing.T, err error, took time.Duration) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "SCRAPER_PROXY") || took > 15*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
}

// TestHTTPProxyThatRefuses is told at once, and not tried again.
func TestHTTPProxyThatRefuses(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	for _, login := range []string{"user:wrong@", ""} {
		r := newRig(t, func(o *googlemaps.Options) { o.Proxy = "http://" + login + strings.TrimPrefix(proxy.URL, "http://") })
		began := time.Now()
		refused(t, r.search(t.Context(), "plumbing", 5, &sightings{}), time.Since(began))
	}
	t.Run("nobody there", func(t *testing.T) {
		proxy.Close()
		r := newRig(t, func(o *googlemaps.Options) { o.Proxy = "http://user:x@" + strings.TrimPrefix(proxy.URL, "http://") })
		if err := r.search(t.Context(), "plumbing", 5, &sightings{}); !fault.Is(err, fault.Transient) {
			t.Errorf("error %v", err)
		}
	})
}

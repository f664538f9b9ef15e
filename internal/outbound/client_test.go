package outbound_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadstream/internal/outbound"
)

// serve answers on a free port of the loopback until the test ends.
func serve(t *testing.T, handle http.HandlerFunc) (addr string) {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// guarded is a client for which every .example host is at addr.
func guarded(t *testing.T, o outbound.Overrides, timeout time.Duration) *http.Client {
	t.Helper()
	client := outbound.NewGuardedClient(o, timeout)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func examplesAt(addr string) outbound.Overrides {
	return outbound.Overrides{{Pattern: "*.example", Addr: addr}}
}

func get(client *http.Client, target string) ([]byte, error) {
	response, err := client.Get(target)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return outbound.ReadCapped(response.Body, 1<<20)
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	private := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the private server was reached") })
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if left, err := strconv.Atoi(r.URL.Query().Get("left")); err == nil && left > 0 {
			http.Redirect(w, r, fmt.Sprintf("/?left=%d", left-1), http.StatusFound)
			return
		}
		if to := r.URL.Query().Get("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(w, "arrived at "+r.Host)
	})
	client := guarded(t, examplesAt(addr), 5*time.Second)
	for _, tt := range []struct {
		name, query string
		fault       error
	}{
		{"none", "", nil},
		{"as many as are allowed", "left=5", nil},
		{"one too many", "left=6", outbound.ErrRedirect},
		{"a loop", "to=" + url.QueryEscape("/?to=%2F%3Fto%3Dx"), nil},
		{"to another overridden host", "to=" + url.QueryEscape("http://shop.example/"), nil},
		{"to a private server", "to=" + url.QueryEscape("http://"+private+"/"), outbound.ErrForbidden},
		{"to a private server by name", "to=" + url.QueryEscape("http://localhost:"+portOf(private)+"/"), outbound.ErrForbidden},
		{"to the metadata of a cloud", "to=" + url.QueryEscape("http://169.254.169.254/latest/"), outbound.ErrForbidden},
		{"to a file", "to=" + url.QueryEscape("file:///etc/passwd"), outbound.ErrRedirect},
		{"to gopher", "to=" + url.QueryEscape("gopher://shop.example/"), outbound.ErrRedirect},
	} {
		body, err := get(client, "http://www.example/?"+tt.query)
		if !errors.Is(err, tt.fault) || tt.fault == nil && !strings.HasPrefix(string(body), "arrived at ") {
			t.Errorf("%s: %q, %v", tt.name, body, err)
		}
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	if _, err := get(guarded(t, examplesAt(addr), 5*time.Second), "http://www.example/"); !errors.Is(err, outbound.ErrRedirect) {
		t.Errorf("%v", err)
	}
}

// TestPlainClientFollowsNoRedirect: a header with a key would go along.
func TestPlainClientFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("followed with key %q", r.Header.Get("X-Api-Key"))
	})
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+elsewhere, http.StatusFound)
	})
	client := outbound.NewClient(examplesAt(addr), 5*time.Second)
	defer client.CloseIdleConnections()
	request, _ := http.NewRequest(http.MethodGet, "http://api.example/", nil)
	request.Header.Set("X-API-KEY", "secret")
	response, err := client.Do(request)
	if err != nil || response.StatusCode != http.StatusFound {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
}

func TestBodiesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	chunk := []byte(strings.Repeat("<!-- nothing -->", 1<<12))
	flood := func(w io.Writer, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	addr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			flood(w, r)
		case "/bomb": // some 1000 bytes unpacked for each on the wire
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			flood(zip, r)
		case "/slow":
			_, _ = io.WriteString(w, "one moment")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/silent":
			<-r.Context().Done()
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
		}
	})
	patient, hasty := guarded(t, examplesAt(addr), 30*time.Second), guarded(t, examplesAt(addr), 200*time.Millisecond)
	for path, holds := range map[string]func(body []byte, err error) bool{
		"/endless": func(body []byte, err error) bool { return errors.Is(err, outbound.ErrTooLarge) && len(body) == 1<<20 },
		"/bomb":    func(body []byte, err error) bool { return errors.Is(err, outbound.ErrTooLarge) && len(body) == 1<<20 },
		"/headers": func(body []byte, err error) bool { return err != nil && body == nil },
	} {
		if body, err := get(patient, "http://www.example"+path); !holds(body, err) {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
	for _, path := range []string{"/slow", "/silent"} {
		if _, err := get(hasty, "http://www.example"+path); !errors.Is(err, os.ErrDeadlineExceeded) && !isTimeout(err) {
			t.Errorf("%s: %v, want a time-out", path, err)
		}
	}
}

func isTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

func TestReadCapped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{"": nil, "123": nil, "1234": nil, "12345": outbound.ErrTooLarge} {
		body, err := outbound.ReadCapped(strings.NewReader(text), 4)
		if !errors.Is(err, want) || string(body) != text[:min(4, len(text))] {
			t.Errorf("%q: %q, %v", text, body, err)
		}
	}
	broken := io.MultiReader(strings.NewReader("12"), failingReader{})
	if body, err := outbound.ReadCapped(broken, 4); string(body) != "12" || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken: %q, %v", body, err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

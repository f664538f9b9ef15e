package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:3000": "127.0.0.1:3000", "0.0.0.0:3000": "127.0.0.1:3000", ":80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "[::1]:80": "[::1]:80",
		"host:1": "host:1",
	} {
		if got := reachable(addr); got != want {
			t.Errorf("%s is met at %s, want %s", addr, got, want)
		}
	}
}

// TestRefusals puts what a service says on one line, whatever it is.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		body    string
		want    string
		invalid bool
	}{
		{400, `{"title":"Bad Request","errors":[{"location":"body.radius","message":"must be above 0"},{"location":"query","message":"x"}]}`, "radius must be above 0; query x", true},
		{422, `{"detail":"other body"}`, "other body", true},
		{404, `{"detail":"job x does not exist"}`, "job x does not exist", false},
		{401, `{}`, "the service wants an API token: give it with --token or LEADSTREAM_TOKEN", false},
		{502, "<html>\nBad gateway</html>", "the service answered 502", false},
		{503, `{"title":"Service Unavailable"}`, "Service Unavailable", false},
		{200, "<html>", " does not answer as Leadstream does", false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		var answer map[string]any
		err := (&client{base: server.URL}).call(t.Context(), http.MethodGet, "/", nil, &answer)
		server.Close()
		_, invalid := errors.AsType[usageError](err)
		if err == nil || strings.TrimPrefix(err.Error(), server.URL) != tt.want || invalid != tt.invalid {
			t.Errorf("%d %s: %v, of usage: %v", tt.status, tt.body, err, invalid)
		}
	}
}

func TestTokenIsSentToTheServiceAlone(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 2)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Authorization") }))
	defer other.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
	}))
	defer service.Close()
	_ = (&client{base: service.URL, token: "secret"}).call(t.Context(), http.MethodGet, "/", nil, nil)
	if first, second := <-seen, <-seen; first != "Bearer secret" || second != "" {
		t.Errorf("the service saw %q, the other %q", first, second)
	}
}

// TestOwnTokenStaysAtHome: API_TOKENS is for the service of these settings, not for --url.
func TestOwnTokenStaysAtHome(t *testing.T) {
	t.Parallel()
	environ := []string{"API_TOKENS=0123456789abcdef", "HTTP_ADDR=127.0.0.1:3999"}
	own, err := (&connection{environ: environ}).open()
	if err != nil || own.base != "http://127.0.0.1:3999" || own.token != "0123456789abcdef" {
		t.Errorf("%+v, %v", own, err)
	}
	other, err := (&connection{environ: environ, url: "https://leads.example/"}).open()
	if err != nil || other.base != "https://leads.example" || other.token != "" {
		t.Errorf("%+v, %v", other, err)
	}
	if _, err := (&connection{environ: []string{"HTTP_ADDR=nonsense"}}).open(); err == nil {
		t.Error("faulty settings were taken")
	}
}

func TestCancelledCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&client{base: server.URL}).call(ctx, http.MethodGet, "/", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	if got := asked(in("jobs", "a/b c?", "logs"), "limit", "5", "cursor", ""); got != "/api/jobs/a%2Fb%20c%3F/logs?limit=5" {
		t.Errorf("%s", got)
	}
}

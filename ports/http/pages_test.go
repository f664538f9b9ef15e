package http

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	for path, row := range map[string]struct{ contentType, part string }{
		"/":                {"text/html", "<!doctype html>"},
		"/docs":            {"text/html", "<!doctype html>"},
		"/assets/app.js":   {"javascript", "import"},
		"/assets/base.css": {"text/css", "{"},
		"/openapi.json":    {"openapi+json", `"openapi":"3.1.0"`},
		"/metrics":         {"text/plain", "go_goroutines"},
	} {
		answer := s.send("GET", path, "")
		if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Content-Type"), row.contentType) || !strings.Contains(string(answer.body), row.part) {
			t.Errorf("%s: %d %s %.80s", path, answer.StatusCode, answer.Header.Get("Content-Type"), answer.body)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	for _, path := range []string{"/", "/docs", "/assets/app.js", "/api/jobs", "/api/nothing"} {
		header := s.send("GET", path, "").Header
		policy := header.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy+";", directive+";") {
				t.Errorf("%s: the policy %q lacks %q", path, policy, directive)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" || header.Get("X-Request-ID") == "" {
			t.Errorf("%s: headers %v", path, header)
		}
	}
	if got := s.send("GET", "/api/jobs", "").Header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	answer := s.send("GET", "/openapi.json", "", "Accept-Encoding: gzip")
	if answer.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("headers %v", answer.Header)
	}
	reader, err := gzip.NewReader(bytes.NewReader(answer.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || !bytes.HasPrefix(text, []byte("{")) {
		t.Errorf("%.40s, %v", text, err)
	}
	if got := s.send("GET", "/openapi.json", "", "Accept-Encoding: br").Header.Get("Content-Encoding"); got != "br" {
		t.Errorf("encoding %q, want br", got)
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{}, func(o *Options) { o.AllowedOrigins = []string{"https://friend.example"}; withTokens(o) })
	closed := serve(t, &world{})
	for _, row := range []struct {
		server *server
		origin string
		want   string
	}{{s, "https://friend.example", "https://friend.example"}, {s, "https://evil.example", ""}, {closed, "https://friend.example", ""}} {
		answer := row.server.send("OPTIONS", "/api/scraper/scrape", "", "Origin: "+row.origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != row.want {
			t.Errorf("%s may come from %q", row.origin, got)
		}
		if row.want != "" && (answer.StatusCode != http.StatusNoContent || !strings.Contains(answer.Header.Get("Access-Control-Allow-Headers"), "Authorization")) {
			t.Errorf("%s: %d %v", row.origin, answer.StatusCode, answer.Header)
		}
	}
}

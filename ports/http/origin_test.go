package http

import (
	"net/http"
	"strings"
	"testing"
)

func TestOtherPagesCannotMakeABrowserAct(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := serve(t, w, func(o *Options) { o.AllowedOrigins = []string{"https://friend.example"} })
	for origin, allowed := range map[string]bool{
		"": true, s.url: true, "https://friend.example": true,
		"https://evil.example": false, "null": false, "http://127.0.0.1:1": false, "https://friend.example.evil.example": false, "://": false,
	} {
		for _, request := range []string{"POST /api/jobs/j1/retry", "DELETE /api/jobs/j1", "PATCH /api/businesses/7", "POST /login"} {
			method, path, _ := strings.Cut(request, " ")
			answer := s.send(method, path, map[bool]string{true: "{}"}[method == "PATCH"], "Origin: "+origin)
			if refused := answer.StatusCode == http.StatusForbidden; refused == allowed {
				t.Errorf("%s from %q: %d", request, origin, answer.StatusCode)
			} else if refused {
				answer.wantProblem(t, http.StatusForbidden)
			}
		}
		if answer := s.send("GET", "/api/jobs", "", "Origin: "+origin); answer.StatusCode != http.StatusOK {
			t.Errorf("reading from %q: %d", origin, answer.StatusCode)
		}
	}
}

// TestNamesThatLeadHere is about DNS rebinding: without tokens, a page under
// any name that is made to lead to the loopback would be its own origin.
func TestNamesThatLeadHere(t *testing.T) {
	t.Parallel()
	open := serve(t, &world{}, func(o *Options) { o.AllowedOrigins = []string{"https://friend.example"} })
	guarded := serve(t, &world{}, withTokens)
	for host, ours := range map[string]bool{
		"localhost": true, "localhost:3000": true, "127.0.0.1:3000": true, "127.9.9.9": true, "[::1]:3000": true, "LOCALHOST": true, "friend.example": true,
		"evil.example": false, "evil.example:3000": false, "localhost.evil.example": false, "10.0.0.1": false, "0.0.0.0": false,
	} {
		answer := open.sendTo(host, "/api/jobs")
		if refused := answer.StatusCode == http.StatusMisdirectedRequest; refused == ours {
			t.Errorf("%s: %d", host, answer.StatusCode)
		} else if refused {
			answer.wantProblem(t, http.StatusMisdirectedRequest)
		}
		if answer := open.sendTo(host, "/healthz"); answer.StatusCode != http.StatusOK {
			t.Errorf("%s: a probe is answered %d", host, answer.StatusCode)
		}
		if answer := guarded.sendTo(host, "/api/jobs", "Authorization: Bearer "+token); answer.StatusCode != http.StatusOK {
			t.Errorf("%s, with a token: %d", host, answer.StatusCode)
		}
	}
}

func TestPollersAreToldWhenNothingHasChanged(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	for _, path := range []string{"/api/jobs", "/api/jobs/j1", "/api/jobs/j1/logs", "/api/queues", "/api/businesses", "/api/businesses/7", "/api/enrichment/batch/b1/status", "/api/poison", "/api/stats"} {
		first := s.send("GET", path, "")
		tag := first.Header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", path)
			continue
		}
		again := s.send("GET", path, "", "If-None-Match: "+tag)
		if again.StatusCode != http.StatusNotModified || len(again.body) != 0 || again.Header.Get("ETag") != tag {
			t.Errorf("%s: %d %s", path, again.StatusCode, again.body)
		}
		if packed := s.send("GET", path, "", "If-None-Match: "+tag, "Accept-Encoding: gzip"); packed.StatusCode != http.StatusNotModified {
			t.Errorf("%s, packed: %d", path, packed.StatusCode)
		}
		if among := s.send("GET", path, "", `If-None-Match: "x", `+tag); among.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d for one of two tags", path, among.StatusCode)
		}
		if other := s.send("GET", path, "", `If-None-Match: W/"1-1"`); other.StatusCode != http.StatusOK || string(other.body) != string(first.body) {
			t.Errorf("%s: %d for another tag", path, other.StatusCode)
		}
	}
	if tag := s.send("GET", "/api/jobs/j1", "").Header.Get("ETag"); tag == s.send("GET", "/api/jobs/j2", "").Header.Get("ETag") {
		t.Error("two jobs have the same tag")
	}
	for _, path := range []string{"/api/jobs/gone", exportPath} {
		if tag := s.send("GET", path, "").Header.Get("ETag"); tag != "" {
			t.Errorf("%s has the tag %s", path, tag)
		}
	}
}

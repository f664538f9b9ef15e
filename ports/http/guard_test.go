package http

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

const token = "0123456789abcdef"

func withTokens(o *Options) {
	o.Tokens = []string{"another-token-1234", token}
	o.Mount = func(r Router, _ Access) {
		for _, path := range []string{"/ws", "/socket.io/"} {
			r.Get(path, func(c *fiber.Ctx) error { return c.SendString("mounted") })
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{}, withTokens)
	login := s.send("POST", "/login", `{"token":"`+token+`"}`)
	if login.StatusCode != http.StatusNoContent || len(login.Cookies()) != 1 {
		t.Fatalf("login: %d %s", login.StatusCode, login.body)
	}
	cookie := login.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Secure || strings.Contains(cookie.Value, token) {
		t.Errorf("cookie %s", cookie)
	}
	for name, row := range map[string]struct {
		header  string
		refused bool
	}{
		"token":               {"Authorization: Bearer " + token, false},
		"other token":         {"Authorization: Bearer another-token-1234", false},
		"session":             {"Cookie: " + sessionCookie + "=" + cookie.Value, false},
		"nothing":             {"X-Nothing: 1", true},
		"wrong token":         {"Authorization: Bearer " + token + "x", true},
		"empty token":         {"Authorization: Bearer ", true},
		"token without Bear.": {"Authorization: " + token, true},
		"token as a cookie":   {"Cookie: " + sessionCookie + "=" + token, true},
		"made-up session":     {"Cookie: " + sessionCookie + "=" + cookie.Value[1:] + "A", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/api/jobs", "/API/jobs", "/api/nothing", "/ws", "/socket.io/", "/metrics"} {
				answer := s.send("GET", path, "", row.header)
				if refused := answer.StatusCode == http.StatusUnauthorized; refused != row.refused {
					t.Errorf("%s: %d", path, answer.StatusCode)
				}
				if row.refused {
					answer.wantProblem(t, http.StatusUnauthorized)
					if answer.Header.Get("WWW-Authenticate") == "" {
						t.Errorf("%s: it is not said how to authenticate", path)
					}
				}
			}
			for _, path := range []string{"/", "/docs", "/assets/app.js", "/healthz", "/readyz"} {
				if answer := s.send("GET", path, "", row.header); answer.StatusCode != http.StatusOK {
					t.Errorf("%s: %d", path, answer.StatusCode)
				}
			}
		})
	}
}

func TestLoginRefuses(t *testing.T) {
	t.Parallel()
	guarded := serve(t, &world{}, withTokens)
	for _, body := range []string{"", "{", `{}`, `{"token":""}`, `{"token":"wrong"}`, `{"token":7}`} {
		if answer := guarded.send("POST", "/login", body); len(answer.Cookies()) != 0 {
			t.Errorf("%s: %s", body, answer.Cookies())
		} else {
			answer.wantProblem(t, http.StatusUnauthorized)
		}
	}
	open := serve(t, &world{})
	open.send("POST", "/login", `{"token":""}`).wantProblem(t, http.StatusUnauthorized)
}

func TestSessionIsMarkedSecureBehindTLS(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{}, withTokens)
	login := s.send("POST", "/login", `{"token":"`+token+`"}`, "X-Forwarded-Proto: https")
	if len(login.Cookies()) != 1 || !login.Cookies()[0].Secure {
		t.Errorf("cookies %s", login.Cookies())
	}
}

func TestPostsAreLimited(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := serve(t, w, func(o *Options) { o.PostsPerMinute = 3 })
	for i := range 3 {
		if answer := s.send("POST", "/api/jobs/j1/retry", ""); answer.StatusCode != http.StatusOK {
			t.Fatalf("request %d: %d", i, answer.StatusCode)
		}
	}
	answer := s.send("POST", "/api/jobs/j1/retry", "")
	answer.wantProblem(t, http.StatusTooManyRequests)
	if after := answer.Header.Get("Retry-After"); after == "" || after == "0" {
		t.Errorf("Retry-After %q", after)
	}
	if answer := s.send("GET", "/api/jobs", ""); answer.StatusCode != http.StatusOK {
		t.Errorf("GET is limited too: %d", answer.StatusCode)
	}
	if calls := w.noted(); len(calls) != 4 {
		t.Errorf("calls %q", calls)
	}
}

func TestLimitHasADefault(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{}, func(o *Options) { o.PostsPerMinute = 0 })
	if got := s.send("POST", "/api/jobs/j1/retry", "").Header.Get("X-RateLimit-Limit"); got != "100" {
		t.Errorf("limit %q", got)
	}
}

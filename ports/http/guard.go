package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	sessionCookie = "leadstream_session"
	sessionFor    = 30 * 24 * time.Hour
)

// guard lets in who has a token. Tokens are kept as hashes, and compared in
// constant time. A browser shows its token once, at POST /login, and has a
// cookie from then on that any API process knows, since it follows from the token.
type guard struct{ hashes [][sha256.Size]byte }

func newGuard(tokens []string) guard {
	var g guard
	for _, token := range tokens {
		g.hashes = append(g.hashes, sha256.Sum256([]byte(token)))
	}
	return g
}

// Access tells other ports whom they may let in.
type Access struct {
	Request func(*fiber.Ctx) bool   // whether a request shows a token, or a session
	Token   func(token string) bool // whether a token is known
}

func (g guard) access() Access { return Access{Request: g.letsIn, Token: g.known} }

func (g guard) letsIn(c *fiber.Ctx) bool {
	return len(g.hashes) == 0 || g.known(bearer(c)) || g.knownSession(c.Cookies(sessionCookie))
}

// check guards what shows or changes data; pages and probes are open. A client
// of Socket.IO shows its token within its connection, where its port asks for it.
func (g guard) check(c *fiber.Ctx) error {
	if !guarded(c.Path()) || g.letsIn(c) || isUpgrade(c) && under(c.Path(), "/socket.io") {
		return c.Next()
	}
	c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="leadstream"`)
	return sendProblem(c, newProblem(fiber.StatusUnauthorized, "this needs an API token"))
}

func guarded(path string) bool {
	for _, prefix := range []string{"/api", "/ws", "/socket.io", "/metrics", "/openapi"} {
		if under(path, prefix) {
			return true
		}
	}
	return false
}

// under compares as the router does, without regard to case.
func under(path, prefix string) bool { return strings.HasPrefix(strings.ToLower(path), prefix) }

func (g guard) mount(f *fiber.App) {
	f.Post("/login", func(c *fiber.Ctx) error {
		var body struct {
			Token string `json:"token"`
		}
		if err := c.BodyParser(&body); err != nil || !g.known(body.Token) {
			return sendProblem(c, newProblem(fiber.StatusUnauthorized, "this is not a token"))
		}
		c.Cookie(&fiber.Cookie{
			Name: sessionCookie, Value: session(sha256.Sum256([]byte(body.Token))), Path: "/", MaxAge: int(sessionFor.Seconds()),
			HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode, Secure: c.Secure(),
		})
		return c.SendStatus(fiber.StatusNoContent)
	})
}

func bearer(c *fiber.Ctx) string {
	token, found := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !found {
		return ""
	}
	return token
}

func (g guard) known(token string) bool {
	hash := sha256.Sum256([]byte(token))
	found := 0
	for _, h := range g.hashes {
		found |= subtle.ConstantTimeCompare(hash[:], h[:])
	}
	return token != "" && found == 1
}

func (g guard) knownSession(cookie string) bool {
	found := 0
	for _, h := range g.hashes {
		found |= subtle.ConstantTimeCompare([]byte(cookie), []byte(session(h)))
	}
	return found == 1
}

func session(tokenHash [sha256.Size]byte) string {
	mac := hmac.New(sha256.New, tokenHash[:])
	mac.Write([]byte("leadstream session"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

package http

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// origins are the pages that may use the API from a browser.
type origins struct {
	allowed []string
	// anyHost is off where nobody needs a token: then a page elsewhere, whose
	// name is made to lead here (DNS rebinding), must not pass for our own.
	anyHost bool
}

// check refuses what other pages make a browser send.
func (o origins) check(c *fiber.Ctx) error {
	if !o.anyHost && guarded(c.Path()) && !o.ours(c.Hostname()) {
		return sendProblem(c, newProblem(http.StatusMisdirectedRequest, "this name is not the server's own: use localhost, or name it in ALLOWED_ORIGINS"))
	}
	if unsafe(c.Method()) && !o.may(c.Get(fiber.HeaderOrigin), c.Hostname()) {
		return sendProblem(c, newProblem(http.StatusForbidden, "this origin is not allowed"))
	}
	return c.Next()
}

func unsafe(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead && method != fiber.MethodOptions
}

// may lets in what is no browser, pages of this server, and those that are allowed.
func (o origins) may(origin, host string) bool {
	if origin == "" || slices.Contains(o.allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// ours tells a name of the loopback, or of an allowed origin.
func (o origins) ours(host string) bool {
	name := host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		name = bare
	}
	name = strings.Trim(name, "[]")
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.IsLoopback()
	}
	return strings.EqualFold(name, "localhost") || slices.ContainsFunc(o.allowed, func(origin string) bool {
		u, err := url.Parse(origin)
		return err == nil && (strings.EqualFold(u.Host, host) || strings.EqualFold(u.Hostname(), name))
	})
}

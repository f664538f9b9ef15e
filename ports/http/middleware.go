package http

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/gofiber/fiber/v2/middleware/limiter"
	"github.com/gofiber/fiber/v2/middleware/requestid"
)

// contentPolicy lets pages load their own files and talk to their own server, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func useMiddleware(f *fiber.App, o Options, g guard) {
	f.Use(requestid.New())
	f.Use(traced)
	f.Use(answerPanics(o.Logger))
	f.Use(securityHeaders)
	if len(o.AllowedOrigins) > 0 {
		f.Use(cors.New(cors.Config{
			AllowOrigins: strings.Join(o.AllowedOrigins, ","), AllowCredentials: true, MaxAge: 600,
			AllowHeaders:  "Authorization,Content-Type,If-None-Match,Idempotency-Key,X-Request-Id",
			ExposeHeaders: "Content-Disposition,ETag,Idempotency-Replayed,Location,Retry-After,X-Request-Id",
		}))
	}
	f.Use(origins{o.AllowedOrigins, len(o.Tokens) > 0}.check)
	f.Use(g.check)
	f.Use(limitPosts(o.PostsPerMinute))
	f.Use(compress.New(compress.Config{Next: func(c *fiber.Ctx) bool { return isUpgrade(c) || isExport(c.Path()) }}))
	f.Use(tag)
	f.Use(deadline)
	f.Use(idempotency{o.App.Requests, o.Logger, o.App.Now}.handle)
}

// requestID is the id that the answer's X-Request-ID header carries.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestid.ConfigDefault.ContextKey).(string)
	return id
}

// answerPanics keeps a fault of one request from the others, and logs it with
// the place it came from.
func answerPanics(log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) (err error) {
		defer func() {
			if cause := recover(); cause != nil {
				log.Error("request panicked", "request_id", requestID(c.Context()), "method", c.Method(), "path", c.Path(),
					"panic", cause, "stack", string(debug.Stack()))
				err = sendProblem(c, newProblem(fiber.StatusInternalServerError, unexpected))
			}
		}()
		return c.Next()
	}
}

func securityHeaders(c *fiber.Ctx) error {
	c.Set("Content-Security-Policy", contentPolicy)
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	if strings.HasPrefix(c.Path(), "/api") {
		// Whoever polls keeps what it got, and asks whether it still holds.
		c.Set(fiber.HeaderCacheControl, "private, no-cache")
	}
	return c.Next()
}

func limitPosts(perMinute int) fiber.Handler {
	return limiter.New(limiter.Config{
		Max: perMinute, Expiration: time.Minute,
		Next: func(c *fiber.Ctx) bool { return c.Method() != fiber.MethodPost },
		LimitReached: func(c *fiber.Ctx) error {
			return sendProblem(c, newProblem(fiber.StatusTooManyRequests,
				"more than "+strconv.Itoa(perMinute)+" POST requests a minute"))
		},
	})
}

func isUpgrade(c *fiber.Ctx) bool { return strings.EqualFold(c.Get(fiber.HeaderUpgrade), "websocket") }

// deadline bounds each request; sockets stay open.
func deadline(c *fiber.Ctx) error {
	if isUpgrade(c) {
		return c.Next()
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), requestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

package http

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/filesystem"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leadstream/ports/http/dashboard"
)

// mountPages serves the dashboard at / and the documentation at /docs, all
// from files in the binary.
func mountPages(f *fiber.App) {
	files := http.FS(dashboard.FS())
	page := func(name string) fiber.Handler {
		return func(c *fiber.Ctx) error { return filesystem.SendFile(c, files, name) }
	}
	f.Get("/", page("index.html"))
	f.Get("/docs", page("docs.html"))
	f.Use("/assets", filesystem.New(filesystem.Config{Root: files}))
}

func mountMetrics(f *fiber.App) {
	f.Get("/metrics", adaptor.HTTPHandler(promhttp.Handler()))
}

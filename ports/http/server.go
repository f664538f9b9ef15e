// Package http is the port of the REST API: requests become calls of use
// cases, and what they answer becomes JSON. Fiber carries it; huma validates
// what it can from the types and writes the OpenAPI document from the same.
package http

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"leadstream/app"
)

const (
	maxBody = 1 << 20
	// maxHeader bounds a request's line and headers, and is what each connection holds.
	maxHeader      = 8 << 10
	requestTimeout = 10 * time.Second
	// idleTimeout ends connections that nobody uses.
	idleTimeout           = 2 * time.Minute
	defaultPostsPerMinute = 100
)

// Options is what the server needs.
type Options struct {
	App            *app.App
	Logger         *slog.Logger
	Version        string
	Tokens         []string // empty lets everyone in
	AllowedOrigins []string
	PostsPerMinute int // of one client; default 100
	// Mount adds the routes of the WebSocket port, which asks whom it may let in.
	Mount func(Router, Access)
}

// Router is where other ports mount their routes.
type Router = fiber.Router

// Server serves the API, its documentation and the dashboard.
type Server struct {
	fiber     *fiber.App
	api       huma.API
	downloads *downloads
}

// New makes a server.
func New(o Options) *Server {
	if o.PostsPerMinute == 0 {
		o.PostsPerMinute = defaultPostsPerMinute
	}
	f := fiber.New(fiber.Config{
		AppName: "Leadstream", DisableStartupMessage: true, BodyLimit: maxBody, ErrorHandler: answerError(o.Logger),
		// Values of a request are copied: what use cases keep of them must not
		// change under them when Fiber uses its buffers again.
		Immutable: true, ReadTimeout: 30 * time.Second, IdleTimeout: idleTimeout, StreamRequestBody: false, ReadBufferSize: maxHeader,
	})
	guard := newGuard(o.Tokens)
	useMiddleware(f, o, guard)
	s := &Server{fiber: f, downloads: newDownloads()}
	s.api = newAPI(f, o)
	h := handlers{app: o.App, log: o.Logger, downloads: s.downloads}
	h.registerScraper(s.api)
	h.registerEnrichment(s.api)
	h.registerJobs(s.api)
	h.registerQueues(s.api)
	h.registerPoison(s.api)
	h.registerBusinesses(s.api)
	h.registerStats(s.api)
	h.registerHealth(s.api)
	completeDocument(s.api.OpenAPI(), len(o.Tokens) > 0)
	mountDocument(f, s.api.OpenAPI())
	guard.mount(f)
	if o.Mount != nil {
		o.Mount(f, guard.access())
	}
	mountPages(f)
	mountMetrics(f)
	f.Use(notFound)
	return s
}

// handlers calls the use cases.
type handlers struct {
	app       *app.App
	log       *slog.Logger
	downloads *downloads
}

func newAPI(f *fiber.App, o Options) huma.API {
	config := huma.DefaultConfig("Leadstream", o.Version)
	config.Info.Description = "Find local businesses and their contacts, as background jobs."

	config.OpenAPIPath = ""  // the document is written once, when it is complete
	config.DocsPath = ""     // the documentation page is ours: it needs no CDN
	config.SchemasPath = ""  // and the document holds every schema
	config.CreateHooks = nil // no $schema fields in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer":  {Type: "http", Scheme: "bearer", Description: "One of the server's API_TOKENS"},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "What a browser has from POST /login"},
	}
	if len(o.Tokens) > 0 {
		config.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
	}
	api := humafiber.New(f, config)
	api.UseMiddleware(noteUnknown(api))
	return api
}

// Serve answers on a listener until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.fiber.Listener(l) }

// Shutdown lets running requests and downloads finish while ctx lasts.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.downloads.end()
	return s.fiber.ShutdownWithContext(ctx)
}

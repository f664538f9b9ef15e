package sandbox

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The hosts of the sandbox, beside one for each business.
const (
	mapHost     = "maps.example"
	consentHost = "consent.maps.example"
	hunterHost  = "hunter.example"
	ownHost     = "sandbox.example"
	// APIKey is the key that its Hunter knows.
	APIKey = "sandbox-key"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Options says how the sandbox is served.
type Options struct {
	Addr      string        // default a free port of 127.0.0.1
	Town      *Town         // default NewTown(0)
	FeedDelay time.Duration // how long each reply of the feed takes
	SlowBy    time.Duration // how long slow websites take; default 2 s
	Logger    *slog.Logger
}

// Server serves the town's hosts on one port, told apart by the Host header.
type Server struct {
	options  Options
	town     *Town
	faults   Faults
	listener net.Listener
	http     *http.Server
	log      *slog.Logger

	mu     sync.Mutex
	hits   map[string]int
	hunted int // searches that Hunter has counted
}

// Start serves until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Town == nil {
		o.Town = NewTown(0)
	}
	if o.SlowBy == 0 {
		o.SlowBy = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("serving the sandbox: %w", err)
	}
	s := &Server{options: o, town: o.Town, listener: listener, log: o.Logger, hits: map[string]int{}}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("sandbox stopped", "error", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Addr is host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Town is who lives here.
func (s *Server) Town() *Town { return s.town }

// Faults are the switches, also at http://sandbox.example/faults.
func (s *Server) Faults() *Faults { return &s.faults }

// Settings are the lines of environment that point Leadstream here.
func (s *Server) Settings() []string {
	return []string{
		"SCRAPER_BASE_URL=http://" + mapHost,
		"HUNTER_BASE_URL=http://" + hunterHost,
		"HUNTER_API_KEY=" + APIKey,
		"DIAL_OVERRIDES=*.example=" + s.Addr(),
	}
}

// Hits is how often a host was asked, by host name.
func (s *Server) Hits(host string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[host]
}

// Close ends it at once, open connections included.
func (s *Server) Close() error { return s.http.Close() }

// ServeHTTP tells the hosts apart.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	s.mu.Lock()
	s.hits[host]++
	s.mu.Unlock()
	switch host {
	case mapHost:
		s.serveMap(w, r)
	case consentHost:
		s.serveConsent(w, r)
	case hunterHost:
		s.serveHunter(w, r)
	default:
		if b, ok := s.town.byHost[strings.TrimPrefix(host, "new.")]; ok {
			s.serveSite(w, r, *b, host)
			return
		}
		s.serveOwn(w, r, host)
	}
}

// serveOwn is the sandbox's page about itself.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request, host string) {
	if strings.HasSuffix(host, ".example") && host != ownHost {
		http.NotFound(w, r)
		return
	}
	if r.URL.Path == "/faults" {
		s.faults.serve(w, r)
		return
	}
	s.render(w, http.StatusOK, "index.html", map[string]any{"Settings": s.Settings(), "Businesses": s.town.businesses})
}

func (s *Server) render(w http.ResponseWriter, status int, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		s.log.Debug("page not sent", "page", page, "error", err)
	}
}

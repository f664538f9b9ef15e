package sandbox

import (
	"cmp"
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
	apifyHost   = "apify.example"
	overpass    = "overpass.example"
	nominatim   = "nominatim.example"
	ownHost     = "sandbox.example"
	movedPrefix = "new." // of the hosts that websites have moved to
	// APIKey is the key that its Hunter knows, and the token that its Apify knows.
	APIKey = "sandbox"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Options says how the sandbox is served.
type Options struct {
	Addr      string        // default a free port of 127.0.0.1
	Town      *Town         // default that of zero TownOptions
	FeedDelay time.Duration // how long each reply of the feed takes
	PageDelay time.Duration // how long each page of the map takes
	PageHeap  int           // MiB that the scripts of each page of the map keep
	SlowBy    time.Duration // how long slow websites take; default 2 s
	Logger    *slog.Logger
}

// Server serves the town's hosts on one port, told apart by the Host header.
type Server struct {
	*counter
	options  Options
	town     *Town
	faults   Faults
	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when nobody accepts connections any more
	detach   func() bool   // from the context of Start
	log      *slog.Logger

	mu                      sync.Mutex
	searches, verifications int // that Hunter has counted
	runs                    []*apifyRun
	located                 time.Time // when Nominatim was last asked
	querying                int       // at Overpass, now
}

// Start serves until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Town == nil {
		o.Town = NewTown(TownOptions{})
	}
	o.Addr, o.SlowBy = cmp.Or(o.Addr, "127.0.0.1:0"), cmp.Or(o.SlowBy, 2*time.Second)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("serving the sandbox: %w", err)
	}
	s := &Server{counter: newCounter(), options: o, town: o.Town, listener: listener, served: make(chan struct{}), log: o.Logger}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}
	go s.serve()
	s.detach = context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return s, nil
}

func (s *Server) serve() {
	defer close(s.served)
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("sandbox stopped", "error", err)
	}
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
		"APIFY_BASE_URL=http://" + apifyHost,
		"APIFY_TOKEN=" + APIKey,
		"OVERPASS_URL=http://" + overpass + "/api/interpreter",
		"NOMINATIM_URL=http://" + nominatim,
		"DIAL_OVERRIDES=*.example=" + s.Addr(),
	}
}

// Hits is how often a host was asked, by host name.
func (s *Server) Hits(host string) int { return s.Stats().Hosts[host] }

// Close ends it at once, open connections included.
func (s *Server) Close() error {
	s.detach()
	err := s.http.Close()
	<-s.served
	return err
}

// ServeHTTP tells the hosts apart.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := hostOf(r)
	s.countHost(host)
	switch host {
	case mapHost:
		s.serveMap(w, r)
	case consentHost:
		s.serveConsent(w, r)
	case hunterHost:
		s.serveHunter(w, r)
	case apifyHost:
		s.serveApify(w, r)
	case overpass:
		s.serveOverpass(w, r)
	case nominatim:
		s.serveNominatim(w, r)
	default:
		if b, ok := s.town.byHost[strings.TrimPrefix(host, movedPrefix)]; ok {
			s.serveSite(w, r, *b, host)
			return
		}
		s.serveOwn(w, r, host)
	}
}

func hostOf(r *http.Request) string {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// serveOwn is the sandbox's page about itself, for its own name and its bare address.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request, host string) {
	if host != ownHost && host != "localhost" && net.ParseIP(host) == nil {
		http.NotFound(w, r)
		return
	}
	switch r.URL.Path {
	case "/faults":
		s.faults.serve(w, r)
	case "/stats":
		answerJSON(w, http.StatusOK, s.Stats())
	case "/health":
		answerJSON(w, http.StatusOK, map[string]any{"status": "ok", "businesses": len(s.town.businesses)})
	case "/":
		s.render(w, http.StatusOK, "index.html", map[string]any{"Settings": s.Settings(), "Businesses": s.town.businesses})
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) render(w http.ResponseWriter, status int, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, page, data); err != nil {
		s.log.Debug("page not sent", "page", page, "error", err)
	}
}

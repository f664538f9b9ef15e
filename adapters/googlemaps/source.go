package googlemaps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadstream/app"
	"leadstream/domain/fault"
)

// Options is what the source needs.
type Options struct {
	BaseURL       string                // scheme and host of the map site
	Language      string                // hl of its pages; default en
	Region        string                // gl, and whose phone numbers lack a country; default us
	ChromiumPath  string                // empty finds one
	Proxy         string                // URL, with user and password where it wants them
	ResolverRules string                // Chromium's --host-resolver-rules
	DataDir       string                // browser profiles and evidence go there; default a folder of the temporary ones
	Now           app.Clock             // default time.Now
	Logger        *slog.Logger          // default none
	Metrics       prometheus.Registerer // default none
}

// Source is an app.Source.
type Source struct {
	base      *url.URL
	language  string
	region    string
	browsers  *browsers
	evidence  evidence
	now       app.Clock
	log       *slog.Logger
	health    *health
	backoff   backoff
	locations locations

	openWithin   time.Duration // for a page to show what it is
	feedPatience time.Duration // how long a feed may bring nothing new until it is taken for finished
}

var _ app.Source = (*Source)(nil)

// New makes a source. Chromium is started for the first search.
func New(o Options) (*Source, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("map site %q is not a URL", o.BaseURL)
	}
	o = o.withDefaults()
	folder := filepath.Join(o.DataDir, "browser")
	sweep(folder)
	health := newHealth(o.Metrics)
	return &Source{
		base: base, log: o.Logger, health: health, language: o.Language, region: strings.ToUpper(o.Region), now: o.Now,
		evidence: evidence{folder: filepath.Join(o.DataDir, "evidence"), now: o.Now},
		browsers: newBrowsers(browserOptions{
			path: o.ChromiumPath, proxy: o.Proxy, resolverRules: o.ResolverRules, folder: folder,
			language: o.Language, searches: searchesPerBrowser, idle: endIdleAfter, started: health.metrics.browsers.Inc, log: o.Logger,
		}),
		openWithin: 45 * time.Second, feedPatience: 12 * time.Second,
	}, nil
}

func (o Options) withDefaults() Options {
	o.Language, o.Region = cmp.Or(o.Language, "en"), cmp.Or(o.Region, "us")
	o.DataDir = cmp.Or(o.DataDir, filepath.Join(os.TempDir(), "leadstream"))
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Check tests whether a browser is there.
func (s *Source) Check(context.Context) error {
	_, err := s.browsers.options.binary()
	return err
}

// Close ends the browser.
func (s *Source) Close() error {
	s.browsers.close()
	return nil
}

// Search finds places, each told of as soon as it is known.
func (s *Source) Search(ctx context.Context, q app.SearchQuery, see app.Sightings) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tab, done, err := s.browsers.tab(ctx)
	if err != nil {
		return s.startError(ctx, err)
	}
	defer func() { done(err != nil) }()
	v := newVisit(s, tab, q, see)
	v.replies = listen(ctx, tab.page, func() { cancel(errCrashed) })
	err = ended(ctx, v, v.run(ctx))
	s.health.searched(outcome(err), v.reads)
	if err == nil {
		s.backoff.succeeded()
	}
	return err
}

// ended classifies how a search ended.
func ended(ctx context.Context, v *visit, err error) error {
	switch {
	case err == nil || v.own:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case fault.KindOf(err) == fault.Internal:
		return fault.Transientf("the browser failed in mid-search: %w", err)
	default:
		return err
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "completed"
	case fault.Is(err, fault.Postponed):
		return "blocked"
	default:
		return "failed"
	}
}

var errCrashed = fault.Transientf("the browser crashed in mid-search")

func (s *Source) startError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNoBrowser):
		return fault.Unavailablef("starting a search: %w", err)
	default:
		return fault.Transientf("starting a search: %w", err)
	}
}

// anyBusiness is what is searched for when nothing is named.
const anyBusiness = "businesses"

func (s *Source) searchURL(q app.SearchQuery) string {
	what := cmp.Or(q.BusinessType, anyBusiness)
	return s.url(what+" near "+q.Location, "")
}

// locationURL searches for the location alone.
func (s *Source) locationURL(q app.SearchQuery) string { return s.url(q.Location, "") }

// tileURL searches what is in view, which words about the place would override.
func (s *Source) tileURL(q app.SearchQuery, t tile) string {
	return s.url(cmp.Or(q.BusinessType, anyBusiness), fmt.Sprintf("/@%.7f,%.7f,%.2fz", t.centre.lat, t.centre.lng, t.zoom()))
}

// url pins language and region, by which the site would otherwise follow the
// address it is asked from.
func (s *Source) url(words, view string) string {
	u := *s.base.JoinPath("maps", "search")
	u.RawPath = u.EscapedPath() + "/" + url.PathEscape(words) + view // a slash among the words stays one of theirs
	u.Path += "/" + words + view
	u.RawQuery = url.Values{"hl": {s.language}, "gl": {strings.ToLower(s.region)}}.Encode()
	return u.String()
}

package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"leadstream/app"
	"leadstream/domain/fault"
)

// Options is what the source needs.
type Options struct {
	BaseURL       string // scheme and host of the map site
	Language      string // hl of its pages; default en
	Region        string // gl, and whose phone numbers lack a country; default us
	ChromiumPath  string // empty finds one
	Proxy         string
	ResolverRules string // Chromium's --host-resolver-rules
	DataDir       string // browser profiles and evidence go there
	Now           app.Clock
	Logger        *slog.Logger
}

// Source is an app.Source.
type Source struct {
	base     *url.URL
	language string
	region   string
	browsers *browsers
	evidence evidence
	now      app.Clock
	log      *slog.Logger
}

var _ app.Source = (*Source)(nil)

// New makes a source. Chromium is started for the first search.
func New(o Options) (*Source, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("map site %q is not a URL", o.BaseURL)
	}
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Region == "" {
		o.Region = "us"
	}
	folder := filepath.Join(o.DataDir, "browser")
	sweep(folder)
	return &Source{
		base: base, language: o.Language, region: strings.ToUpper(o.Region), now: o.Now, log: o.Logger,
		evidence: evidence{folder: filepath.Join(o.DataDir, "evidence"), now: o.Now},
		browsers: &browsers{options: browserOptions{
			path: o.ChromiumPath, proxy: o.Proxy, resolverRules: o.ResolverRules, folder: folder, log: o.Logger,
		}},
	}, nil
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
func (s *Source) Search(ctx context.Context, q app.SearchQuery, see app.Sightings) error {
	page, done, err := s.browsers.page(ctx)
	if err != nil {
		if errors.Is(err, errNoBrowser) {
			return fault.Unavailablef("starting a search: %w", err)
		}
		return fault.Transientf("starting a search: %w", err)
	}
	defer done()
	v := newVisit(s, page, q, see)
	err = v.run(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && fault.KindOf(err) == fault.Internal && !v.own {
		return fault.Transientf("the browser failed in mid-search: %w", err)
	}
	return err
}

func (s *Source) searchURL(q app.SearchQuery) string {
	what := q.BusinessType
	if what == "" {
		what = "businesses"
	}
	u := *s.base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/maps/search/" + what + " near " + q.Location
	u.RawQuery = url.Values{"hl": {s.language}, "gl": {strings.ToLower(s.region)}}.Encode()
	return u.String()
}

// blockedFor is how long a search waits that the site refuses as a robot's.
const blockedFor = 15 * time.Minute

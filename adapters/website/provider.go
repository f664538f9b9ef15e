// Package website finds contacts on a business's own website over plain HTTP:
// home page, then the few pages most likely to hold contacts. It keeps to
// robots.txt, and asks one host for one page at a time.
package website

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	providerName = "website"
	// defaultCrawlTime bounds one website, so that a slow one holds no worker for long.
	defaultCrawlTime = 45 * time.Second
	defaultHostDelay = 500 * time.Millisecond
)

// Outcomes of a crawl.
const (
	outcomeFound     = "found"
	outcomeNone      = "none"
	outcomeNoWebsite = "no_website"
	outcomeSocial    = "social_only"
	outcomeDirectory = "directory"
	outcomeDead      = "dead"
	outcomeRobots    = "blocked_by_robots"
	outcomeScript    = "js_only"
	outcomeError     = "error"
	outcomeNotHTML   = "not_html"
)

// Cache answers about a website that was read before.
type Cache interface {
	// Once answers from what is kept, or by ask, which says how long to keep
	// its answer; 0 keeps none.
	Once(ctx context.Context, site string, force bool, ask func(context.Context) ([]byte, time.Duration, error)) ([]byte, error)
}

// Breaker keeps from crawling while no website at all is reached.
type Breaker interface {
	// Do runs call unless it is open, when it answers a Postponed error. An
	// error with a method Outage() bool counts.
	Do(ctx context.Context, call func() error) error
}

// Options is what the provider needs.
type Options struct {
	HTTP *http.Client // guarded: the addresses are strangers'
	// ExtraTLDs are top-level domains that exist here though nowhere else.
	ExtraTLDs []string
	// HostDelay is the pause between two requests of one host; default 500 ms.
	HostDelay time.Duration
	// CrawlTime bounds one website; default 45 s.
	CrawlTime time.Duration
	Cache     Cache   // nil crawls a website anew for each business
	Breaker   Breaker // nil always crawls
	Logger    *slog.Logger
}

// Provider is an app.ContactProvider. Safe for concurrent use.
type Provider struct {
	fetcher   *fetcher
	tlds      map[string]bool
	crawlTime time.Duration
	cache     Cache
	breaker   Breaker
	log       *slog.Logger
}

var _ app.ContactProvider = (*Provider)(nil)

// New makes a provider.
func New(o Options) *Provider {
	if o.HostDelay == 0 {
		o.HostDelay = defaultHostDelay
	}
	if o.CrawlTime == 0 {
		o.CrawlTime = defaultCrawlTime
	}
	p := &Provider{
		fetcher: newFetcher(o.HTTP, o.HostDelay), tlds: map[string]bool{}, crawlTime: o.CrawlTime,
		cache: o.Cache, breaker: o.Breaker, log: o.Logger,
	}
	for _, tld := range o.ExtraTLDs {
		p.tlds[tld] = true
	}
	return p
}

// Name is how the provider is called in results.
func (p *Provider) Name() string { return providerName }

// Contacts crawls the business's website, or tells what was found there within
// the last 30 days. A site that is dead or shows nothing is an outcome; one
// that is only down for the moment is worth another attempt. It is Postponed
// while no website at all can be reached.
func (p *Provider) Contacts(ctx context.Context, q app.ContactQuery) (app.Findings, error) {
	place := q.Business.Place
	home, ok := business.SiteURL(place.Website)
	if !ok {
		return app.Findings{Outcome: outcomeNoWebsite}, nil
	}
	if outcome := foreign(home); outcome != "" {
		return socialFindings(home, outcome, firstOf(place.MapURL, home.String())), nil
	}
	if p.cache == nil {
		return p.crawlSite(ctx, place, home)
	}
	findings, err := p.known(ctx, place, home, q.Force)
	if errors.Is(err, errKept) {
		p.log.Warn("kept contacts not understood", "site", home.Host, "error", err)
		return p.known(ctx, place, home, true)
	}
	return findings, err
}

// known answers from the cache, or by a crawl.
func (p *Provider) known(ctx context.Context, place business.Place, home *url.URL, force bool) (app.Findings, error) {
	var fresh *app.Findings // with what is not kept: why to try again
	kept, err := p.cache.Once(ctx, siteKey(home), force, func(ctx context.Context) ([]byte, time.Duration, error) {
		f, err := p.crawlSite(ctx, place, home)
		if err != nil {
			return nil, 0, err
		}
		fresh = &f
		return encode(f), keepFor(f), nil
	})
	switch {
	case err != nil:
		return app.Findings{}, err
	case fresh != nil:
		return *fresh, nil
	default:
		return decode(kept)
	}
}

// crawlSite reads the website, unless the breaker is open.
func (p *Provider) crawlSite(ctx context.Context, place business.Place, home *url.URL) (findings app.Findings, err error) {
	crawl := func() (err error) {
		crawlCtx, cancel := context.WithTimeout(ctx, p.crawlTime)
		defer cancel()
		findings, err = p.crawl(place, home).run(crawlCtx)
		if ctx.Err() != nil {
			return ctx.Err() // what ended the crawl from outside is no finding
		}
		p.log.Debug("website read", "site", home.Host, "outcome", findings.Outcome, "contacts", len(findings.Contacts), "error", err)
		if far, unreachable := errors.AsType[unreached](err); unreachable && far.Outage() {
			return far
		}
		return nil
	}
	if p.breaker == nil {
		err = crawl()
	} else {
		err = p.breaker.Do(ctx, crawl)
	}
	if _, unreachable := errors.AsType[unreached](err); unreachable {
		err = nil // told by the findings
	}
	if err != nil && fault.KindOf(err) == fault.Internal && ctx.Err() != nil {
		return app.Findings{}, ctx.Err()
	}
	return findings, err
}

// siteKey is what websites are known by: the registrable domain, but at a site
// builder the host and the folders that are the business's own.
func siteKey(home *url.URL) string {
	if business.SharedHost(home.Hostname()) {
		return strings.ToLower(home.Host) + strings.TrimSuffix(folders(home.Path, 2), "/")
	}
	return registrable(home.Hostname())
}

// Package website finds contacts on a business's own website over plain HTTP:
// home page, then the few pages most likely to hold contacts.
package website

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"leadstream/app"
	"leadstream/domain/business"
)

const (
	providerName = "website"
	maxPages     = 6 // home and five more
	// crawlTime bounds one website, so that a slow one holds no worker for long.
	crawlTime = 45 * time.Second
)

// Outcomes beside "found" and "none".
const (
	outcomeNoWebsite = "no_website"
	outcomeSocial    = "social_only"
	outcomeDirectory = "directory"
	outcomeDead      = "dead"
	outcomeRobots    = "blocked_by_robots"
	outcomeScript    = "js_only"
	outcomeError     = "error"
	outcomeNotHTML   = "not_html"
)

// Options is what the provider needs.
type Options struct {
	HTTP *http.Client // guarded: the addresses are strangers'
	// ExtraTLDs are top-level domains that exist here though nowhere else.
	ExtraTLDs []string
	// HostDelay is the pause between two requests of one host; default 250 ms.
	HostDelay time.Duration
	// CrawlTime bounds one website; default 45 s.
	CrawlTime time.Duration
	Logger    *slog.Logger
}

// Provider is an app.ContactProvider.
type Provider struct {
	fetcher   *fetcher
	tlds      map[string]bool
	crawlTime time.Duration
	log       *slog.Logger
}

var _ app.ContactProvider = (*Provider)(nil)

// New makes a provider.
func New(o Options) *Provider {
	if o.HostDelay == 0 {
		o.HostDelay = 250 * time.Millisecond
	}
	if o.CrawlTime == 0 {
		o.CrawlTime = crawlTime
	}
	p := &Provider{fetcher: newFetcher(o.HTTP, o.HostDelay), tlds: map[string]bool{}, crawlTime: o.CrawlTime, log: o.Logger}
	for _, tld := range o.ExtraTLDs {
		p.tlds[tld] = true
	}
	return p
}

// Name is how the provider is called in results.
func (p *Provider) Name() string { return providerName }

// Contacts crawls the business's website. A site that is dead or shows nothing
// is an outcome; one that is only down for the moment is worth another attempt.
func (p *Provider) Contacts(ctx context.Context, q app.ContactQuery) (app.Findings, error) {
	b := q.Business
	home, outcome := homeOf(b.Place.Website)
	switch outcome {
	case "":
	case outcomeSocial:
		return app.Findings{Outcome: outcome, Contacts: []business.Contact{socialContact(home.String(), b.Place.MapURL)}}, nil
	default:
		return app.Findings{Outcome: outcome}, nil
	}
	crawlCtx, cancel := context.WithTimeout(ctx, p.crawlTime)
	defer cancel()
	c := &crawl{provider: p, region: region(b.Place.Country), home: home}
	findings := c.run(crawlCtx)
	return findings, ctx.Err() // what ended the crawl from outside is no finding
}

// homeOf is where a crawl begins, or why there is none.
func homeOf(website string) (*url.URL, string) {
	if website == "" {
		return nil, outcomeNoWebsite
	}
	u, err := url.Parse(unwrapRedirect(website))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, outcomeNoWebsite
	}
	switch host := u.Hostname(); {
	case business.SocialHost(host):
		return u, outcomeSocial
	case business.DirectoryHost(host):
		return u, outcomeDirectory
	default:
		return u, ""
	}
}

// unwrapRedirect takes the target out of a map site's /url?q=….
func unwrapRedirect(website string) string {
	u, err := url.Parse(website)
	if err != nil || u.Path != "/url" {
		return website
	}
	if target := u.Query().Get("q"); target != "" {
		return target
	}
	return website
}

// crawl is one website being read.
type crawl struct {
	provider *Provider
	region   string
	home     *url.URL
	found    []business.Contact
	read     int
	shells   int // pages that show nothing without their scripts
}

func (c *crawl) run(ctx context.Context) app.Findings {
	rules, err := c.provider.fetcher.robots(ctx, c.home)
	if err != nil {
		return outcomeOf(err)
	}
	if !rules.allows(c.home) {
		return app.Findings{Outcome: outcomeRobots}
	}
	links, err := c.visit(ctx, c.home)
	if err != nil {
		return outcomeOf(err)
	}
	for _, link := range rank(c.home, links) {
		if c.read >= maxPages || ctx.Err() != nil {
			break
		}
		if rules.allows(link) {
			_, _ = c.visit(ctx, link) // a page that fails leaves what the others had
		}
	}
	contacts := c.provider.confident(c.home, business.Merge(c.found))
	switch {
	case len(contacts) > 0:
		return app.Findings{Contacts: contacts, Outcome: "found"}
	case c.shells > 0:
		return app.Findings{Outcome: outcomeScript}
	default:
		return app.Findings{Outcome: "none"}
	}
}

// visit reads a page, and answers its links.
func (c *crawl) visit(ctx context.Context, page *url.URL) ([]link, error) {
	c.read++
	body, final, err := c.provider.fetcher.page(ctx, page)
	if err != nil {
		return nil, err
	}
	doc, err := parse(body)
	if err != nil {
		return nil, err
	}
	if page == c.home {
		c.home = final // where a site has moved to is what its links belong to
	}
	found := c.provider.extract(doc, final, c.region)
	if len(found) == 0 && doc.scriptOnly() {
		c.shells++
	}
	c.found = append(c.found, found...)
	return doc.links(final), nil
}

// outcomeOf tells a site that is gone from one that is down for the moment.
func outcomeOf(err error) app.Findings {
	var status statusError
	switch {
	case errors.Is(err, errNotHTML):
		return app.Findings{Outcome: outcomeNotHTML}
	case errors.As(err, &status) && status < 500 && status != http.StatusTooManyRequests:
		return app.Findings{Outcome: outcomeDead}
	case errors.As(err, &status), isTimeout(err):
		return app.Findings{Outcome: outcomeError, Again: err}
	default:
		return app.Findings{Outcome: outcomeDead}
	}
}

// confident rates each contact: a mailbox of the site's own domain above a
// free one, that above another's.
func (p *Provider) confident(home *url.URL, contacts []business.Contact) []business.Contact {
	own := registrable(home.Hostname())
	for i := range contacts {
		c := &contacts[i]
		if c.Kind != business.Email {
			continue
		}
		_, host, _ := strings.Cut(c.Value, "@")
		switch {
		case registrable(host) == own:
			c.Confidence = 95
		case business.FreeMailHost(host):
			c.Confidence = 80
		default:
			c.Confidence = 50
		}
	}
	return contacts
}

func registrable(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

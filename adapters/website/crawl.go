package website

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"leadstream/app"
	"leadstream/domain/business"
)

const (
	maxPages = 6 // home and five more
	maxMoves = 5 // from host to host
)

// crawl is one website being read.
type crawl struct {
	provider *Provider
	place    business.Place
	region   string
	home     *url.URL
	own      map[string]bool // registrable domains of the website
	rules    map[string]rules
	found    []business.Contact
	read     int
	shells   int   // pages that show nothing without their scripts
	missed   error // a page was down for the moment
}

func (p *Provider) crawl(place business.Place, home *url.URL) *crawl {
	return &crawl{
		provider: p, place: place, region: regionOf(place, home.Hostname()), home: home,
		own: map[string]bool{registrable(home.Hostname()): true}, rules: map[string]rules{},
	}
}

// run answers what the website shows, and its home page's error.
func (c *crawl) run(ctx context.Context) (app.Findings, error) {
	home, at, err := c.open(ctx, c.home)
	if status, answered := errors.AsType[statusError](err); answered && status < http.StatusInternalServerError {
		if front, deeper := frontOf(c.home); deeper { // maps keep links to pages that are long gone
			home, at, err = c.open(ctx, front)
		}
	}
	if err != nil {
		return c.outcomeOf(err), err
	}
	c.home = at // where a site has moved to is what its links belong to
	c.own[registrable(at.Hostname())] = true
	c.take(home, at)
	for _, next := range rank(at, baseOf(home, at), home.links) {
		if c.read < maxPages {
			c.visit(ctx, next)
		}
	}
	return c.findings(), nil
}

// visit reads a further page; one that fails leaves what the others had.
func (c *crawl) visit(ctx context.Context, u *url.URL) {
	p, at, err := c.open(ctx, u)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, errNoTime) { // else the crawl has had its time
			c.missed = firstError(c.missed, c.outcomeOf(err).Again)
		}
		return
	}
	if sameSite(c.home, at) {
		c.take(p, at)
	}
}

func (c *crawl) take(p page, at *url.URL) {
	contacts := c.provider.extract(p, at, c.region)
	if len(contacts) == 0 && p.scriptOnly() {
		c.shells++
	}
	c.found = append(c.found, contacts...)
}

// open reads a page, from host to host, as far as each one's robots.txt allows.
func (c *crawl) open(ctx context.Context, u *url.URL) (page, *url.URL, error) {
	c.read++
	for range maxMoves {
		if kind := foreign(u); kind != "" {
			return page{}, nil, elsewhere{u, kind}
		}
		rules, err := c.rulesOf(ctx, u)
		if err != nil {
			return page{}, nil, err
		}
		if !rules.allows(u) {
			return page{}, nil, errRobots
		}
		body, at, err := c.provider.fetcher.page(ctx, u, rules.delay())
		if to, gone := errors.AsType[moved](err); gone {
			u = to.to
			continue
		}
		if err != nil {
			return page{}, nil, err
		}
		if !rules.allows(at) {
			return page{}, nil, errRobots
		}
		return scan(body), at, nil
	}
	return page{}, nil, errMoves
}

func (c *crawl) rulesOf(ctx context.Context, u *url.URL) (rules, error) {
	host := strings.ToLower(u.Host)
	if known, ok := c.rules[host]; ok {
		return known, nil
	}
	read, err := c.provider.fetcher.robots(ctx, u)
	if err == nil {
		c.rules[host] = read
	}
	return read, err
}

// elsewhere is a website that has moved to a network or a directory.
type elsewhere struct {
	url     *url.URL
	outcome string
}

func (elsewhere) Error() string { return "has moved to a network or a directory" }

var errMoves = errors.New("moves from host to host")

// foreign says why a host is no business's own website.
func foreign(u *url.URL) (outcome string) {
	switch host := u.Hostname(); {
	case business.SocialHost(host):
		return outcomeSocial
	case business.DirectoryHost(host):
		return outcomeDirectory
	default:
		return ""
	}
}

// outcomeOf tells a site that is gone from one that is down for the moment.
func (c *crawl) outcomeOf(err error) app.Findings {
	if other, ok := errors.AsType[elsewhere](err); ok {
		return socialFindings(other.url, other.outcome, c.home.String())
	}
	status, answered := errors.AsType[statusError](err)
	far, unreachable := errors.AsType[unreached](err)
	switch {
	case errors.Is(err, errNotHTML):
		return app.Findings{Outcome: outcomeNotHTML}
	case errors.Is(err, errRobots):
		return app.Findings{Outcome: outcomeRobots}
	case answered && status < http.StatusInternalServerError && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
		return app.Findings{Outcome: outcomeDead}
	case answered, unreachable && far.Outage(), isTimeout(err):
		return app.Findings{Outcome: outcomeError, Again: err}
	default:
		return app.Findings{Outcome: outcomeDead}
	}
}

// socialFindings is the profile that a business has for a website.
func socialFindings(u *url.URL, outcome, source string) app.Findings {
	f := app.Findings{Outcome: outcome}
	if profile, ok := cleanProfile(u.String()); ok && outcome == outcomeSocial {
		f.Contacts = []business.Contact{socialContact(profile, source)}
	}
	return f
}

func (c *crawl) findings() app.Findings {
	contacts := c.rated(business.Merge(c.found))
	switch {
	case len(contacts) > 0:
		return app.Findings{Contacts: contacts[:min(len(contacts), maxContacts)], Outcome: outcomeFound}
	case c.shells > 0:
		return app.Findings{Outcome: outcomeScript}
	case c.missed != nil:
		return app.Findings{Outcome: outcomeError, Again: c.missed}
	default:
		return app.Findings{Outcome: outcomeNone}
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func baseOf(p page, at *url.URL) *url.URL {
	if base, err := at.Parse(p.base); err == nil && p.base != "" {
		return base
	}
	return at
}

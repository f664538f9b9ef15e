package website

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/temoto/robotstxt"

	"leadstream/internal/outbound"
)

const (
	maxRobotsBytes = 512 << 10 // of which RFC 9309 wants 500 KiB read
	robotsAgent    = "Leadstream"
	// slowestCrawl bounds the Crawl-delay that is kept: a site that wants more
	// is read as far as the crawl's time lasts.
	slowestCrawl = 10 * time.Second
)

// errRobots says that robots.txt keeps crawlers out.
var errRobots = errors.New("closed by robots.txt")

// rules is what a host's robots.txt allows us.
type rules struct{ group *robotstxt.Group }

func (r rules) allows(u *url.URL) bool { return r.group == nil || r.group.Test(u.RequestURI()) }

// delay is the pause that it asks for between two requests.
func (r rules) delay() time.Duration {
	if r.group == nil {
		return 0
	}
	return min(r.group.CrawlDelay, slowestCrawl)
}

// robots reads a host's robots.txt, as RFC 9309 says: one that does not exist
// allows all, one that the server cannot give now forbids all for now.
func (f *fetcher) robots(ctx context.Context, page *url.URL) (rules, error) {
	response, done, err := f.get(ctx, f.anywhere, page.ResolveReference(&url.URL{Path: "/robots.txt"}), 0)
	if errors.Is(err, outbound.ErrRedirect) {
		return rules{}, nil // too many redirects are no file
	}
	if err != nil {
		return rules{}, err // a host that does not answer this answers nothing else
	}
	defer done()
	switch {
	case response.StatusCode >= http.StatusInternalServerError, response.StatusCode == http.StatusTooManyRequests:
		return rules{}, statusError(response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return rules{}, nil
	}
	body, err := outbound.ReadCapped(response.Body, maxRobotsBytes)
	if err != nil && !errors.Is(err, outbound.ErrTooLarge) {
		return rules{}, err
	}
	parsed, err := robotstxt.FromBytes(body)
	if err != nil {
		return rules{}, nil // not such a file
	}
	return rules{parsed.FindGroup(robotsAgent)}, nil
}

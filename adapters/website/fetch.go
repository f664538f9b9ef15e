package website

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/temoto/robotstxt"
	"golang.org/x/net/html/charset"

	"leadstream/internal/outbound"
)

const (
	maxPageBytes   = 2 << 20 // after decompression
	maxRobotsBytes = 512 << 10
	userAgent      = "Mozilla/5.0 (compatible; Leadstream/1.0)"
	robotsAgent    = "Leadstream"
)

var errNotHTML = errors.New("not an HTML page")

// statusError is an answer other than 200.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("website answered %d", int(s)) }

// fetcher reads pages, of one host one at a time and with a pause in between.
type fetcher struct {
	http  *http.Client
	delay time.Duration
	mu    sync.Mutex
	hosts map[string]*host
}

// host is a website that is being read; it is forgotten when nobody reads it.
type host struct {
	turn  chan struct{}
	users int
	last  time.Time
}

func newFetcher(client *http.Client, delay time.Duration) *fetcher {
	return &fetcher{http: client, delay: delay, hosts: map[string]*host{}}
}

// page reads an HTML page as UTF-8, at most its first 2 MiB, and answers where
// redirects led to.
func (f *fetcher) page(ctx context.Context, u *url.URL) ([]byte, *url.URL, error) {
	response, done, err := f.get(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if response.StatusCode != http.StatusOK {
		return nil, nil, statusError(response.StatusCode)
	}
	contentType := response.Header.Get("Content-Type")
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "" && kind != "text/html" && kind != "application/xhtml+xml" {
		return nil, nil, errNotHTML
	}
	body, err := outbound.ReadCapped(response.Body, maxPageBytes)
	if err != nil && !errors.Is(err, outbound.ErrTooLarge) { // the beginning of a large page is worth reading
		return nil, nil, fmt.Errorf("reading the page: %w", err)
	}
	return toUTF8(body, contentType), response.Request.URL, nil
}

func toUTF8(body []byte, contentType string) []byte {
	encoding, _, _ := charset.DetermineEncoding(body, contentType)
	if text, err := encoding.NewDecoder().Bytes(body); err == nil {
		return text
	}
	return body
}

// rules is what a website's robots.txt allows us.
type rules struct{ group *robotstxt.Group }

func (r rules) allows(u *url.URL) bool { return r.group == nil || r.group.Test(u.EscapedPath()) }

// robots reads a website's robots.txt. None, or one that cannot be read, allows all.
func (f *fetcher) robots(ctx context.Context, home *url.URL) (rules, error) {
	response, done, err := f.get(ctx, home.ResolveReference(&url.URL{Path: "/robots.txt"}))
	if err != nil {
		return rules{}, err // a host that does not answer this answers nothing else
	}
	defer done()
	if response.StatusCode != http.StatusOK {
		return rules{}, nil
	}
	body, err := outbound.ReadCapped(response.Body, maxRobotsBytes)
	if err != nil && !errors.Is(err, outbound.ErrTooLarge) {
		return rules{}, nil
	}
	parsed, err := robotstxt.FromBytes(body)
	if err != nil {
		return rules{}, nil
	}
	return rules{parsed.FindGroup(robotsAgent)}, nil
}

// get waits for its turn at the host; done ends it.
func (f *fetcher) get(ctx context.Context, u *url.URL) (*http.Response, func(), error) {
	release, err := f.turn(ctx, u.Host)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		release()
		return nil, nil, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5")
	request.Header.Set("Accept-Language", "en;q=0.9,*;q=0.5")
	response, err := f.http.Do(request)
	if err != nil {
		release()
		return nil, nil, err
	}
	return response, func() {
		_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // lets a short rest keep the connection
		_ = response.Body.Close()
		release()
	}, nil
}

func (f *fetcher) turn(ctx context.Context, name string) (release func(), err error) {
	name = strings.ToLower(name)
	f.mu.Lock()
	h := f.hosts[name]
	if h == nil {
		h = &host{turn: make(chan struct{}, 1)}
		f.hosts[name] = h
	}
	h.users++
	f.mu.Unlock()
	leave := func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(f.hosts, name)
		}
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	end := func() { h.last = time.Now(); <-h.turn; time.AfterFunc(f.delay, leave) }
	select {
	case <-time.After(time.Until(h.last.Add(f.delay))):
		return end, nil
	case <-ctx.Done():
		end()
		return nil, ctx.Err()
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

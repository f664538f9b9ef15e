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
	"syscall"
	"time"

	"golang.org/x/net/html/charset"

	"leadstream/internal/outbound"
)

const (
	maxPageBytes = 2 << 20 // after decompression
	userAgent    = "Mozilla/5.0 (compatible; Leadstream/1.0)"
)

var (
	errNotHTML = errors.New("not an HTML page")
	// errNoTime says that the pause before a request is longer than the crawl lasts.
	errNoTime = fmt.Errorf("the crawl's time is over: %w", context.DeadlineExceeded)
)

// statusError is an answer other than 200.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("website answered %d", int(s)) }

// Outage reports that a status tells nothing of the way to websites.
func (statusError) Outage() bool { return false }

// unreached is a fault of the way to a website, or of the website's host.
type unreached struct{ error }

func (u unreached) Unwrap() error { return u.error }

// Outage reports what may be a fault of our own network, when one website
// after another shows it: names that cannot be looked up, silence, no route.
// A name that does not exist and a connection that is refused are answers.
func (u unreached) Outage() bool {
	if dns, ok := errors.AsType[*net.DNSError](u.error); ok {
		return !dns.IsNotFound
	}
	return isTimeout(u.error) || errors.Is(u.error, syscall.ENETUNREACH) || errors.Is(u.error, syscall.EHOSTUNREACH) || errors.Is(u.error, syscall.ENETDOWN)
}

// moved is where a page has gone, on another host.
type moved struct{ to *url.URL }

func (moved) Error() string { return "has moved to another host" }

// fetcher reads pages, of one host one at a time and with a pause in between.
type fetcher struct {
	anywhere *http.Client // follows redirects
	here     *http.Client // only those within a host
	delay    time.Duration
	mu       sync.Mutex
	hosts    map[string]*host
}

// host is a website that is being read; it is forgotten when nobody reads it.
type host struct {
	turn  chan struct{}
	users int
	last  time.Time
}

func newFetcher(client *http.Client, delay time.Duration) *fetcher {
	return &fetcher{anywhere: client, here: withinHost(client), delay: delay, hosts: map[string]*host{}}
}

// withinHost is a client that leaves redirects to another host to its user,
// for each host has its own robots.txt and its own pause.
func withinHost(client *http.Client) *http.Client {
	within, check := *client, client.CheckRedirect
	within.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if check != nil {
			if err := check(r, via); err != nil {
				return err
			}
		}
		if !strings.EqualFold(r.URL.Host, via[0].URL.Host) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &within
}

// page reads an HTML page as UTF-8, at most its first 2 MiB, and answers where
// redirects within the host led to. A page of another host is moved.
func (f *fetcher) page(ctx context.Context, u *url.URL, delay time.Duration) ([]byte, *url.URL, error) {
	response, done, err := f.get(ctx, f.here, u, delay)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if to, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		return nil, nil, moved{to}
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, statusError(response.StatusCode)
	}
	contentType := response.Header.Get("Content-Type")
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "" && kind != "text/html" && kind != "application/xhtml+xml" {
		return nil, nil, errNotHTML
	}
	if packing := response.Header.Get("Content-Encoding"); packing != "" && packing != "identity" {
		return nil, nil, errNotHTML // in a way that we did not ask for
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

// get waits for its turn at the host, and at least delay after the one before; done ends it.
func (f *fetcher) get(ctx context.Context, client *http.Client, u *url.URL, delay time.Duration) (*http.Response, func(), error) {
	release, err := f.turn(ctx, u.Host, max(delay, f.delay))
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
	response, err := client.Do(request)
	if err != nil {
		release()
		return nil, nil, unreached{err}
	}
	return response, func() {
		_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // lets a short rest keep the connection
		_ = response.Body.Close()
		release()
	}, nil
}

func (f *fetcher) turn(ctx context.Context, name string, delay time.Duration) (release func(), err error) {
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
	end := func() { h.last = time.Now(); <-h.turn; time.AfterFunc(delay, leave) }
	next := h.last.Add(delay)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Before(next) {
		end()
		return nil, errNoTime
	}
	pause := time.NewTimer(time.Until(next))
	defer pause.Stop()
	select {
	case <-pause.C:
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

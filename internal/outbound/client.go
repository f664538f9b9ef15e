package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxRedirects    = 5
	maxHeaderBytes  = 64 << 10
	dialTimeout     = 10 * time.Second
	headerTimeout   = 20 * time.Second
	idleTimeout     = 30 * time.Second
	idleConnections = 32
)

// NewClient makes a client for services that the settings name. timeout
// bounds a request with its body. It follows no redirects, which would take
// a service's key along to another host: the answer is the redirect itself.
func NewClient(o Overrides, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	named := transport(o.dial(dialer.DialContext), o.proxy(http.ProxyFromEnvironment))
	named.ResponseHeaderTimeout = timeout // a database in the web thinks before its first byte
	return &http.Client{
		Transport: named, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// NewGuardedClient makes a client for addresses that strangers wrote. It
// reaches public addresses on ports 80 and 443 alone, on every hop of at most
// five redirects, and uses no proxy, behind which the guard would be blind.
// timeout bounds a request with its redirects and its body.
func NewGuardedClient(o Overrides, timeout time.Duration) *http.Client {
	return guardedClient(o, timeout, net.DefaultResolver)
}

func guardedClient(o Overrides, timeout time.Duration, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard, Resolver: resolver}
	return &http.Client{Transport: transport(o.dial(dialer.DialContext), nil), Timeout: timeout, CheckRedirect: checkRedirect}
}

type (
	dialFunc  func(ctx context.Context, network, addr string) (net.Conn, error)
	proxyFunc func(*http.Request) (*url.URL, error)
)

func transport(dial dialFunc, proxy proxyFunc) *http.Transport {
	return &http.Transport{
		DialContext: dial, Proxy: proxy, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes, MaxIdleConns: idleConnections, IdleConnTimeout: idleTimeout, ForceAttemptHTTP2: true,
	}
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: more than %d", ErrRedirect, maxRedirects)
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return fmt.Errorf("%w: to scheme %q", ErrRedirect, r.URL.Scheme)
	}
	return nil
}

var (
	// ErrRedirect says that a redirect is not followed.
	ErrRedirect = errors.New("redirect not followed")
	// ErrTooLarge says that a body was cut.
	ErrTooLarge = errors.New("body is larger than allowed")
)

// ReadCapped reads at most limit bytes, counted after decompression; of a
// larger body it answers the beginning and ErrTooLarge.
func ReadCapped(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], ErrTooLarge
	}
	return body, err
}

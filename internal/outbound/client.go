package outbound

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	maxRedirects    = 5
	maxHeaderBytes  = 64 << 10
	idleConnections = 32
)

// NewClient makes a client for services that the settings name.
func NewClient(o Overrides, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	transport := baseTransport()
	transport.Proxy = http.ProxyFromEnvironment
	transport.DialContext = o.dial(dialer.DialContext)
	return &http.Client{Transport: transport, Timeout: timeout}
}

// NewGuardedClient makes a client for addresses that strangers wrote. It
// reaches public addresses on ports 80 and 443 alone, on every hop, and uses
// no proxy, behind which the guard would be blind.
func NewGuardedClient(o Overrides, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard}
	transport := baseTransport()
	transport.Proxy = nil
	transport.DialContext = o.dial(dialer.DialContext)
	return &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: checkRedirect}
}

func baseTransport() *http.Transport {
	return &http.Transport{
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: 20 * time.Second, MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns: idleConnections, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
	}
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return fmt.Errorf("redirect to scheme %q", r.URL.Scheme)
	}
	return nil
}

// ErrTooLarge says that a body was cut.
var ErrTooLarge = errors.New("body is larger than allowed")

// ReadCapped reads at most limit bytes, counted after decompression; of a
// larger body it answers the beginning and ErrTooLarge.
func ReadCapped(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return body, err
	}
	if int64(len(body)) > limit {
		return body[:limit], ErrTooLarge
	}
	return body, nil
}

package outbound

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// GuardedClientAsking is a guarded client with a DNS of its own.
func GuardedClientAsking(resolver *net.Resolver, timeout time.Duration) *http.Client {
	return guardedClient(nil, timeout, resolver)
}

// Guard is what each connection of a guarded client is asked.
func Guard(network, address string) error { return guard(network, address, nil) }

// ProxyFor is the proxy of a request where the environment names one for all.
func ProxyFor(o Overrides, r *http.Request, environment *url.URL) (*url.URL, error) {
	return o.proxy(http.ProxyURL(environment))(r)
}

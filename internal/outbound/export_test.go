package outbound

import (
	"net/http"
	"net/url"
)

// Guard is what each connection of a guarded client is asked.
func Guard(network, address string) error { return guard(network, address, nil) }

// ProxyFor is the proxy of a request where the environment names one for all.
func ProxyFor(o Overrides, r *http.Request, environment *url.URL) (*url.URL, error) {
	return o.proxy(http.ProxyURL(environment))(r)
}

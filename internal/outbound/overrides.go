// Package outbound makes the HTTP clients with which Leadstream leaves its
// machine: a plain one for services that its settings name, and a guarded one
// for addresses that strangers wrote, which must never reach a private network.
package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Override says where hosts of a pattern are really dialled.
type Override struct {
	Pattern string // a host name, or "*." and a suffix
	Addr    string // host:port
}

// Overrides are tried in order. Only whoever runs Leadstream sets them: what
// they name passes the guard.
type Overrides []Override

// Lookup is where a host is really dialled, if anywhere else.
func (o Overrides) Lookup(host string) (addr string, found bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, override := range o {
		pattern := strings.ToLower(override.Pattern)
		suffix, wild := strings.CutPrefix(pattern, "*")
		if wild && strings.HasSuffix(host, suffix) || host == pattern {
			return override.Addr, true
		}
	}
	return "", false
}

// ChromiumRules is the same for Chromium's --host-resolver-rules.
func (o Overrides) ChromiumRules() string {
	rules := make([]string, len(o))
	for i, override := range o {
		rules[i] = "MAP " + override.Pattern + " " + override.Addr
	}
	return strings.Join(rules, ", ")
}

// Suffixes lists the top-level domains that overrides stand in for: names
// under them are real to whoever set them.
func (o Overrides) Suffixes() []string {
	suffixes := make([]string, len(o))
	for i, override := range o {
		suffixes[i] = strings.ToLower(override.Pattern[strings.LastIndexByte(override.Pattern, '.')+1:])
	}
	return suffixes
}

// dial reaches an override's address as it is, and anything else by next.
func (o Overrides) dial(next dialFunc) dialFunc {
	plain := &net.Dialer{Timeout: dialTimeout}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("dialling %q: %w", addr, err)
		}
		if elsewhere, found := o.Lookup(host); found {
			return plain.DialContext(ctx, network, elsewhere)
		}
		return next(ctx, network, addr)
	}
}

// proxy asks next for all but overridden hosts, which a proxy would look up
// where they do not exist.
func (o Overrides) proxy(next proxyFunc) proxyFunc {
	return func(r *http.Request) (*url.URL, error) {
		if _, found := o.Lookup(r.URL.Hostname()); found {
			return nil, nil
		}
		return next(r)
	}
}

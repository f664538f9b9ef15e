package outbound_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"leadstream/internal/outbound"
)

func TestOverrides(t *testing.T) {
	t.Parallel()
	o := outbound.Overrides{{Pattern: "*.example", Addr: "a:1"}, {Pattern: "One.test", Addr: "b:2"}, {Pattern: "x.example", Addr: "c:3"}}
	for host, want := range map[string]string{
		"x.example": "a:1", "A.B.EXAMPLE": "a:1", "x.example.": "a:1", "one.test": "b:2",
		"two.test": "", "a.one.test": "", "example": "", "xexample": "", "x.example.com": "", "": "",
	} {
		if got, found := o.Lookup(host); got != want || found != (want != "") {
			t.Errorf("%s → %q, want %q", host, got, want)
		}
	}
	if got := o.ChromiumRules(); got != "MAP *.example a:1, MAP One.test b:2, MAP x.example c:3" {
		t.Errorf("rules %q", got)
	}
	if got := o.Suffixes(); !slices.Equal(got, []string{"example", "test", "example"}) {
		t.Errorf("suffixes %q", got)
	}
	if rules := (outbound.Overrides{}).ChromiumRules(); rules != "" {
		t.Errorf("rules of none %q", rules)
	}
}

// TestNoProxyForOverriddenHosts: a proxy would look them up where they do not exist.
func TestNoProxyForOverriddenHosts(t *testing.T) {
	t.Parallel()
	o := outbound.Overrides{{Pattern: "*.example", Addr: "a:1"}}
	proxy := &url.URL{Scheme: "http", Host: "proxy.test:8080"}
	for target, want := range map[string]*url.URL{"http://hunter.example/v2": nil, "https://api.hunter.io/v2": proxy} {
		request, _ := http.NewRequest(http.MethodGet, target, nil)
		if got, err := outbound.ProxyFor(o, request, proxy); err != nil || got != want {
			t.Errorf("%s: %v, %v", target, got, err)
		}
	}
}

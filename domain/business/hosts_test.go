package business_test

import (
	"testing"

	"leadstream/domain/business"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(string) bool{
		"social": business.SocialHost, "directory": business.DirectoryHost, "shared": business.SharedHost, "free mail": business.FreeMailHost,
	}
	for host, want := range map[string]string{
		"facebook.com": "social", "m.Facebook.com.": "social", "x.com": "social", "fox.com": "",
		"www.yelp.com": "directory", "maps.google.com": "directory", "linktr.ee": "directory",
		"sites.google.com": "shared", "acme.wixsite.com": "shared", "bit.ly": "shared", "acme.business.site": "shared",
		"gmail.com": "free mail", "acme.example": "", "com": "", "": "",
	} {
		for kind, is := range kinds {
			if is(host) != (kind == want) {
				t.Errorf("%q is %s: %v", host, kind, is(host))
			}
		}
	}
}

func TestSiteURL(t *testing.T) {
	t.Parallel()
	for website, want := range map[string]string{
		"https://acme.example/a?b=c#d":                            "https://acme.example/a?b=c",
		" acme.example/x ":                                        "http://acme.example/x",
		"//acme.example":                                          "http://acme.example",
		"/url?q=http://acme.example/&opi=79508299&sa=U":           "http://acme.example/",
		"https://www.google.com/url?q=https%3A%2F%2Facme.example": "https://acme.example",
		"http://someone:secret@acme.example/":                     "http://acme.example/",
		"https://acme.example/url":                                "https://acme.example/url",
		"http://[::1":                                             "",
		"ftp://acme.example":                                      "",
		"javascript:alert(1)":                                     "",
		"/url?q=javascript:alert(1)":                              "",
		"http://localhost/":                                       "",
		"http://2130706433/":                                      "",
		"":                                                        "",
		" ":                                                       "",
	} {
		u, ok := business.SiteURL(website)
		if ok != (want != "") {
			t.Errorf("%q: ok is %v", website, ok)
		}
		if ok && u.String() != want {
			t.Errorf("%q: %s, want %s", website, u, want)
		}
	}
}

package googlemaps

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"leadstream/domain/business"
)

// clean drops the private-use glyphs that icon fonts draw, and gives every
// kind of space its plain form.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xE000 && r <= 0xF8FF, r == '\u200b', r == '\u200e', r == '\u200f':
			return -1
		case r == '\u00a0', r == '\u202f', r == '\u2009':
			return ' '
		default:
			return r
		}
	}, s)
	return strings.TrimSpace(s)
}

func cleaned(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = clean(text)
	}
	return list
}

// cidOf is the decimal of the second half of a data id 0x…:0x….
func cidOf(dataID string) string {
	_, low, ok := strings.Cut(dataID, ":")
	if !ok {
		return ""
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(low, "0x"), 16, 64)
	if err != nil || n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// website unwraps the map site's own redirects, and drops advertisements.
func website(link string) string {
	u, err := url.Parse(clean(link))
	if err != nil || strings.HasPrefix(u.Path, "/aclk") {
		return ""
	}
	if u.Path == "/url" && (u.Host == "" || strings.HasPrefix(u.Host, "www.google.")) {
		return website(cmp.Or(u.Query().Get("q"), u.Query().Get("url")))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}

func regionOf(country, fallback string) string {
	if len(country) == 2 {
		return country
	}
	return strings.ToUpper(fallback)
}

// plusCode is what stands for an address where there is none.
var plusCode = regexp.MustCompile(`^[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}\b`)

// addressForms are the ways in which an address is written on one line. Their
// groups are named after the parts; the first that fits is taken.
var addressForms = []*regexp.Regexp{
	// 1 Main St, Freehold, NJ 07728; 10 King St W, Toronto, ON M5H 1A1
	regexp.MustCompile(`^(?P<street>.*?),\s*(?P<city>[^,\d]+),\s*(?P<state>[A-Z]{2})\s+(?P<postal>\d{5}(?:-\d{4})?|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?:,\s*[^,\d]+)?$`),
	// 10 High St, London SW1A 1AA, United Kingdom
	regexp.MustCompile(`^(?P<street>.*?),\s*(?P<city>[^,\d]+?)\s+(?P<postal>[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})(?:,\s*[^,\d]+)?$`),
	// Hauptstr. 1, 10115 Berlin; C. Mayor 5, 28013 Madrid, Spain; Dam 1, 1012 JS Amsterdam
	regexp.MustCompile(`^(?P<street>.*?),\s*(?P<postal>\d{4,5}(?:\s[A-Z]{2})?|\d{3}\s\d{2}|\d{2}-\d{3})\s+(?P<city>[^,\d]+?)(?:,\s*[^,\d]+)?$`),
}

// bareStreet is what a card shows of an address.
var bareStreet = regexp.MustCompile(`^[^,]*\d[^,]*$`)

// completeAddress splits the parts off an address that came as one line.
func completeAddress(p business.Place) business.Place {
	if plusCode.MatchString(p.Address) || p.Address == p.Name {
		p.Address = ""
	}
	parts := map[string]*string{"street": &p.Street, "city": &p.City, "state": &p.State, "postal": &p.PostalCode}
	for _, form := range addressForms {
		m := form.FindStringSubmatch(p.Address)
		if m == nil {
			continue
		}
		for i, name := range form.SubexpNames() {
			if into := parts[name]; into != nil && *into == "" {
				*into = m[i]
			}
		}
		return p
	}
	if p.Street == "" && bareStreet.MatchString(p.Address) {
		p.Street = p.Address
	}
	return p
}

package overpass

import (
	"cmp"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// provider is the name under which contacts from the map are kept.
const provider = "osm"

// Confidence of contacts that volunteers wrote down, 0 to 100.
const (
	mailConfidence   = 75
	socialConfidence = 75
)

// place reads an element; one without a name or a position is none.
func (e element) place(country string) (business.Place, bool) {
	lat, lon := e.position()
	name := e.tag("name")
	if name == "" || lat == nil {
		return business.Place{}, false
	}
	country = cmp.Or(strings.ToUpper(e.tag("addr:country")), country)
	p := business.Place{
		Name: name, City: e.tag("addr:city"), State: e.tag("addr:state"), PostalCode: e.tag("addr:postcode"), Country: country,
		Phone: phone.E164(first(e.tag("phone", "contact:phone", "contact:mobile", "mobile")), cmp.Or(country, "US")), Website: website(e.tag("website", "contact:website", "url")),
		Latitude: lat, Longitude: lon, OSMID: fmt.Sprintf("%s/%d", e.Type, e.ID), OpeningHours: openingHours(e.tag("opening_hours")),
		Categories: e.categories(), Status: business.Open, Attribution: Attribution,
	}
	if len(p.Categories) > 0 {
		p.Category = p.Categories[0]
	}
	p.PhoneNational = phone.National(p.Phone)
	p.Street, p.Address = e.address(p, country)
	p.Contacts = e.contacts("https://www.openstreetmap.org/" + p.OSMID)
	return p, true
}

func (e element) position() (lat, lon *float64) {
	if e.Center != nil {
		return &e.Center.Lat, &e.Center.Lon
	}
	if e.Lat == nil || e.Lon == nil {
		return nil, nil
	}
	return e.Lat, e.Lon
}

// tag is the value of the first of the keys that has one.
func (e element) tag(keys ...string) string {
	for _, key := range keys {
		if v := strings.TrimSpace(e.Tags[key]); v != "" {
			return v
		}
	}
	return ""
}

// categories are the values of the tags that say what a thing is, as words.
func (e element) categories() []string {
	var list []string
	for _, key := range []string{"craft", "shop", "office", "healthcare", "amenity", "tourism", "leisure", "cuisine"} {
		for value := range strings.SplitSeq(e.tag(key), ";") {
			value = strings.TrimSpace(strings.ReplaceAll(value, "_", " "))
			if value == "yes" {
				value = key
			}
			if value != "" && !slices.Contains(list, capitalised(value)) {
				list = append(list, capitalised(value))
			}
		}
	}
	return list
}

func capitalised(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// numberFirst are the countries in which the house number stands before the street.
var numberFirst = []string{"US", "CA", "GB", "IE", "AU", "NZ", "FR", "LU", "IN", "ZA", "SG", "HK", "MY", "PH", "IL", "TH"}

// address is the street with its number, and the whole on one line as other
// sources write it; empty where the map has no street.
func (e element) address(p business.Place, country string) (street, line string) {
	street = e.tag("addr:street", "addr:place")
	if street == "" {
		return "", e.tag("addr:full")
	}
	number := e.tag("addr:housenumber")
	if slices.Contains(numberFirst, country) {
		street = strings.TrimSpace(number + " " + street)
		return street, joined(", ", street, p.City, joined(" ", p.State, p.PostalCode))
	}
	street = strings.TrimSpace(street + " " + number)
	return street, joined(", ", street, joined(" ", p.PostalCode, p.City))
}

func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// networks are the tags of profiles, with what stands before a bare name.
var networks = []struct{ key, base string }{
	{"facebook", "https://www.facebook.com/"}, {"instagram", "https://www.instagram.com/"}, {"linkedin", "https://www.linkedin.com/company/"},
	{"twitter", "https://x.com/"}, {"youtube", "https://www.youtube.com/"}, {"tiktok", "https://www.tiktok.com/@"},
}

// contacts are the addresses and profiles that the map itself shows.
func (e element) contacts(page string) []business.Contact {
	var list []business.Contact
	for text := range strings.SplitSeq(e.tag("email", "contact:email"), ";") {
		address, err := mail.ParseAddress(strings.TrimSpace(text))
		if err != nil {
			continue
		}
		list = append(list, business.Contact{Kind: business.Email, Value: strings.ToLower(address.Address), Confidence: mailConfidence, Provider: provider, SourceURL: page})
	}
	for _, n := range networks {
		if profile := profileURL(n.base, first(e.tag("contact:"+n.key, n.key))); profile != "" {
			list = append(list, business.Contact{Kind: business.Social, Value: profile, Confidence: socialConfidence, Provider: provider, SourceURL: page})
		}
	}
	return business.Merge(list)
}

// profileURL completes a name; of an address it keeps those of the network's own kind.
func profileURL(base, text string) string {
	if text == "" {
		return ""
	}
	if !strings.Contains(text, "/") {
		return base + url.PathEscape(strings.TrimPrefix(text, "@"))
	}
	u, ok := business.SiteURL(text)
	if !ok || !business.SocialHost(u.Hostname()) {
		return ""
	}
	return u.String()
}

// first is the first of several values, which semicolons part.
func first(values string) string {
	value, _, _ := strings.Cut(values, ";")
	return strings.TrimSpace(value)
}

func website(text string) string {
	u, ok := business.SiteURL(first(text))
	if !ok {
		return ""
	}
	return u.String()
}

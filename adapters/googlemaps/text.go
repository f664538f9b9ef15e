package googlemaps

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

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

// phone gives a number its E.164 form, or leaves it as it was shown.
func phone(text, region string) string {
	text = clean(text)
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return text
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

func regionOf(country, fallback string) string {
	if len(country) == 2 {
		return country
	}
	return strings.ToUpper(fallback)
}

// plusCode is what stands for an address where there is none.
var plusCode = regexp.MustCompile(`^[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}\b`)

// usAddress is street, city, state and ZIP code on one line.
var usAddress = regexp.MustCompile(`^(.*?),\s*([^,]+),\s*([A-Z]{2})\s+(\d{5}(?:-\d{4})?)(?:,\s*(?:United States|USA))?$`)

// completeAddress splits the parts off an address that came as one line.
func completeAddress(p business.Place) business.Place {
	if plusCode.MatchString(p.Address) || p.Address == p.Name {
		p.Address = ""
	}
	m := usAddress.FindStringSubmatch(p.Address)
	if m == nil {
		return p
	}
	for _, part := range []struct {
		into  *string
		value string
	}{{&p.Street, m[1]}, {&p.City, m[2]}, {&p.State, m[3]}, {&p.PostalCode, m[4]}} {
		if *part.into == "" {
			*part.into = part.value
		}
	}
	return p
}

// stateCode gives a state of the US its two letters, as people write it.
func stateCode(state string) string {
	if code, ok := stateCodes[state]; ok {
		return code
	}
	return state
}

var stateCodes = map[string]string{
	"Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO", "Connecticut": "CT",
	"Delaware": "DE", "District of Columbia": "DC", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL",
	"Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA",
	"Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV",
	"New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND", "Ohio": "OH",
	"Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD",
	"Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington": "WA", "West Virginia": "WV",
	"Wisconsin": "WI", "Wyoming": "WY",
}

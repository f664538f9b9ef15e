package website

import (
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"leadstream/domain/business"
)

const defaultRegion = "US"

// regionOf is the two-letter country in which a business's numbers are dialled:
// that of its address, of its number on the map, or of its domain.
func regionOf(p business.Place, host string) string {
	country := strings.ToUpper(strings.TrimSpace(p.Country))
	if phonenumbers.GetSupportedRegions()[country] {
		return country
	}
	if region, known := countryNames()[strings.ToLower(strings.TrimSpace(p.Country))]; known {
		return region
	}
	if number, err := phonenumbers.Parse(p.Phone, ""); err == nil {
		if region := phonenumbers.GetRegionCodeForNumber(number); len(region) == 2 {
			return region
		}
	}
	tld := strings.ToUpper(host[strings.LastIndexByte(host, '.')+1:])
	if tld == "UK" {
		return "GB"
	}
	if phonenumbers.GetSupportedRegions()[tld] && !borrowed[tld] {
		return tld
	}
	return defaultRegion
}

// borrowed are countries' domains that the whole world uses.
var borrowed = map[string]bool{"CO": true, "IO": true, "TV": true, "ME": true, "AI": true, "CC": true, "LA": true, "GG": true, "FM": true, "AG": true}

// countryNames are the names of countries, in the languages in which map sites are read most.
var countryNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{"usa": "US", "u.s.a.": "US", "u.s.": "US", "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "holland": "NL", "czech republic": "CZ"}
	for region := range phonenumbers.GetSupportedRegions() {
		parsed, err := language.ParseRegion(region)
		if err != nil {
			continue
		}
		for _, tag := range []language.Tag{
			language.English, language.German, language.French, language.Spanish, language.Italian, language.Dutch, language.Portuguese, language.Polish,
		} {
			if name := display.Regions(tag).Name(parsed); name != "" {
				names[strings.ToLower(name)] = region
			}
		}
	}
	return names
})

package website

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

const defaultRegion = "US"

// phonePattern is what looks like a number written for people; whether it is
// one is for the library to say.
var phonePattern = regexp.MustCompile(`(?:\+\d{1,3}[\s.\-]?)?(?:\(\d{2,5}\)[\s.\-]?|\d{2,5}[\s.\-])\d{2,4}[\s.\-]\d{3,5}\b`)

func phonesIn(text string) []string { return phonePattern.FindAllString(text, -1) }

// cleanPhone gives a number its E.164 form.
func cleanPhone(text, region string) (string, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		return "", false
	}
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

// region is the two-letter code of a country as a map site names it.
func region(country string) string {
	switch c := strings.ToUpper(strings.TrimSpace(country)); {
	case len(c) == 2:
		return c
	case c == "UNITED KINGDOM":
		return "GB"
	case c == "GERMANY", c == "DEUTSCHLAND":
		return "DE"
	case c == "CANADA":
		return "CA"
	default:
		return defaultRegion
	}
}

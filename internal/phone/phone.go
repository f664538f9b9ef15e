// Package phone writes telephone numbers in the two forms that leads have.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// E164 gives a number its E.164 form (+17325550101), or leaves it as it was
// shown, trimmed. region is the two-letter country that a number without one
// is dialled in.
func E164(text, region string) string {
	text = strings.TrimSpace(text)
	number, err := phonenumbers.Parse(text, strings.ToUpper(region))
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return text
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// National is an E.164 number as it is written within its country; empty for
// what is none.
func National(e164 string) string {
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.NATIONAL)
}

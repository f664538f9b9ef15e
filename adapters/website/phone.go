package website

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

var (
	// numberPattern is what looks like a number written for people; whether it
	// is one is for the library to say.
	numberPattern = regexp.MustCompile(`\+?\(?\d[\d\s().\-/–‑•·]{5,24}\d`)
	// northAmerican finds one of several in a row that numberPattern takes for one.
	northAmerican = regexp.MustCompile(`(?:\+?1[\s.\-]?)?\(?\d{3}\)?[\s.\-]?\d{3}[\s.\-]?\d{4}`)
	datePattern   = regexp.MustCompile(`^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|\d{4}\s?[-–]\s?\d{4})\b`)
	addressOfIP   = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}$`)
	// otherNumber is said before numbers that are not to be called.
	otherNumber = regexp.MustCompile(`(?i)(?:\bfax|telefax|iban|bic|isbn|issn|ean|sku|steuer\w*|ust\w*|vat|tax|hrb|hra|siret|siren|cif|nif|ein|npi|nmls|licen[cs]e|\blic|order|invoice|account|konto|kto|blz|zip|copyright|©)\W{0,3}(?:(?:no|nr|num|number|id|#)\W{0,3})*$`)
	// callable is said before numbers that are, so that digits in a row are enough.
	callable = regexp.MustCompile(`(?i)(?:tel|phone|fon|call|mobil|mobile|cell|handy|whatsapp|telefon|téléphone|teléfono|text)[^\n\d]{0,20}$`)
)

// phonesIn finds what a text says is a telephone number, as it is written.
func phonesIn(text string) []string {
	var found []string
	for _, at := range numberPattern.FindAllStringIndex(text, maxNumbers) {
		before, number := text[:at[0]], text[at[0]:at[1]]
		if glued(before) || otherNumber.MatchString(tail(before, 40)) {
			continue
		}
		for _, n := range apart(number) {
			if written(n, before) {
				found = append(found, n)
			}
		}
	}
	return found
}

// glued reports digits that go on a word, a price or another number.
func glued(before string) bool {
	if before == "" {
		return false
	}
	last := before[len(before)-1]
	return last >= 'a' && last <= 'z' || last >= 'A' && last <= 'Z' || last >= '0' && last <= '9' || strings.IndexByte("$#_@&=,%:/", last) >= 0 && !strings.HasSuffix(before, "el:") &&
		!callable.MatchString(tail(before, 30)) || strings.HasSuffix(before, "€") || strings.HasSuffix(before, "£")
}

// apart splits numbers that stand in a row, on one line each.
func apart(text string) []string {
	text, _, _ = strings.Cut(text, "\n")
	if digitsOf(text) > 15 {
		return northAmerican.FindAllString(text, 4)
	}
	return []string{text}
}

// written reports a number in a form that people write numbers in.
func written(number, before string) bool {
	number = strings.TrimSpace(number)
	digits := digitsOf(number)
	if digits < 7 || digits > 15 || datePattern.MatchString(number) || addressOfIP.MatchString(number) {
		return false
	}
	grouped := strings.HasPrefix(number, "+") || strings.ContainsAny(number, " ().-/–‑•·")
	return grouped || callable.MatchString(tail(before, 40))
}

func digitsOf(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			n++
		}
	}
	return n
}

// cleanPhone gives a number that exists in its country's plan its E.164 form.
func cleanPhone(text, region string) (string, bool) {
	text = strings.TrimSpace(text)
	if len(text) > 60 {
		return "", false
	}
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.VOICEMAIL, phonenumbers.PAGER:
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}

package website

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"leadstream/domain/business"
)

const maxContacts = 50 // of one website

// How much less an address is trusted by how it was read.
const (
	asLink   = 0 // written for machines: a mailto:, structured data, Cloudflare's code
	asText   = 3 // found in running text
	asPuzzle = 8 // put together from words
)

// rated puts the likeliest contacts first: a mailbox of the site's own domain
// above one that anyone can have, that above another firm's.
func (c *crawl) rated(contacts []business.Contact) []business.Contact {
	for i := range contacts {
		contact := &contacts[i]
		if contact.Kind != business.Email {
			continue
		}
		_, host, _ := strings.Cut(contact.Value, "@")
		switch {
		case c.own[registrable(host)]:
			contact.Confidence += 95
		case business.FreeMailHost(host):
			contact.Confidence += 80
		default:
			contact.Confidence += 50
		}
		contact.Personal = !roleAddress(contact.Value) && !namesake(contact.Value, c.home.Hostname(), c.place.Name)
	}
	slices.SortStableFunc(contacts, func(a, b business.Contact) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return contacts
}

// registrable is the domain that somebody has registered, in ASCII; a host
// that has none stands for itself.
func registrable(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

package hunter

import (
	"net/mail"
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"

	"leadstream/app"
	"leadstream/domain/business"
)

// known is what Hunter knows of a domain.
type known struct {
	Outcome string       `json:"outcome,omitempty"` // empty follows from the addresses
	Emails  []foundEmail `json:"emails,omitempty"`
}

func (k known) findings() app.Findings {
	f := app.Findings{Outcome: outcomeNone}
	for _, e := range k.Emails {
		if c, ok := e.contact(); ok {
			f.Contacts, f.Outcome = append(f.Contacts, c), outcomeFound
		}
	}
	if k.Outcome != "" {
		f.Outcome = k.Outcome
	}
	return f
}

// contact is false for what is no address, or one that Hunter found dead.
func (e foundEmail) contact() (business.Contact, bool) {
	parsed, err := mail.ParseAddress(e.Value)
	if err != nil || parsed.Address != e.Value {
		return business.Contact{}, false
	}
	c := business.Contact{
		Kind: business.Email, Value: strings.ToLower(e.Value), Name: strings.TrimSpace(e.FirstName + " " + e.LastName),
		Position: e.Position, Personal: e.Type == "personal", Confidence: max(0, min(100, e.Confidence)), Provider: providerName,
	}
	for _, s := range e.Sources {
		if strings.HasPrefix(s.URI, "http://") || strings.HasPrefix(s.URI, "https://") {
			c.SourceURL = s.URI
			break
		}
	}
	if e.Verification != nil {
		c.Verification = e.Verification.Status
	}
	return c, c.Verification != "invalid"
}

// domainOf is the registrable domain of a website, empty where it is not the
// business's own: searching facebook.com costs a search and finds strangers.
func domainOf(website string) string {
	u, ok := business.SiteURL(website)
	if !ok {
		return ""
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	if business.SocialHost(host) || business.DirectoryHost(host) || business.SharedHost(host) || business.FreeMailHost(host) {
		return ""
	}
	if suffix, icann := publicsuffix.PublicSuffix(host); !icann && strings.Contains(suffix, ".") {
		return "" // a hoster under whose domain its customers live
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

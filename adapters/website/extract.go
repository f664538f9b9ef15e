package website

import (
	"net/url"
	"strings"

	"leadstream/domain/business"
)

// finds gathers the contacts of one page.
type finds struct {
	provider *Provider
	source   string
	region   string // for phone numbers without a country
	left     *budget
	numbers  map[string]bool // that were looked at, as they are written
	contacts []business.Contact
}

// extract reads every place where a page may hide a contact. An address's
// confidence is only what its place takes off: the crawl adds the rest.
func (p *Provider) extract(doc page, at *url.URL, region string) []business.Contact {
	f := &finds{provider: p, source: at.String(), region: region, left: newBudget(), numbers: map[string]bool{}}
	f.links(doc)
	for _, code := range doc.codes {
		f.emails(decodeCloudflare(code), asLink)
	}
	for _, text := range doc.structured {
		f.jsonLD(text)
	}
	f.fields(doc)
	f.text(doc.text)
	return business.Merge(f.contacts)
}

// emails takes the addresses off a text that holds little else.
func (f *finds) emails(text string, doubt int) {
	for _, address := range f.provider.emailsIn(text, f.left) {
		f.email(address, doubt)
	}
}

func (f *finds) email(address string, doubt int) {
	f.add(business.Contact{Kind: business.Email, Value: address, Personal: !roleAddress(address), Confidence: -doubt})
}

func (f *finds) phone(text string, confidence int) {
	if f.numbers[text] || !f.left.number() {
		return
	}
	f.numbers[text] = true // what is written for machines, and trusted more, comes first
	if number, ok := cleanPhone(text, f.region); ok {
		f.add(business.Contact{Kind: business.Phone, Value: number, Confidence: confidence})
	}
}

func (f *finds) social(text string) {
	if profile, ok := cleanProfile(text); ok {
		f.contacts = append(f.contacts, socialContact(profile, f.source))
	}
}

func (f *finds) add(c business.Contact) {
	c.Provider, c.SourceURL = providerName, f.source
	f.contacts = append(f.contacts, c)
}

func socialContact(profile, source string) business.Contact {
	return business.Contact{Kind: business.Social, Value: profile, Confidence: 80, Provider: providerName, SourceURL: source}
}

// links reads mailto:, tel:, Cloudflare's protection, and profiles that are linked.
func (f *finds) links(doc page) {
	for _, l := range doc.links {
		scheme, rest, _ := strings.Cut(l.href, ":")
		switch strings.ToLower(scheme) {
		case "mailto":
			f.mailto(rest)
		case "tel", "callto", "sms":
			f.phone(strings.TrimLeft(unescape(rest), "/"), 85)
		case "javascript":
			f.mailto(decodeTYPO3(rest))
		case "http", "https":
			f.social(l.href)
		case "":
			if strings.HasPrefix(l.href, "//") {
				f.social("https:" + l.href)
			}
		}
		if _, code, protected := strings.Cut(l.href, "/cdn-cgi/l/email-protection#"); protected {
			f.emails(decodeCloudflare(code), asLink)
		}
	}
}

// mailto takes the addresses, of which there may be several, off their query,
// in which one to= may stand.
func (f *finds) mailto(rest string) {
	addresses, query, _ := strings.Cut(rest, "?")
	if values, err := url.ParseQuery(query); err == nil {
		addresses += "," + url.PathEscape(values.Get("to"))
	}
	plain := unescape(unescape(addresses)) // some escape what is escaped
	f.emails(plain, asLink)
	for _, address := range f.provider.spelledEmailsIn(plain, f.left) {
		f.email(address, asLink)
	}
}

// fields reads the properties of schema.org and Open Graph.
func (f *finds) fields(doc page) {
	for _, field := range doc.fields {
		switch field.name {
		case "email", "og:email", "business:contact_data:email":
			f.mailto(strings.TrimPrefix(field.value, "mailto:"))
		case "telephone", "og:phone_number", "business:contact_data:phone_number":
			f.phone(strings.TrimPrefix(field.value, "tel:"), 85)
		case "sameAs":
			f.social(field.value)
		}
	}
}

// text reads what a person would see.
func (f *finds) text(text string) {
	f.emails(text, asText)
	for _, address := range f.provider.spelledEmailsIn(text, f.left) {
		f.email(address, asPuzzle)
	}
	for _, number := range phonesIn(text) {
		f.phone(number, 60)
	}
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

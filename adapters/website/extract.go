package website

import (
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"leadstream/domain/business"
)

// finds gathers the contacts of one page.
type finds struct {
	provider *Provider
	page     *url.URL
	region   string // for phone numbers without a country
	contacts []business.Contact
}

// extract reads every place where a page may hide a contact.
func (p *Provider) extract(doc document, page *url.URL, region string) []business.Contact {
	f := &finds{provider: p, page: page, region: region}
	f.links(doc)
	f.protected(doc)
	f.structured(doc)
	f.microdata(doc)
	f.text(doc)
	return business.Merge(f.contacts)
}

func (f *finds) email(text string) {
	address, ok := f.provider.cleanEmail(text)
	if !ok {
		return
	}
	f.contacts = append(f.contacts, business.Contact{
		Kind: business.Email, Value: address, Personal: !roleAddress(address), Confidence: 50, Provider: providerName, SourceURL: f.page.String(),
	})
}

func (f *finds) phone(text string, confidence int) {
	number, ok := cleanPhone(text, f.region)
	if !ok {
		return
	}
	f.contacts = append(f.contacts, business.Contact{
		Kind: business.Phone, Value: number, Confidence: confidence, Provider: providerName, SourceURL: f.page.String(),
	})
}

func (f *finds) social(text string) {
	if profile, ok := cleanProfile(text); ok {
		f.contacts = append(f.contacts, socialContact(profile, f.page.String()))
	}
}

func socialContact(profile, source string) business.Contact {
	return business.Contact{Kind: business.Social, Value: profile, Confidence: 80, Provider: providerName, SourceURL: source}
}

// links reads mailto:, tel: and the profiles that are linked.
func (f *finds) links(doc document) {
	doc.Find("a[href],area[href]").Each(func(_ int, a *goquery.Selection) {
		href := strings.TrimSpace(a.AttrOr("href", ""))
		scheme, rest, _ := strings.Cut(href, ":")
		switch strings.ToLower(scheme) {
		case "mailto":
			f.mailto(rest)
		case "tel":
			f.phone(unescape(rest), 85)
		case "http", "https":
			f.social(href)
		}
	})
}

// mailto takes the addresses, of which there may be several, off their query.
func (f *finds) mailto(rest string) {
	addresses, _, _ := strings.Cut(rest, "?")
	for _, address := range strings.FieldsFunc(unescape(addresses), func(r rune) bool { return r == ',' || r == ';' }) {
		f.email(address)
	}
}

// protected reads what Cloudflare hides from robots.
func (f *finds) protected(doc document) {
	doc.Find("[data-cfemail]").Each(func(_ int, s *goquery.Selection) {
		f.email(decodeCloudflare(s.AttrOr("data-cfemail", "")))
	})
	doc.Find(`a[href*="/cdn-cgi/l/email-protection#"]`).Each(func(_ int, s *goquery.Selection) {
		_, code, _ := strings.Cut(s.AttrOr("href", ""), "#")
		f.email(decodeCloudflare(code))
	})
}

// microdata reads the properties of schema.org in attributes.
func (f *finds) microdata(doc document) {
	value := func(s *goquery.Selection) string {
		for _, attribute := range []string{"content", "href"} {
			if v := s.AttrOr(attribute, ""); v != "" {
				return v
			}
		}
		return s.Text()
	}
	doc.Find(`[itemprop="email"]`).Each(func(_ int, s *goquery.Selection) { f.email(strings.TrimPrefix(value(s), "mailto:")) })
	doc.Find(`[itemprop="telephone"]`).Each(func(_ int, s *goquery.Selection) { f.phone(strings.TrimPrefix(value(s), "tel:"), 85) })
	doc.Find(`[itemprop="sameAs"]`).Each(func(_ int, s *goquery.Selection) { f.social(value(s)) })
}

// text reads what a person would see.
func (f *finds) text(doc document) {
	text := doc.visibleText()
	for _, address := range emailsIn(text) {
		f.email(address)
	}
	for _, address := range spelledEmailsIn(text) {
		f.email(address)
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

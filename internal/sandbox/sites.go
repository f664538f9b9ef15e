package sandbox

import "fmt"

// SiteKind is how a business's website behaves.
type SiteKind string

// The kinds of websites, most of which are ordinary.
const (
	NoSite     SiteKind = ""
	Ordinary   SiteKind = "ordinary"
	Silent     SiteKind = "silent"     // shows no contact
	Dead       SiteKind = "dead"       // closes every connection
	Missing    SiteKind = "missing"    // 404
	Broken     SiteKind = "broken"     // 500
	Slow       SiteKind = "slow"       // answers after SlowBy
	Huge       SiteKind = "huge"       // never ends
	ScriptOnly SiteKind = "scriptonly" // nothing without its scripts
	NoRobots   SiteKind = "norobots"   // its robots.txt lets nobody in
	Bomb       SiteKind = "bomb"       // small on the wire, large unpacked
	Elsewhere  SiteKind = "elsewhere"  // has moved to another host
)

// HidingPlace is where on a website a contact stands.
type HidingPlace string

// Where contacts hide.
const (
	Mailto      HidingPlace = "mailto"
	MailtoQuery HidingPlace = "mailto with subject"
	PlainText   HidingPlace = "plain text"
	Entities    HidingPlace = "entities"
	SpelledOut  HidingPlace = "spelled out"
	Cloudflare  HidingPlace = "cloudflare attribute"
	CloudLink   HidingPlace = "cloudflare link"
	JSONLD      HidingPlace = "json-ld"
	JSONLDGraph HidingPlace = "json-ld graph"
	Microdata   HidingPlace = "microdata"
	ContactPage HidingPlace = "contact page"
	Unlinked    HidingPlace = "unlinked contact page"
	Impressum   HidingPlace = "impressum"
	TelLink     HidingPlace = "tel link"
	SocialLink  HidingPlace = "social link"
)

var emailPlaces = []HidingPlace{
	Mailto, MailtoQuery, PlainText, Entities, SpelledOut, Cloudflare, CloudLink, JSONLD, JSONLDGraph, Microdata, ContactPage, Unlinked, Impressum,
}

// HidingPlaces lists every place that an e-mail address hides in.
func HidingPlaces() []HidingPlace { return append([]HidingPlace(nil), emailPlaces...) }

// siteKind gives seven of ten businesses a website, and one in twenty trouble.
func siteKind(i int) SiteKind {
	if i%10 >= 7 {
		return NoSite
	}
	trouble := []SiteKind{Dead, Missing, Broken, Slow, Huge, ScriptOnly, NoRobots, Bomb, Elsewhere}
	if i%20 == 13 {
		return trouble[i/20%len(trouble)]
	}
	if i%10 == 5 {
		return Silent
	}
	return Ordinary
}

// contactsOf are what the website shows.
func contactsOf(i int, b Business) []Contact {
	switch b.Site {
	case Ordinary, Elsewhere, Slow, Huge:
	default:
		return nil
	}
	mail := "info@" + b.Host()
	if i%8 == 3 {
		mail = fmt.Sprintf("%s.%s@%s", lower(firstNames[i%len(firstNames)]), lower(lastNames[i%len(lastNames)]), b.Host())
	}
	place := emailPlaces[i%len(emailPlaces)]
	page := map[HidingPlace]string{ContactPage: "/contact", Unlinked: "/contact", Impressum: "/impressum"}[place]
	if page == "" {
		page = "/"
	}
	contacts := []Contact{{"email", mail, place, page}}
	if i%3 == 0 {
		contacts = append(contacts, Contact{"phone", fmt.Sprintf("+1732555%04d", 100+i%100), TelLink, "/"})
	}
	if i%4 == 1 {
		contacts = append(contacts, Contact{"social", "https://www.facebook.com/" + b.Slug, SocialLink, "/"})
	}
	return contacts
}

// peopleOf are whom Hunter knows: somebody at every other domain, also at some
// whose website shows nobody.
func peopleOf(i int, b Business) []Person {
	if b.Site == NoSite || i%2 == 1 && i%10 != 5 {
		return nil
	}
	first, last := firstNames[(i+3)%len(firstNames)], lastNames[(i+5)%len(lastNames)]
	return []Person{{first, last, positions[i%len(positions)], lower(first) + "." + lower(last) + "@" + b.Host(), 70 + i%30}}
}

func lower(s string) string { return slug(s) }

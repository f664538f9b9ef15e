package sandbox

import "strings"

// site gives seven of ten businesses a website, one in seven of those without
// a contact, and one business in twenty an unusual one. The first of the
// demo's trade have usual ones, so that it begins well.
func (m *builder) site(i, nth int) SiteKind {
	if i%40 == 13 || i%40 == 33 && i < 120 || i%40 == 28 && i >= 120 {
		kind := unusualKinds[m.unusual%len(unusualKinds)]
		m.unusual++
		return kind
	}
	switch nth % 10 {
	case 3, 6, 9:
		return NoSite
	case 5:
		return Silent
	default:
		return Ordinary
	}
}

// people fills in the contacts of its website, and whom Hunter knows.
func (m *builder) people(b *Business, i int) {
	switch b.Site {
	case Ordinary, Elsewhere, Slow, Huge:
		m.publish(b, i)
	case NoRobots:
		b.Withheld = []Contact{{"email", "info@" + b.Host(), PlainText, "/"}}
	case ScriptOnly:
		b.Withheld = []Contact{{"email", "info@" + b.Host(), Script, "/"}}
	case Silent:
		m.silent++
		if m.silent%12 == 5 {
			b.Withheld = []Contact{{"email", "info@" + b.Host(), ContactPage, "/contact"}}
		}
	}
	m.introduce(b, i)
}

// publish hides contacts on a website, each in the next of all places.
func (m *builder) publish(b *Business, i int) {
	k := m.hidden
	m.hidden++
	place := emailPlaces[k%len(emailPlaces)]
	for _, address := range addressesOf(*b, place, i, k) {
		b.Contacts = append(b.Contacts, Contact{"email", address, place, pageOf(place)})
	}
	if k%3 == 0 {
		b.Contacts = append(b.Contacts, Contact{"phone", phoneOf(i), phonePlaces[k/3%len(phonePlaces)], "/"})
	}
	if k%4 == 1 {
		b.Contacts = append(b.Contacts, Contact{"social", profileOf(b.Slug, k/4), socialPlaces[k/4%len(socialPlaces)], "/"})
	}
}

// addressesOf are a role's as a rule, now and then a person's, or those of a free provider.
func addressesOf(b Business, place HidingPlace, i, k int) []string {
	switch {
	case place == TeamPage:
		return []string{personalAddress(b, i), personalAddress(b, i+1)}
	case place == MailtoSeveral || place == JSONLDList:
		return []string{"info@" + b.Host(), "service@" + b.Host()}
	case k%8 == 3:
		return []string{personalAddress(b, i)}
	case k%11 == 5:
		return []string{b.Slug + "@freemail.example"}
	default:
		return []string{"info@" + b.Host()}
	}
}

func personalAddress(b Business, i int) string {
	return strings.ToLower(firstNames[i%len(firstNames)] + "." + lastNames[(i/3)%len(lastNames)] + "@" + b.Host())
}

// profileOf is a profile on one of the networks, none that a business has taken.
func profileOf(slug string, nth int) string {
	networks := []string{"www.facebook.com/", "www.instagram.com/", "www.linkedin.com/company/", "www.youtube.com/@"}
	return "https://" + networks[nth%len(networks)] + slug + "-sandbox"
}

// introduce makes people known to Hunter at every other domain, most often
// where the website shows nobody; one domain in forty may not be told of.
func (m *builder) introduce(b *Business, i int) {
	if b.Site == NoSite {
		return
	}
	k := m.websites
	m.websites++
	b.Claimed = k%40 == 39
	if b.Claimed || k%2 == 1 && (b.Site != Silent || k%3 == 1) {
		return
	}
	first, last := firstNames[(i+3)%len(firstNames)], lastNames[(i+5)%len(lastNames)]
	b.Hunter = []Person{{first, last, positions[i%len(positions)], strings.ToLower(first+"."+last) + "@" + b.Host(), 70 + i%30}}
	if k%8 == 6 {
		b.Hunter = append(b.Hunter, Person{Email: "office@" + b.Host(), Confidence: 60 + i%30})
	}
}

package sandbox

// SiteKind is how a business's website behaves.
type SiteKind string

// The kinds of websites, most of which are ordinary.
const (
	NoSite     SiteKind = ""
	Ordinary   SiteKind = "ordinary"
	Silent     SiteKind = "silent"     // shows no contact, or only where its robots.txt forbids
	Dead       SiteKind = "dead"       // closes every connection
	Missing    SiteKind = "missing"    // 404
	Broken     SiteKind = "broken"     // 500
	Slow       SiteKind = "slow"       // answers after Options.SlowBy
	Huge       SiteKind = "huge"       // 30 MiB a page, contacts first
	ScriptOnly SiteKind = "scriptonly" // nothing without its scripts
	NoRobots   SiteKind = "norobots"   // its robots.txt lets nobody in
	Bomb       SiteKind = "bomb"       // small on the wire, 30 MiB unpacked
	Elsewhere  SiteKind = "elsewhere"  // has moved to another host
)

var unusualKinds = []SiteKind{Dead, Missing, Broken, Slow, Huge, ScriptOnly, NoRobots, Bomb, Elsewhere}

// HidingPlace is where on a website a contact stands.
type HidingPlace string

// Where contacts hide.
const (
	Mailto        HidingPlace = "mailto"
	MailtoQuery   HidingPlace = "mailto with subject"
	MailtoSeveral HidingPlace = "mailto of several"
	PlainText     HidingPlace = "plain text"
	Entities      HidingPlace = "entities"
	SpelledOut    HidingPlace = "spelled out"
	AtInBrackets  HidingPlace = "at in brackets"
	InPieces      HidingPlace = "in pieces"
	HiddenWord    HidingPlace = "around a hidden word"
	Cloudflare    HidingPlace = "cloudflare attribute"
	CloudLink     HidingPlace = "cloudflare link"
	JSONLD        HidingPlace = "json-ld contact point" // in an HTML comment
	JSONLDGraph   HidingPlace = "json-ld graph"         // in CDATA
	JSONLDList    HidingPlace = "json-ld list"
	Microdata     HidingPlace = "microdata"
	ContactPage   HidingPlace = "contact page"
	Unlinked      HidingPlace = "unlinked contact page"
	AboutPage     HidingPlace = "about page"
	TeamPage      HidingPlace = "team page"
	Impressum     HidingPlace = "impressum"

	TelLink   HidingPlace = "tel link"
	PhoneText HidingPlace = "phone in text"
	JSONLDTel HidingPlace = "json-ld telephone"

	SocialLink HidingPlace = "social link"
	SameAs     HidingPlace = "json-ld sameAs"
	Script     HidingPlace = "drawn by a script"
)

var (
	emailPlaces = []HidingPlace{
		Mailto, MailtoQuery, MailtoSeveral, PlainText, Entities, SpelledOut, AtInBrackets, InPieces, HiddenWord, Cloudflare, CloudLink, JSONLD, JSONLDGraph, JSONLDList, Microdata,
		ContactPage, Unlinked, AboutPage, TeamPage, Impressum,
	}
	phonePlaces  = []HidingPlace{TelLink, PhoneText, JSONLDTel}
	socialPlaces = []HidingPlace{SocialLink, SameAs}
)

// HidingPlaces lists every place that an ordinary website may hide a contact in.
func HidingPlaces() []HidingPlace {
	return append(append(append([]HidingPlace(nil), emailPlaces...), phonePlaces...), socialPlaces...)
}

// pageOf is the page that a place is on.
func pageOf(place HidingPlace) string {
	switch place {
	case ContactPage, Unlinked:
		return "/contact"
	case AboutPage:
		return "/about"
	case TeamPage:
		return "/team"
	case Impressum:
		return "/impressum"
	default:
		return "/"
	}
}

// Package sandbox is a small town to scrape: some three hundred invented
// businesses, a map site that shows them as Google Maps would, their websites,
// an Apify, an Overpass and a Nominatim that find them too, and a Hunter that
// knows some of their people. Tests and the demo run against
// it, without an account and without the internet.
//
// Everything in it is made up: telephone numbers are of the range reserved for
// fiction, and all domains end in .example. Links to
// social profiles alone name real hosts, and profiles that nobody has.
package sandbox

import (
	"fmt"
	"slices"
)

// Business is one business of the town: what the map shows, and what is true.
type Business struct {
	Slug        string // its host is Slug.example
	Name        string
	Trade       Trade
	Street      string
	City        string
	Zip         string
	Lat, Lng    float64
	Phone       string  // E.164, empty when the map does not show one
	Rating      float64 // 1 to 5, 0 without reviews
	Reviews     int
	Price       string // "$" to "$$$", empty for most trades
	Description string // empty for most
	PlusCode    string
	DataID      string // 0x…:0x…, the second half is the CID
	CID         string // decimal, beyond 63 bits for some
	PlaceID     string
	KGMID       string
	OwnerID     string // of the profile that has claimed the place, empty for some
	Closed      bool   // for good
	Paused      bool   // closed for a time
	HasAddress  bool   // false for those who only come to their customers
	WrappedSite bool   // the map links the website as /url?q=…

	Site     SiteKind  // NoSite when it has none
	Contacts []Contact // what a crawler finds that keeps to robots.txt and runs no scripts
	Withheld []Contact // what only others find
	Hunter   []Person  // whom Hunter knows
	Claimed  bool      // Hunter may not tell of the domain: its owner has said so
}

// Contact is a true contact, and where the website hides it.
type Contact struct {
	Kind  string // email, phone or social
	Value string // a phone in E.164
	Place HidingPlace
	Page  string // path of the page that shows it
}

// Person is somebody Hunter knows at a domain; a mailbox of a role has no names.
type Person struct {
	First, Last, Position string
	Email                 string
	Confidence            int // 0 to 100
}

// Host is where its website is.
func (b Business) Host() string { return b.Slug + ".example" }

// Website is the address that the map shows, empty when it has none.
func (b Business) Website() string {
	if b.Site == NoSite {
		return ""
	}
	return "http://" + b.Host() + "/"
}

// Address is the whole address on one line, empty when the map shows none.
func (b Business) Address() string {
	if !b.HasAddress {
		return ""
	}
	return fmt.Sprintf("%s, %s, NJ %s", b.Street, b.City, b.Zip)
}

// TownOptions says which town; its zero is the default.
type TownOptions struct {
	Size   int     // businesses; 0 is 300
	Seed   uint64  // another one moves houses, ratings and ids; trades and contacts stay
	Spread float64 // how many times a kilometre the county reaches from Freehold; 0 is 1
}

// Town is the invented world; the same options always make the same.
type Town struct {
	businesses []Business
	spread     float64
	byHost     map[string]*Business
	byDataID   map[string]*Business
	byCID      map[string]*Business
}

// NewTown makes a town.
func NewTown(o TownOptions) *Town {
	if o.Size == 0 {
		o.Size = 300
	}
	if o.Spread == 0 {
		o.Spread = 1
	}
	t := &Town{businesses: newBuilder(o).build(o.Size), spread: o.Spread, byHost: map[string]*Business{}, byDataID: map[string]*Business{}, byCID: map[string]*Business{}}
	for i := range t.businesses {
		b := &t.businesses[i]
		t.byHost[b.Host()], t.byDataID[b.DataID], t.byCID[b.CID] = b, b, b
	}
	return t
}

// Businesses is the truth, in the order in which the map ranks them.
func (t *Town) Businesses() []Business { return slices.Clone(t.businesses) }

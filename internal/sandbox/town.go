// Package sandbox is a small town to scrape: some three hundred invented
// businesses, a map site that shows them as Google Maps would, their websites,
// and a Hunter that knows some of their people. Tests and the demo run against
// it, without an account and without the internet.
//
// Everything in it is made up: telephone numbers are of the range reserved for
// fiction, and all domains end in .example.
package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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
	Phone       string // E.164, empty when the map does not show one
	Rating      float64
	Reviews     int // 0: no reviews
	DataID      string
	CID         string
	PlaceID     string
	KGMID       string
	Closed      bool // for good
	HasAddress  bool
	WrappedSite bool // the map links the website as /url?q=…

	Site     SiteKind // NoSite when it has none
	Contacts []Contact
	Hunter   []Person // whom Hunter knows
}

// Contact is a true contact, and where the website hides it.
type Contact struct {
	Kind  string // email, phone or social
	Value string
	Place HidingPlace
	Page  string // path of the page that shows it
}

// Person is somebody Hunter knows at a domain.
type Person struct {
	First, Last, Position string
	Email                 string
	Confidence            int
}

// Host is where its website is.
func (b Business) Host() string { return b.Slug + ".example" }

// Website is its address, empty when it has none.
func (b Business) Website() string {
	if b.Site == NoSite {
		return ""
	}
	return "http://" + b.Host() + "/"
}

// Address is the whole address on one line.
func (b Business) Address() string {
	if !b.HasAddress {
		return ""
	}
	return fmt.Sprintf("%s, %s, NJ %s", b.Street, b.City, b.Zip)
}

// Town is the invented world; one seed always makes the same.
type Town struct {
	businesses []Business
	byHost     map[string]*Business
	byDataID   map[string]*Business
}

// NewTown makes a town of so many businesses; 0 is 300.
func NewTown(size int) *Town {
	if size == 0 {
		size = 300
	}
	t := &Town{byHost: map[string]*Business{}, byDataID: map[string]*Business{}}
	random := rand.New(rand.NewPCG(7, 11)) // any fixed seed
	for i := range size {
		t.businesses = append(t.businesses, newBusiness(i, random))
	}
	for i := range t.businesses {
		b := &t.businesses[i]
		t.byHost[b.Host()], t.byDataID[b.DataID] = b, b
	}
	return t
}

// Businesses is the truth.
func (t *Town) Businesses() []Business { return append([]Business(nil), t.businesses...) }

func newBusiness(i int, random *rand.Rand) Business {
	trade := trades[tradeOf(i)]
	city := cities[i%len(cities)]
	name := fmt.Sprintf("%s %s", owners[i%len(owners)], trade.Suffixes[(i/len(owners))%len(trade.Suffixes)])
	if i >= len(owners)*len(trade.Suffixes) {
		name += " " + strconv.Itoa(i)
	}
	cid := 1_000_000_007*uint64(i+1) + 0x10eb1082369d23ba
	b := Business{
		Slug: slug(name) + "-" + strconv.Itoa(i), Name: name, Trade: trade, Street: fmt.Sprintf("%d %s", 1+random.IntN(199), streets[i%len(streets)]),
		City: city.name, Zip: city.zip, Lat: city.lat + (random.Float64()-0.5)/50, Lng: city.lng + (random.Float64()-0.5)/50,
		Rating: float64(30+random.IntN(21)) / 10, Reviews: random.IntN(400),
		DataID: fmt.Sprintf("0x89c3d%011x:0x%x", 4096+i, cid), CID: strconv.FormatUint(cid, 10),
		PlaceID: fmt.Sprintf("ChIJsandbox%08dfreehold", i), KGMID: fmt.Sprintf("/g/11sbx%05d", i),
		Closed: i%61 == 60, HasAddress: i%17 != 16, WrappedSite: i%9 == 4,
	}
	if i%13 == 12 {
		b.Reviews, b.Rating = 0, 0
	}
	if i%11 != 10 {
		b.Phone = fmt.Sprintf("+1732555%04d", 100+i%100)
	}
	b.Site = siteKind(i)
	b.Contacts = contactsOf(i, b)
	b.Hunter = peopleOf(i, b)
	return b
}

func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ':
			return '-'
		default:
			return -1
		}
	}, name), "-")
}

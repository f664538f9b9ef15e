// Package business holds what Leadstream knows of a local business: the place
// a source saw, what makes two sightings the same business, and the contacts
// that enrichment found.
package business

import (
	"strings"
	"time"

	"leadstream/domain/fault"
)

// Place is a business as a source saw it. Empty strings and nil mean the
// source did not say.
type Place struct {
	Name       string
	Address    string // in full, as one line
	Street     string
	City       string
	State      string
	PostalCode string
	Country    string
	Phone      string // E.164 where the source's number could be understood
	// PhoneNational is Phone as it is written within its country; empty where it could not be understood.
	PhoneNational string
	Website       string
	Category      string
	Categories    []string
	Rating        *float64 // 1 to 5
	ReviewsCount  *int
	Price         string
	OpeningHours  []DayHours
	Latitude      *float64
	Longitude     *float64
	DataID        string // Google's 0x…:0x… pair; its second half is the CID in hexadecimal
	CID           string // decimal
	PlaceID       string // ChIJ…
	KGMID         string // /g/…, the knowledge graph's id
	MapURL        string
	OSMID         string // OpenStreetMap's type and number, node/240109189
	Status        string // OperatingStatus values; empty counts as open
	Attribution   string // whom the source's licence wants named wherever the data are shown
	// Contacts are those that the source itself shows; once saved they are Business.Contacts.
	Contacts []Contact
}

// Values of Place.Status.
const (
	Open              = "open"
	PermanentlyClosed = "permanently_closed"
	TemporarilyClosed = "temporarily_closed"
)

// Validate reports a sighting that cannot be kept.
func (p Place) Validate() error {
	if strings.TrimSpace(p.Name) == "" {
		return fault.NewInvalid(fault.Field{Location: "name", Message: "must not be empty", Value: p.Name})
	}
	return nil
}

// EnrichmentStatus is what is known about a business's contacts.
type EnrichmentStatus struct{ name string }

// The enrichment states.
var (
	Pending          = EnrichmentStatus{"pending"}
	Enriched         = EnrichmentStatus{"enriched"}
	NoContacts       = EnrichmentStatus{"no_contacts"}
	EnrichmentFailed = EnrichmentStatus{"failed"}
)

// ParseEnrichmentStatus turns a wire name into a status.
func ParseEnrichmentStatus(name string) (EnrichmentStatus, error) {
	for _, s := range []EnrichmentStatus{Pending, Enriched, NoContacts, EnrichmentFailed} {
		if s.name == name {
			return s, nil
		}
	}
	return EnrichmentStatus{}, fault.Invalidf("must be pending, enriched, no_contacts or failed")
}

func (s EnrichmentStatus) String() string { return s.name }

// IsZero reports whether no status is named.
func (s EnrichmentStatus) IsZero() bool { return s.name == "" }

// Business is a saved place with what enrichment added to it.
type Business struct {
	ID               int64
	Place            Place
	BusinessType     string // what was searched for when it was found
	EnrichmentStatus EnrichmentStatus
	Contacts         []Contact
	FirstSeenJob     string
	Notes            string
	Tags             []string
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

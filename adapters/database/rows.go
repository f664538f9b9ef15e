package database

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"leadstream/domain/business"
)

// businessRow is a lead in the table businesses.
type businessRow struct {
	bun.BaseModel `bun:"table:businesses,alias:b"`

	ID               int64         `bun:"id,pk,autoincrement"`
	Name             string        `bun:"name"`
	Address          string        `bun:"address"`
	Street           string        `bun:"street"`
	City             string        `bun:"city"`
	State            string        `bun:"state"`
	PostalCode       string        `bun:"postal_code"`
	Country          string        `bun:"country"`
	Phone            string        `bun:"phone"`
	PhoneNational    string        `bun:"phone_national"`
	Website          string        `bun:"website"`
	Category         string        `bun:"category"`
	Categories       stringList    `bun:"categories"`
	Rating           *float64      `bun:"rating"`
	ReviewsCount     *int          `bun:"reviews_count"`
	Price            string        `bun:"price"`
	OpeningHours     string        `bun:"opening_hours"` // JSON
	Latitude         *float64      `bun:"latitude"`
	Longitude        *float64      `bun:"longitude"`
	DataID           string        `bun:"data_id"`
	CID              string        `bun:"cid"`
	PlaceID          string        `bun:"place_id"`
	KGMID            string        `bun:"kgmid"`
	OSMID            string        `bun:"osm_id"`
	MapURL           string        `bun:"map_url"`
	Status           string        `bun:"status"`
	Attribution      string        `bun:"attribution"`
	BusinessType     string        `bun:"business_type"`
	EnrichmentStatus string        `bun:"enrichment_status"`
	FirstSeenJob     string        `bun:"first_seen_job"`
	Notes            string        `bun:"notes"`
	Tags             stringList    `bun:"tags"`
	CreatedAt        time.Time     `bun:"created_at"`
	UpdatedAt        time.Time     `bun:"updated_at"`
	Folded           folded        `bun:"embed:"`
	Contacts         []*contactRow `bun:"rel:has-many,join:id=business_id"`
}

// folded is what is searched and sorted without regard to case, which the two
// databases have no common idea of.
type folded struct {
	SearchText   string `bun:"search_text"`
	Name         string `bun:"name_folded"`
	City         string `bun:"city_folded"`
	BusinessType string `bun:"business_type_folded"`
}

// identityRow is one key by which a lead is known.
type identityRow struct {
	bun.BaseModel `bun:"table:business_identities"`

	Key        string `bun:"key,pk"`
	BusinessID int64  `bun:"business_id"`
}

// contactRow is one way to reach a lead.
type contactRow struct {
	bun.BaseModel `bun:"table:contacts,alias:c"`

	ID           int64     `bun:"id,pk,autoincrement"`
	BusinessID   int64     `bun:"business_id"`
	Key          string    `bun:"key"` // of business.Contact
	Kind         string    `bun:"kind"`
	Value        string    `bun:"value"`
	Name         string    `bun:"name"`
	Position     string    `bun:"position"`
	Personal     bool      `bun:"personal"`
	Confidence   int       `bun:"confidence"`
	Provider     string    `bun:"provider"`
	SourceURL    string    `bun:"source_url"`
	Verification string    `bun:"verification"`
	CreatedAt    time.Time `bun:"created_at"`
}

// stringList is stored as a JSON array in a text column, on both databases alike.
type stringList string

func newList(items []string) stringList {
	if len(items) == 0 {
		return "[]"
	}
	raw, _ := json.Marshal(items) // strings always encode
	return stringList(raw)
}

func (l stringList) items() []string {
	var items []string
	_ = json.Unmarshal([]byte(l), &items) // only newList writes the column
	return items
}

func (r *businessRow) fill(p business.Place, businessType string) {
	hours, _ := json.Marshal(p.OpeningHours) // strings always encode
	if len(p.OpeningHours) == 0 {
		hours = []byte("[]")
	}
	r.Name, r.Address, r.Street, r.City, r.State = p.Name, p.Address, p.Street, p.City, p.State
	r.PostalCode, r.Country, r.Phone, r.PhoneNational, r.Website = p.PostalCode, p.Country, p.Phone, p.PhoneNational, p.Website
	r.Category, r.Categories, r.Rating, r.ReviewsCount = p.Category, newList(p.Categories), p.Rating, p.ReviewsCount
	r.Price, r.OpeningHours, r.Latitude, r.Longitude = p.Price, string(hours), p.Latitude, p.Longitude
	r.DataID, r.CID, r.PlaceID, r.KGMID, r.MapURL, r.Status = p.DataID, p.CID, p.PlaceID, p.KGMID, p.MapURL, p.Status
	r.OSMID, r.Attribution = p.OSMID, p.Attribution
	r.BusinessType = businessType
	r.Folded = folded{
		SearchText: fold(p.Name + "\n" + p.Address + "\n" + p.Category), Name: fold(p.Name), City: fold(p.City), BusinessType: fold(businessType),
	}
}

func (r *businessRow) place() business.Place {
	p := business.Place{
		Name: r.Name, Address: r.Address, Street: r.Street, City: r.City, State: r.State, PostalCode: r.PostalCode,
		Country: r.Country, Phone: r.Phone, PhoneNational: r.PhoneNational, Website: r.Website, Category: r.Category, Categories: r.Categories.items(),
		Rating: r.Rating, ReviewsCount: r.ReviewsCount, Price: r.Price, Latitude: r.Latitude, Longitude: r.Longitude,
		DataID: r.DataID, CID: r.CID, PlaceID: r.PlaceID, KGMID: r.KGMID, OSMID: r.OSMID, MapURL: r.MapURL, Status: r.Status,
		Attribution: r.Attribution,
	}
	_ = json.Unmarshal([]byte(r.OpeningHours), &p.OpeningHours) // only fill writes the column
	return p
}

func (r *businessRow) business() business.Business {
	status, _ := business.ParseEnrichmentStatus(r.EnrichmentStatus) // only statuses are written
	b := business.Business{
		ID: r.ID, Place: r.place(), BusinessType: r.BusinessType, EnrichmentStatus: status, FirstSeenJob: r.FirstSeenJob,
		Notes: r.Notes, Tags: r.Tags.items(), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	for _, c := range r.Contacts {
		b.Contacts = append(b.Contacts, c.contact())
	}
	return b
}

func (r *contactRow) contact() business.Contact {
	kind, _ := business.ParseContactKind(r.Kind) // only kinds are written
	return business.Contact{
		ID: r.ID, Kind: kind, Value: r.Value, Name: r.Name, Position: r.Position, Personal: r.Personal,
		Confidence: r.Confidence, Provider: r.Provider, SourceURL: r.SourceURL, Verification: r.Verification,
	}
}

func newContactRow(businessID int64, c business.Contact, at time.Time) *contactRow {
	return &contactRow{
		BusinessID: businessID, Key: clean(c.Key()), Kind: c.Kind.String(), Value: clean(c.Value), Name: clean(c.Name),
		Position: clean(c.Position), Personal: c.Personal, Confidence: c.Confidence, Provider: clean(c.Provider),
		SourceURL: clean(c.SourceURL), Verification: clean(c.Verification), CreatedAt: at,
	}
}

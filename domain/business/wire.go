package business

import (
	"encoding/json"
	"time"
)

// foundData is business:found on the wire.
type foundData struct {
	JobID        string    `json:"jobId"`
	BusinessType string    `json:"businessType"`
	Enrich       bool      `json:"enrich"`
	Place        placeData `json:"place"`
	At           time.Time `json:"at"`
}

type placeData struct {
	Name         string     `json:"name"`
	Address      string     `json:"address,omitempty"`
	Street       string     `json:"street,omitempty"`
	City         string     `json:"city,omitempty"`
	State        string     `json:"state,omitempty"`
	PostalCode   string     `json:"postal_code,omitempty"`
	Country      string     `json:"country,omitempty"`
	Phone        string     `json:"phone,omitempty"`
	National     string     `json:"phone_national,omitempty"`
	Website      string     `json:"website,omitempty"`
	Category     string     `json:"category,omitempty"`
	Categories   []string   `json:"categories,omitempty"`
	Rating       *float64   `json:"rating,omitempty"`
	ReviewsCount *int       `json:"reviews_count,omitempty"`
	Price        string     `json:"price,omitempty"`
	OpeningHours []dayHours `json:"opening_hours,omitempty"`
	Latitude     *float64   `json:"latitude,omitempty"`
	Longitude    *float64   `json:"longitude,omitempty"`
	DataID       string     `json:"data_id,omitempty"`
	CID          string     `json:"cid,omitempty"`
	PlaceID      string     `json:"place_id,omitempty"`
	KGMID        string     `json:"kgmid,omitempty"`
	OSMID        string     `json:"osm_id,omitempty"`
	MapURL       string     `json:"map_url,omitempty"`
	Status       string     `json:"status,omitempty"`
	Attribution  string     `json:"attribution,omitempty"`
	Contacts     []contact  `json:"contacts,omitempty"`
}

// contact is one that the source itself shows.
type contact struct {
	Kind       string `json:"kind"`
	Value      string `json:"value"`
	Name       string `json:"name,omitempty"`
	Personal   bool   `json:"personal,omitempty"`
	Confidence int    `json:"confidence"`
	Provider   string `json:"provider"`
	SourceURL  string `json:"source_url,omitempty"`
}

type dayHours struct {
	Day   string   `json:"day"`
	Hours []string `json:"hours"`
}

// MarshalJSON writes the event as it is published.
func (f Found) MarshalJSON() ([]byte, error) {
	p := f.Place
	wire := placeData{
		Name: p.Name, Address: p.Address, Street: p.Street, City: p.City, State: p.State, PostalCode: p.PostalCode,
		Country: p.Country, Phone: p.Phone, National: p.PhoneNational, Website: p.Website, Category: p.Category, Categories: p.Categories,
		Rating: p.Rating, ReviewsCount: p.ReviewsCount, Price: p.Price, Latitude: p.Latitude, Longitude: p.Longitude,
		DataID: p.DataID, CID: p.CID, PlaceID: p.PlaceID, KGMID: p.KGMID, OSMID: p.OSMID, MapURL: p.MapURL, Status: p.Status,
		Attribution: p.Attribution,
	}
	for _, d := range p.OpeningHours {
		wire.OpeningHours = append(wire.OpeningHours, dayHours(d))
	}
	for _, c := range p.Contacts {
		wire.Contacts = append(wire.Contacts, contact{c.Kind.name, c.Value, c.Name, c.Personal, c.Confidence, c.Provider, c.SourceURL})
	}
	return json.Marshal(foundData{f.JobID, f.BusinessType, f.Enrich, wire, f.At})
}

// UnmarshalJSON reads the event as it was published.
func (f *Found) UnmarshalJSON(raw []byte) error {
	var d foundData
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	w := d.Place
	p := Place{
		Name: w.Name, Address: w.Address, Street: w.Street, City: w.City, State: w.State, PostalCode: w.PostalCode,
		Country: w.Country, Phone: w.Phone, PhoneNational: w.National, Website: w.Website, Category: w.Category, Categories: w.Categories,
		Rating: w.Rating, ReviewsCount: w.ReviewsCount, Price: w.Price, Latitude: w.Latitude, Longitude: w.Longitude,
		DataID: w.DataID, CID: w.CID, PlaceID: w.PlaceID, KGMID: w.KGMID, OSMID: w.OSMID, MapURL: w.MapURL, Status: w.Status,
		Attribution: w.Attribution,
	}
	for _, h := range w.OpeningHours {
		p.OpeningHours = append(p.OpeningHours, DayHours(h))
	}
	for _, c := range w.Contacts {
		kind, err := ParseContactKind(c.Kind)
		if err != nil {
			return err
		}
		p.Contacts = append(p.Contacts, Contact{
			Kind: kind, Value: c.Value, Name: c.Name, Personal: c.Personal, Confidence: c.Confidence, Provider: c.Provider, SourceURL: c.SourceURL,
		})
	}
	*f = Found{JobID: d.JobID, BusinessType: d.BusinessType, Enrich: d.Enrich, Place: p, At: d.At}
	return nil
}

package googlemaps

import (
	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// panel is a place's page as panelScript reads it.
type panel struct {
	Name     string     `json:"name"`
	Href     string     `json:"href"`
	Rating   string     `json:"rating"`
	Reviews  string     `json:"reviews"`
	Address  string     `json:"address"`
	Website  string     `json:"website"`
	Phone    string     `json:"phone"`
	Category string     `json:"category"`
	Status   string     `json:"status"`
	Hours    [][]string `json:"hours"` // each day's name, then when it is open
}

// count counts what the panel shows.
func (n panel) count(r reads, p business.Place) {
	for field, value := range map[string]string{
		"name": n.Name, "rating": n.Rating, "reviews": n.Reviews, "address": n.Address, "website": n.Website, "phone": n.Phone, "category": n.Category,
	} {
		r.count(fromPanel, field, value != "")
	}
	r.count(fromPanel, "hours", len(p.OpeningHours) > 0)
}

// place is what the panel shows of its business.
func (n panel) place(region string) business.Place {
	p := placeOfLink(n.Href)
	p.Name, p.Address, p.Website, p.Category = clean(n.Name), clean(n.Address), website(n.Website), clean(n.Category)
	p.Rating, p.ReviewsCount = parseRating(n.Rating + " " + n.Reviews)
	p.Status = operatingStatus(n.Status)
	for _, row := range n.Hours {
		if len(row) > 1 {
			p.OpeningHours = append(p.OpeningHours, business.DayHours{Day: clean(row[0]), Hours: cleaned(row[1:])})
		}
	}
	if n.Phone != "" {
		p.Phone = phone.E164(clean(n.Phone), region)
		p.PhoneNational = phone.National(p.Phone)
	}
	if p.Category != "" {
		p.Categories = []string{p.Category}
	}
	return completeAddress(p)
}

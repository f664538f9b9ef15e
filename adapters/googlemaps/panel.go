package googlemaps

import "leadstream/domain/business"

// panel is a place's page as panelScript reads it.
type panel struct {
	Name     string `json:"name"`
	Href     string `json:"href"`
	Rating   string `json:"rating"`
	Reviews  string `json:"reviews"`
	Address  string `json:"address"`
	Website  string `json:"website"`
	Phone    string `json:"phone"`
	Category string `json:"category"`
	Closed   bool   `json:"closed"`
}

func (n panel) place(region string) business.Place {
	p := placeOfLink(n.Href)
	p.Name, p.Address, p.Website, p.Category = clean(n.Name), clean(n.Address), website(n.Website), clean(n.Category)
	p.Rating, p.ReviewsCount = parseRating(n.Rating + " " + n.Reviews)
	p.Status = business.Open
	if n.Closed {
		p.Status = business.PermanentlyClosed
	}
	if n.Phone != "" {
		p.Phone = phone(n.Phone, region)
	}
	if p.Category != "" {
		p.Categories = []string{p.Category}
	}
	return completeAddress(p)
}

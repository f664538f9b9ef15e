package googlemaps

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// card is a feed's card as cardsScript reads it.
type card struct {
	Name      string   `json:"name"`
	Href      string   `json:"href"`
	Rating    string   `json:"rating"` // "4.3 stars 16 Reviews", "4,3 Sterne", "No reviews"
	Rows      []string `json:"rows"`
	Phone     string   `json:"phone"`
	Website   string   `json:"website"`
	Sponsored bool     `json:"sponsored"`
}

// place is what a card shows of a business.
func (c card) place(region string) business.Place {
	p := placeOfLink(c.Href)
	p.Name, p.Website, p.Status = clean(c.Name), website(c.Website), business.Open
	p.Rating, p.ReviewsCount = parseRating(c.Rating)
	if c.Phone != "" {
		p.Phone = phone.E164(clean(c.Phone), region)
		p.PhoneNational = phone.National(p.Phone)
	}
	if len(c.Rows) > 0 {
		p.Category, p.Address = splitRow(c.Rows[0])
	}
	if p.Category != "" {
		p.Categories = []string{p.Category}
	}
	for _, row := range c.Rows {
		if status := operatingStatus(row); status != business.Open {
			p.Status = status
		}
	}
	return completeAddress(p)
}

// count counts what the card shows.
func (c card) count(r reads, p business.Place) {
	for field, value := range map[string]string{
		"name": p.Name, "link": c.Href, "rating": c.Rating, "category": p.Category, "address": p.Address, "phone": p.Phone, "website": p.Website,
	} {
		r.count(fromCard, field, value != "")
	}
	r.count(fromCard, "identity", len(p.Identity().IDs) > 0)
}

// splitRow parts "Plumber · ♿ · 1 Main St" into category and address.
func splitRow(row string) (category, address string) {
	var parts []string
	for part := range strings.SplitSeq(row, "·") {
		if part = clean(part); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "", ""
	}
	if len(parts) > 1 {
		address = parts[len(parts)-1]
	}
	return parts[0], address
}

var (
	ratingNumber  = regexp.MustCompile(`(\d)[.,](\d)`)
	reviewsNumber = regexp.MustCompile(`(?:\s|\()(\d[\d.,\x{00a0}\x{202f} ]*)`)
)

// parseRating reads a rating with decimal point or comma, and how many
// reviews it rests on where that is told.
func parseRating(label string) (rating *float64, reviews *int) {
	m := ratingNumber.FindStringSubmatchIndex(label)
	if m == nil {
		return nil, nil
	}
	value, err := strconv.ParseFloat(label[m[2]:m[3]]+"."+label[m[4]:m[5]], 64)
	if err != nil || value < 1 || value > 5 {
		return nil, nil
	}
	if count := reviewsNumber.FindStringSubmatch(label[m[1]:]); count != nil {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, count[1])
		if n, err := strconv.Atoi(digits); err == nil {
			reviews = &n
		}
	}
	return &value, reviews
}

var (
	linkCoordinates = regexp.MustCompile(`!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)`)
	linkDataID      = regexp.MustCompile(`!1s(0x[0-9a-fA-F]+:0x[0-9a-fA-F]+)`)
	linkPlaceID     = regexp.MustCompile(`!19s(ChIJ[\w-]+)`)
	linkKGMID       = regexp.MustCompile(`!16s(/[gm]/\w+)`)
)

// placeOfLink reads what a link to a place's page says of it.
func placeOfLink(href string) business.Place {
	var p business.Place
	u, err := url.Parse(href)
	if err != nil {
		return p
	}
	data := u.Path
	if m := linkCoordinates.FindStringSubmatch(data); m != nil {
		p.Latitude, p.Longitude = parseFloat(m[1]), parseFloat(m[2])
	}
	first := func(r *regexp.Regexp) string {
		if m := r.FindStringSubmatch(data); m != nil {
			return m[1]
		}
		return ""
	}
	p.DataID, p.PlaceID, p.KGMID = first(linkDataID), first(linkPlaceID), first(linkKGMID)
	p.CID = cidOf(p.DataID)
	u.RawQuery, u.Fragment = "", ""
	p.MapURL = u.String()
	return p
}

func parseFloat(s string) *float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return &n
}

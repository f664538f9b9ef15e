package apify

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// item is what is used of an item of the actor's dataset. What it does not
// know is null or missing.
type item struct {
	Title             string     `json:"title"`
	CategoryName      string     `json:"categoryName"`
	Categories        []string   `json:"categories"`
	Address           string     `json:"address"`
	Street            string     `json:"street"`
	City              string     `json:"city"`
	State             string     `json:"state"`
	PostalCode        string     `json:"postalCode"`
	CountryCode       string     `json:"countryCode"`
	Phone             string     `json:"phone"`            // as it is shown
	PhonePlain        string     `json:"phoneUnformatted"` // with country code
	Website           string     `json:"website"`
	TotalScore        *float64   `json:"totalScore"`
	ReviewsCount      *int       `json:"reviewsCount"`
	Price             string     `json:"price"`
	OpeningHours      []dayHours `json:"openingHours"`
	Location          *location  `json:"location"`
	PlaceID           string     `json:"placeId"`
	CID               flexible   `json:"cid"`
	FID               string     `json:"fid"` // 0x…:0x…
	KGMID             string     `json:"kgmid"`
	URL               string     `json:"url"`
	PermanentlyClosed bool       `json:"permanentlyClosed"`
	TemporarilyClosed bool       `json:"temporarilyClosed"`

	// What the actor's paid look at websites finds, where the account has it.
	Emails     []string `json:"emails"`
	Phones     []string `json:"phones"`
	Facebooks  []string `json:"facebooks"`
	Instagrams []string `json:"instagrams"`
	LinkedIns  []string `json:"linkedIns"`
	Twitters   []string `json:"twitters"`
	YouTubes   []string `json:"youtubes"`
	TikToks    []string `json:"tiktoks"`
}

type location struct {
	Lat *float64 `json:"lat"`
	Lng *float64 `json:"lng"`
}

type dayHours struct {
	Day   string `json:"day"`
	Hours string `json:"hours"`
}

// flexible is a number that some versions write as a string.
type flexible string

// UnmarshalJSON reads digits with or without quotes; anything else is empty.
func (f *flexible) UnmarshalJSON(raw []byte) error {
	digits := strings.Trim(string(raw), `"`)
	if _, err := strconv.ParseUint(digits, 10, 64); err == nil {
		*f = flexible(digits)
	}
	return nil
}

// parseItem reads an item. A field of another type than expected is absent; an
// item without a title is no place.
func parseItem(raw json.RawMessage) (business.Place, bool) {
	var it item
	if err := json.Unmarshal(raw, &it); err != nil {
		// The decoder goes on after a field of another type.
		if _, other := errors.AsType[*json.UnmarshalTypeError](err); !other {
			return business.Place{}, false
		}
	}
	if strings.TrimSpace(it.Title) == "" {
		return business.Place{}, false
	}
	return it.place(), true
}

func (it item) place() business.Place {
	p := business.Place{
		Name: strings.TrimSpace(it.Title), Address: it.Address, Street: it.Street, City: it.City, State: business.StateCode(it.State), PostalCode: it.PostalCode,
		Country: it.CountryCode, Phone: phone.E164(cmp.Or(it.PhonePlain, it.Phone), cmp.Or(it.CountryCode, "US")), Website: website(it.Website),
		Category: it.CategoryName, Categories: it.Categories, Rating: score(it.TotalScore), ReviewsCount: it.ReviewsCount, Price: it.Price,
		PlaceID: it.PlaceID, CID: string(it.CID), DataID: it.FID, KGMID: it.KGMID, MapURL: it.URL, Status: it.status(), Contacts: it.contacts(),
	}
	p.PhoneNational = phone.National(p.Phone)
	if it.Location != nil {
		p.Latitude, p.Longitude = it.Location.Lat, it.Location.Lng
	}
	if p.Category == "" && len(p.Categories) > 0 {
		p.Category = p.Categories[0]
	}
	if len(p.Categories) == 0 && p.Category != "" {
		p.Categories = []string{p.Category}
	}
	for _, d := range it.OpeningHours {
		if d.Day != "" {
			p.OpeningHours = append(p.OpeningHours, business.DayHours{Day: d.Day, Hours: spans(d.Hours)})
		}
	}
	return p
}

func (it item) status() string {
	switch {
	case it.PermanentlyClosed:
		return business.PermanentlyClosed
	case it.TemporarilyClosed:
		return business.TemporarilyClosed
	default:
		return business.Open
	}
}

// Confidence of contacts that the actor found on a website, 0 to 100; it does
// not say on which page, nor whose they are.
const (
	mailConfidence   = 60
	phoneConfidence  = 50
	socialConfidence = 70
)

func (it item) contacts() []business.Contact {
	var list []business.Contact
	add := func(kind business.ContactKind, value string, confidence int) {
		if value != "" {
			list = append(list, business.Contact{Kind: kind, Value: value, Confidence: confidence, Provider: "apify", SourceURL: website(it.Website)})
		}
	}
	for _, text := range it.Emails {
		if address, err := mail.ParseAddress(text); err == nil {
			add(business.Email, strings.ToLower(address.Address), mailConfidence)
		}
	}
	for _, text := range it.Phones {
		if number := phone.E164(text, cmp.Or(it.CountryCode, "US")); strings.HasPrefix(number, "+") {
			add(business.Phone, number, phoneConfidence)
		}
	}
	for _, profile := range slices.Concat(it.Facebooks, it.Instagrams, it.LinkedIns, it.Twitters, it.YouTubes, it.TikToks) {
		if u, ok := business.SiteURL(profile); ok && business.SocialHost(u.Hostname()) {
			add(business.Social, u.String(), socialConfidence)
		}
	}
	return business.Merge(list)
}

// spans parts "9 AM to 12 PM, 1 to 5 PM".
func spans(hours string) []string {
	var list []string
	for span := range strings.SplitSeq(hours, ",") {
		if span = strings.TrimSpace(span); span != "" {
			list = append(list, span)
		}
	}
	return list
}

// score is 1 to 5; a place without reviews has none, or 0.
func score(n *float64) *float64 {
	if n == nil || *n < 1 || *n > 5 {
		return nil
	}
	return n
}

func website(link string) string {
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if u.Scheme == "" && strings.Contains(link, ".") {
		return "http://" + strings.TrimLeft(link, "/ ")
	}
	return u.String()
}

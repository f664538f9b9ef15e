package googlemaps

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"leadstream/domain/business"
)

// guardPrefix stands before every JSON reply, so that no script can run it.
const guardPrefix = ")]}'"

// parseReply reads the places of a search's reply. What is missing or of
// another type is absent; entries that are no places are left out.
func parseReply(body []byte, region string) ([]business.Place, error) {
	data, err := decode(body)
	if err != nil {
		return nil, err
	}
	var places []business.Place
	for i, entry := range listAt(data, repliesPath) {
		if i == 0 { // describes the search itself
			continue
		}
		if p, ok := parseBusiness(at(entry, businessPath), region); ok {
			places = append(places, p)
		}
	}
	return places, nil
}

// parsePlace reads the one place of a place page's initial state, which is
// empty where that cannot be read.
func parsePlace(text, region string) business.Place {
	data, err := decode([]byte(text))
	if err != nil {
		return business.Place{}
	}
	p, _ := parseBusiness(at(data, placePath), region)
	return p
}

func decode(body []byte) (any, error) {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte(guardPrefix))
	var data any
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, fmt.Errorf("reading the map's reply: %w", err)
	}
	return data, nil
}

func parseBusiness(d any, region string) (business.Place, bool) {
	name := textAt(d, titlePath)
	if name == "" {
		return business.Place{}, false
	}
	p := business.Place{
		Name: name, Address: strings.TrimPrefix(textAt(d, addressPath), name+", "), Street: textAt(d, streetPath),
		City: textAt(d, cityPath), State: stateCode(textAt(d, statePath)), PostalCode: textAt(d, postalCodePath), Country: textAt(d, countryPath),
		Website: website(textAt(d, websitePath)), Rating: rating(numberAt(d, ratingPath)), ReviewsCount: countAt(d, reviewsPath),
		Price: textAt(d, pricePath), Latitude: numberAt(d, latitudePath), Longitude: numberAt(d, longitudePath),
		DataID: textAt(d, dataIDPath), PlaceID: textAt(d, placeIDPath), KGMID: textAt(d, kgmidPath), MapURL: textAt(d, linkPath),
		Status: operatingStatus(textAt(d, statusPath)), OpeningHours: openingHours(d),
	}
	p.CID = cidOf(p.DataID)
	if p.MapURL == "" && p.CID != "" {
		p.MapURL = "https://www.google.com/maps?cid=" + p.CID
	}
	for _, c := range listAt(d, categoriesPath) {
		if text, ok := c.(string); ok && text != "" {
			p.Categories = append(p.Categories, clean(text))
		}
	}
	if len(p.Categories) > 0 {
		p.Category = p.Categories[0]
	}
	p.Phone = phone(cmp.Or(textAt(d, phoneE164Path), textAt(d, phonePath)), regionOf(p.Country, region))
	return completeAddress(p), true
}

func openingHours(d any) []business.DayHours {
	var days []business.DayHours
	for _, day := range listAt(d, hoursPath) {
		h := business.DayHours{Day: textAt(day, path{0})}
		for _, span := range listAt(day, path{3}) {
			if text := textAt(span, path{0}); text != "" {
				h.Hours = append(h.Hours, text)
			}
		}
		if h.Day != "" {
			days = append(days, h)
		}
	}
	if len(days) > 0 {
		return days
	}
	for _, day := range listAt(d, oldHoursPath) {
		h := business.DayHours{Day: textAt(day, path{0})}
		for _, span := range listAt(day, path{1}) {
			if text, ok := span.(string); ok && text != "" {
				h.Hours = append(h.Hours, clean(text))
			}
		}
		if h.Day != "" {
			days = append(days, h)
		}
	}
	return days
}

func operatingStatus(text string) string {
	switch lower := strings.ToLower(text); {
	case strings.Contains(lower, "permanently closed"):
		return business.PermanentlyClosed
	case strings.Contains(lower, "temporarily closed"):
		return business.TemporarilyClosed
	default:
		return business.Open
	}
}

// rating is 1 to 5; a place without reviews may have 0, which is none.
func rating(n *float64) *float64 {
	if n == nil || *n < 1 || *n > 5 {
		return nil
	}
	return n
}

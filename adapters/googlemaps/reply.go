package googlemaps

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// guardPrefix stands before every JSON reply, so that no script can run it.
const guardPrefix = ")]}'"

// parseReply reads the places of a search's reply. What is missing or of
// another type is absent; entries that are no places are left out.
func parseReply(body []byte, region string, r reads) ([]business.Place, error) {
	data, err := decode(body)
	if err != nil {
		r.count(fromReply, "places", false)
		return nil, err
	}
	arrays := businesses(data)
	r.count(fromReply, "places", len(arrays) > 0 || len(listAt(data, repliesPath)) == 1) // the search's own entry alone: the list has ended
	var places []business.Place
	for _, array := range arrays {
		if p, ok := parseBusiness(record{array, r, fromReply}, region); ok {
			places = append(places, p)
		}
	}
	return places, nil
}

// businesses are the arrays of a reply's businesses, at either of the places
// where they are found; the first entry of the usual one is the search itself.
func businesses(data any) []any {
	var arrays []any
	for i, entry := range listAt(data, repliesPath) {
		if array := listAt(entry, businessPath); i > 0 && len(array) > 0 {
			arrays = append(arrays, array)
		}
	}
	if len(arrays) > 0 {
		return arrays
	}
	for _, entry := range listAt(data, otherRepliesPath) {
		if array := listAt(entry, otherBusinessPath); len(array) > 0 {
			arrays = append(arrays, array)
		}
	}
	return arrays
}

// parsePlace reads the one place of a place page's initial state, which is
// empty where that cannot be read.
func parsePlace(text, region string, r reads) business.Place {
	data, err := decode([]byte(text))
	r.count(fromPage, "places", err == nil)
	if err != nil {
		return business.Place{}
	}
	p, _ := parseBusiness(record{at(data, placePath), r, fromPage}, region)
	return p
}

// chunkMark ends each of the chunks {"c":0,"d":"…"} that some replies come in.
const chunkMark = `/*""*/`

func decode(body []byte) (any, error) {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("{")) {
		body = unchunk(body)
	}
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte(guardPrefix))
	var data any
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, fmt.Errorf("reading the map's reply: %w", err)
	}
	return data, nil
}

func unchunk(body []byte) []byte {
	var text []byte
	for piece := range bytes.SplitSeq(body, []byte(chunkMark)) {
		var chunk struct {
			D string `json:"d"`
		}
		if json.Unmarshal(piece, &chunk) == nil {
			text = append(text, chunk.D...)
		}
	}
	return text
}

func parseBusiness(d record, region string) (business.Place, bool) {
	name := d.text(titleField)
	if name == "" {
		return business.Place{}, false
	}
	p := business.Place{
		Name: name, Street: d.text(streetField), City: d.text(cityField), State: business.StateCode(d.text(stateField)), PostalCode: d.text(postalCodeField), Country: d.text(countryField),
		Website: website(d.text(websiteField)), Price: d.text(priceField), Latitude: d.number(latitudeField), Longitude: d.number(longitudeField),
		DataID: d.text(dataIDField), PlaceID: d.text(placeIDField), KGMID: d.text(kgmidField), MapURL: d.text(linkField),
		Status: operatingStatus(d.text(statusField)), OpeningHours: openingHours(d), Categories: d.texts(categoriesField),
	}
	p.Address = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(d.text(addressField), name), ", "), strings.Join(d.texts(partsField), ", "))
	p.Rating, p.ReviewsCount = rating(d.number(ratingField)), d.integer(reviewsField)
	if p.ReviewsCount != nil && *p.ReviewsCount == 0 && p.Rating != nil {
		p.ReviewsCount = nil // a rating rests on something: the count is not told
	}
	p.CID = cidOf(p.DataID)
	d.reads.count(d.from, "identity", len(p.Identity().IDs) > 0)
	if p.MapURL == "" && p.CID != "" {
		p.MapURL = "https://www.google.com/maps?cid=" + p.CID
	}
	if len(p.Categories) > 0 {
		p.Category = p.Categories[0]
	}
	e164, shown, within := d.text(phoneE164Field), d.text(phoneField), d.text(nationalField)
	p.Phone = phone.E164(clean(cmp.Or(e164, shown, within)), regionOf(p.Country, region))
	p.PhoneNational = phone.National(p.Phone)
	return completeAddress(p), true
}

func openingHours(d record) []business.DayHours {
	if days := hoursOf(d.list(hoursField), func(day any) (spans []any) {
		for _, span := range listAt(day, path{3}) {
			spans = append(spans, at(span, path{0}))
		}
		return spans
	}); len(days) > 0 {
		return days
	}
	return hoursOf(d.list(oldHoursField), func(day any) []any { return listAt(day, path{1}) })
}

// hoursOf reads the days of a week, each with its name first.
func hoursOf(week []any, spansOf func(day any) []any) []business.DayHours {
	var days []business.DayHours
	for _, day := range week {
		h := business.DayHours{Day: textAt(day, path{0})}
		for _, span := range spansOf(day) {
			if text, ok := span.(string); ok && clean(text) != "" {
				h.Hours = append(h.Hours, clean(text))
			}
		}
		if h.Day != "" {
			days = append(days, h)
		}
	}
	return days
}

// rating is 1 to 5; a place without reviews may have 0, which is none.
func rating(n *float64) *float64 {
	if n == nil || *n < 1 || *n > 5 {
		return nil
	}
	return n
}

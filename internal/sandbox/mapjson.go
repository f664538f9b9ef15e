package sandbox

import "strconv"

// searchReply is what stands at [0] of the reply to the feed's request: places
// at [1][1:], each business at [14].
func searchReply(q search, found []Business, faults Switches) any {
	header := make([]any, 11)
	header[8], header[10] = "sandboxSession", []any{q.query, q.offset}
	entries := []any{header}
	for _, b := range found {
		entry := make([]any, 15)
		entry[8], entry[9], entry[14] = "", "0ahUKE", businessArray(faults.replied(b), q.language, faults.LimitedView)
		entries = append(entries, entry)
	}
	return []any{q.query, entries, nil, len(found)}
}

// businessArray holds each field at the place where Google Maps has it. What
// the place lacks is null, or beyond the array's end.
func businessArray(b Business, language string, limited bool) []any {
	d := make([]any, 204)
	d[9] = []any{nil, nil, b.Lat, b.Lng}
	d[10], d[11], d[13] = b.DataID, b.Name, []any{b.Trade.Category, "Establishment"}
	d[27], d[30] = "http://"+mapHost+placeLink(b), "America/New_York"
	d[72] = []any{[]any{nil, []any{nil, nil, nil, nil, nil, nil, []any{"http://" + mapHost + "/pixel.gif"}}}}
	d[78], d[89] = b.PlaceID, b.KGMID
	if site := shownWebsite(b); site != "" {
		d[7] = []any{site, b.Host(), nil, "0ahUKE"}
	}
	if b.Description != "" {
		d[32] = []any{nil, []any{nil, b.Description}}
	}
	if b.OwnerID != "" {
		d[57] = []any{nil, b.Name + " (Owner)", b.OwnerID}
	}
	if b.Phone != "" {
		shown := shownPhone(b.Phone)
		d[178] = []any{[]any{shown, []any{[]any{shown, 1}, []any{b.Phone, 2}}, nil, b.Phone, nil, []any{"tel:" + b.Phone}}}
	}
	d[4] = ratingArray(b, limited)
	locate(d, b)
	openWhen(d, b, language)
	return d
}

func ratingArray(b Business, limited bool) any {
	rating := []any{nil, nil, nil, nil, nil, nil, nil, nil, nil}
	if b.Price != "" {
		rating[2] = b.Price
	}
	if b.Reviews > 0 {
		rating[7] = b.Rating
	}
	if b.Reviews > 0 && !limited {
		rating[3], rating[8] = []any{nil, strconv.Itoa(b.Reviews) + " reviews"}, b.Reviews
	}
	return rating
}

func locate(d []any, b Business) {
	parts := []any{nil, nil, nil, b.City, b.Zip, "New Jersey", "US"}
	d[18] = b.Name
	if b.HasAddress {
		d[2] = []any{b.Street, b.City + ", NJ " + b.Zip}
		d[18] = b.Name + ", " + b.Address()
		parts[1], parts[2] = b.Street, b.Street
	}
	d[183] = []any{[]any{}, parts, []any{nil, nil, []any{b.PlusCode + " " + b.City + ", New Jersey"}}}
}

// openWhen writes the hours where they have been since 2025, for some only
// where they were before.
func openWhen(d []any, b Business, language string) {
	hours := openingHours(b)
	state := []any{nil, nil, nil, nil, []any{nil, nil, nil, nil, statusText(b, language)}}
	d[34] = state
	if len(hours) == 0 {
		return
	}
	var before, since []any
	for i, day := range hours {
		before = append(before, []any{day.Day, []any{day.Hours}, nil, nil, "2026-11-" + strconv.Itoa(23+i), i + 1})
		since = append(since, []any{day.Day, i + 1, []any{2026, 11, 23 + i}, []any{[]any{day.Hours}}, 0, 1})
	}
	state[1] = before
	if b.Reviews%5 != 1 {
		d[203] = []any{since}
	}
}

type dayHours struct{ Day, Hours string }

// openingHours are the same everywhere but where the doors are closed for good.
func openingHours(b Business) []dayHours {
	if b.Closed {
		return nil
	}
	var days []dayHours
	for _, day := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"} {
		days = append(days, dayHours{day, "8\u202fAM–6\u202fPM"})
	}
	return append(days, dayHours{"Sunday", "Closed"})
}

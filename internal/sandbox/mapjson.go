package sandbox

// searchReply is what stands at [0] of the reply to the feed's request: places
// at [1][1:], each business at [14].
func searchReply(found []Business) any {
	entries := []any{[]any{"about the search itself"}}
	for _, b := range found {
		entry := make([]any, 15)
		entry[14] = businessArray(b)
		entries = append(entries, entry)
	}
	return []any{"query", entries}
}

// businessArray holds each field at the place where Google Maps has it.
func businessArray(b Business) []any {
	d := make([]any, 204)
	d[2] = addressParts(b)
	d[4] = ratingArray(b)
	if site := b.Website(); site != "" {
		if b.WrappedSite {
			site = "/url?q=" + site + "&opi=79508299"
		}
		d[7] = []any{site, b.Host(), nil, "0ahUKE"}
	}
	d[9] = []any{nil, nil, b.Lat, b.Lng}
	d[10], d[11], d[13] = b.DataID, b.Name, []any{b.Trade.Category, "Establishment"}
	d[18] = b.Name
	if b.HasAddress {
		d[18] = b.Name + ", " + b.Address()
	}
	d[27] = "https://maps.example/maps/place/" + b.PlaceID
	d[30] = "America/New_York"
	d[34] = []any{nil, nil, nil, nil, []any{nil, nil, nil, nil, statusText(b)}}
	d[78], d[89] = b.PlaceID, b.KGMID
	if b.Phone != "" {
		d[178] = []any{[]any{shownPhone(b.Phone), []any{}, nil, b.Phone}}
	}
	parts := []any{nil, nil, nil, b.City, b.Zip, "New Jersey", "US"}
	if b.HasAddress {
		parts[1], parts[2] = b.Street, b.Street
	}
	d[183] = []any{[]any{}, parts, []any{[]any{"87G7+9XG"}}}
	d[203] = []any{openingHours(b)}
	return d
}

func addressParts(b Business) any {
	if !b.HasAddress {
		return nil
	}
	return []any{b.Street, b.City + ", NJ " + b.Zip}
}

func ratingArray(b Business) any {
	if b.Reviews == 0 {
		return nil
	}
	return []any{nil, nil, nil, nil, nil, nil, nil, b.Rating, float64(b.Reviews)}
}

func statusText(b Business) string {
	if b.Closed {
		return "Permanently closed"
	}
	return "Open ⋅ Closes 6\u202fPM"
}

func openingHours(b Business) []any {
	if b.Closed {
		return nil
	}
	var days []any
	for i, day := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		hours := "8\u202fAM–6\u202fPM"
		if day == "Sunday" {
			hours = "Closed"
		}
		days = append(days, []any{day, i + 1, []any{2026, 11, 23 + i}, []any{[]any{hours}}, 0, 1})
	}
	return days
}

package business

// Complete fills what known lacks with what seen has; a known value stands.
func Complete(known, seen Place) Place {
	if known.Phone == "" || known.Phone == seen.Phone && known.PhoneNational == "" { // the two forms are of one number
		known.PhoneNational = seen.PhoneNational
	}
	for _, f := range []struct{ known, seen *string }{
		{&known.Name, &seen.Name}, {&known.Address, &seen.Address}, {&known.Street, &seen.Street}, {&known.City, &seen.City},
		{&known.State, &seen.State}, {&known.PostalCode, &seen.PostalCode}, {&known.Country, &seen.Country},
		{&known.Phone, &seen.Phone}, {&known.Website, &seen.Website}, {&known.Category, &seen.Category},
		{&known.Price, &seen.Price}, {&known.DataID, &seen.DataID}, {&known.CID, &seen.CID}, {&known.PlaceID, &seen.PlaceID},
		{&known.KGMID, &seen.KGMID}, {&known.OSMID, &seen.OSMID}, {&known.MapURL, &seen.MapURL}, {&known.Status, &seen.Status},
		{&known.Attribution, &seen.Attribution},
	} {
		if *f.known == "" {
			*f.known = *f.seen
		}
	}
	if len(known.Categories) == 0 {
		known.Categories = seen.Categories
	}
	if len(known.OpeningHours) == 0 {
		known.OpeningHours = seen.OpeningHours
	}
	known.Rating, known.ReviewsCount = orElse(known.Rating, seen.Rating), orElse(known.ReviewsCount, seen.ReviewsCount)
	known.Latitude, known.Longitude = orElse(known.Latitude, seen.Latitude), orElse(known.Longitude, seen.Longitude)
	return known
}

func orElse[T any](known, seen *T) *T {
	if known != nil {
		return known
	}
	return seen
}

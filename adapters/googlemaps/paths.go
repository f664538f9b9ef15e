package googlemaps

// path leads through nested arrays to a value.
type path []int

// The places of a business's fields in its array d, which stands at [14] of
// each entry json[0][1][1:] of a search's reply, and at [6] of a place's.
var (
	repliesPath  = path{0, 1}
	businessPath = path{14}
	placePath    = path{6}

	titlePath      = path{11}
	categoriesPath = path{13}
	addressPath    = path{18} // "Name, address"
	websitePath    = path{7, 0}
	phonePath      = path{178, 0, 0} // as it is shown
	phoneE164Path  = path{178, 0, 3}
	ratingPath     = path{4, 7}
	reviewsPath    = path{4, 8}
	pricePath      = path{4, 2}
	latitudePath   = path{9, 2}
	longitudePath  = path{9, 3}
	dataIDPath     = path{10}
	placeIDPath    = path{78}
	kgmidPath      = path{89}
	linkPath       = path{27}
	statusPath     = path{34, 4, 4}
	hoursPath      = path{203, 0} // since 2025: ["Monday", …, [["8 AM–6 PM", …]]]
	oldHoursPath   = path{34, 1}  // before: ["Monday", ["8 AM–6 PM"]]
	streetPath     = path{183, 1, 1}
	cityPath       = path{183, 1, 3}
	postalCodePath = path{183, 1, 4}
	statePath      = path{183, 1, 5}
	countryPath    = path{183, 1, 6}
)

// at answers what a path leads to, nil when any step is missing or of another
// kind than expected.
func at(data any, p path) any {
	for _, i := range p {
		list, ok := data.([]any)
		if !ok || i < 0 || i >= len(list) {
			return nil
		}
		data = list[i]
	}
	return data
}

func textAt(data any, p path) string {
	s, _ := at(data, p).(string)
	return clean(s)
}

func numberAt(data any, p path) *float64 {
	n, ok := at(data, p).(float64)
	if !ok {
		return nil
	}
	return &n
}

func countAt(data any, p path) *int {
	n, ok := at(data, p).(float64)
	if !ok || n < 0 || n > 1e9 {
		return nil
	}
	count := int(n)
	return &count
}

func listAt(data any, p path) []any {
	list, _ := at(data, p).([]any)
	return list
}

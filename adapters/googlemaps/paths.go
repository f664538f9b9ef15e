package googlemaps

// path leads through nested arrays to a value.
type path []int

// field is a path with the name under which its hits and misses are counted.
type field struct {
	name string
	path path
}

// The places of a business's fields in its array d, which stands at [14] of
// each entry json[0][1][1:] of a search's reply, in some at [1] of each entry
// json[64], and at [6] of a place's.
var (
	repliesPath       = path{0, 1}
	businessPath      = path{14}
	otherRepliesPath  = path{64}
	otherBusinessPath = path{1}
	placePath         = path{6}

	titleField      = field{"name", path{11}}
	categoriesField = field{"categories", path{13}}
	addressField    = field{"address", path{18}} // "Name, address"
	partsField      = field{"address_parts", path{2}}
	websiteField    = field{"website", path{7, 0}}
	phoneField      = field{"phone", path{178, 0, 0}} // as it is shown
	nationalField   = field{"phone_national", path{178, 0, 1, 0, 0}}
	phoneE164Field  = field{"phone_e164", path{178, 0, 3}}
	ratingField     = field{"rating", path{4, 7}}
	reviewsField    = field{"reviews", path{4, 8}}
	priceField      = field{"price", path{4, 2}}
	latitudeField   = field{"latitude", path{9, 2}}
	longitudeField  = field{"longitude", path{9, 3}}
	dataIDField     = field{"data_id", path{10}}
	placeIDField    = field{"place_id", path{78}}
	kgmidField      = field{"kgmid", path{89}}
	linkField       = field{"link", path{27}}
	statusField     = field{"status", path{34, 4, 4}}
	hoursField      = field{"hours", path{203, 0}}    // since 2025: ["Monday", …, [["8 AM–6 PM", …]]]
	oldHoursField   = field{"hours_old", path{34, 1}} // before: ["Monday", ["8 AM–6 PM"]]
	streetField     = field{"street", path{183, 1, 1}}
	cityField       = field{"city", path{183, 1, 3}}
	postalCodeField = field{"postal_code", path{183, 1, 4}}
	stateField      = field{"state", path{183, 1, 5}}
	countryField    = field{"country", path{183, 1, 6}}
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

func listAt(data any, p path) []any {
	list, _ := at(data, p).([]any)
	return list
}

// record is the array of one business, with the counts of what is found in it.
type record struct {
	data  any
	reads reads
	from  string
}

func (r record) text(f field) string {
	text := textAt(r.data, f.path)
	r.reads.count(r.from, f.name, text != "")
	return text
}

func (r record) number(f field) *float64 {
	n, ok := at(r.data, f.path).(float64)
	r.reads.count(r.from, f.name, ok)
	if !ok {
		return nil
	}
	return &n
}

func (r record) integer(f field) *int {
	n := r.number(f)
	if n == nil || *n < 0 || *n > 1e9 {
		return nil
	}
	count := int(*n)
	return &count
}

func (r record) list(f field) []any {
	list := listAt(r.data, f.path)
	r.reads.count(r.from, f.name, len(list) > 0)
	return list
}

func (r record) texts(f field) []string {
	var texts []string
	for _, item := range r.list(f) {
		if text, ok := item.(string); ok && clean(text) != "" {
			texts = append(texts, clean(text))
		}
	}
	return texts
}

package googlemaps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadstream/domain/business"
	"leadstream/internal/phone"
)

// TestCapturedReply reads a real reply, where the folder of captures is named.
func TestCapturedReply(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("LEADSTREAM_CAPTURES")
	if folder == "" {
		t.Skip("LEADSTREAM_CAPTURES names no folder")
	}
	body, err := os.ReadFile(filepath.Join(folder, "google-maps", "search-cafes.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := reads{}
	places, err := parseReply(body, "US", r)
	if err != nil || len(places) != 20 {
		t.Fatalf("%d places, %v", len(places), err)
	}
	has := map[string]int{}
	for _, p := range places {
		for field, present := range map[string]bool{
			"name": p.Name != "", "address": p.Address != "", "street": p.Street != "", "city": p.City != "", "postal code": p.PostalCode != "", "country": p.Country == "GR",
			"phone": strings.HasPrefix(p.Phone, "+30") && len(p.Phone) == 13, "national phone": "+30"+strings.ReplaceAll(p.PhoneNational, " ", "") == p.Phone, "website": strings.HasPrefix(p.Website, "http"), "category": p.Category != "" && len(p.Categories) > 0,
			"rating": p.Rating != nil, "reviews": p.ReviewsCount != nil, "price": p.Price != "", "hours": len(p.OpeningHours) == 7 && len(p.OpeningHours[0].Hours) > 0,
			"coordinates": p.Latitude != nil && p.Longitude != nil, "data id": p.DataID != "", "cid": p.CID != "", "place id": strings.HasPrefix(p.PlaceID, "ChIJ"),
			"kgmid": strings.HasPrefix(p.KGMID, "/g/"), "link": p.MapURL != "", "open": p.Status == business.Open, "hours understood": len(p.OpeningHours) == 7 && understood(p.OpeningHours),
		} {
			if present {
				has[field]++
			}
		}
	}
	for field, n := range has { // what the reply holds, counted in it by hand
		want := map[string]int{"website": 8, "price": 5, "hours": 19, "hours understood": 19}[field]
		if want == 0 {
			want = 20
		}
		if n != want {
			t.Errorf("%d of 20 have %s, want %d", n, field, want)
		}
	}
	if len(has) != 22 {
		t.Errorf("fields %v", has)
	}
	first := places[0]
	if first.Name != "Dream Coffee" || first.Address != "Eakou 74, Ilion 131 22, Greece" || first.City != "Ilion" || first.Phone != "+302102616578" || *first.Rating != 4.8 ||
		*first.ReviewsCount != 48 || first.OpeningHours[0].Day != "Saturday" || first.OpeningHours[0].Hours[0] != "7 AM–8:30 PM" || first.CID != "1629270299114224275" {
		t.Errorf("the first is %+v", first)
	}
	if warnings := r.warnings(); len(warnings) > 0 || r[read{fromReply, "name"}] != (Reads{20, 0}) || r[read{fromReply, "website"}] != (Reads{8, 12}) {
		t.Errorf("reads %v, warnings %q", r, warnings)
	}
}

func understood(week []business.DayHours) bool {
	for _, d := range week {
		_, known := d.Weekday()
		if _, read := d.Periods(); !known || !read {
			return false
		}
	}
	return true
}

func FuzzReply(f *testing.F) {
	f.Add([]byte(")]}'\n[[\"q\",[[],[null,null,null,null,null,null,null,null,null,null,null,null,null,null,[1,2,3,4,[5],6,7,8,9,10,11,\"Name\"]]]]]"))
	f.Add([]byte(`[[0,[0,{"a":1}]]]`))
	f.Add([]byte(``))
	f.Add([]byte(`{"c":0,"d":")]}'\n[[\"q\",[[],[]]]]"}/*""*/{"c":1}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		places, err := parseReply(body, "US", reads{})
		if err == nil {
			for _, p := range places {
				_ = p.Identity().Key()
			}
		}
		parsePlace(string(body), "US", nil)
	})
}

func TestCards(t *testing.T) {
	t.Parallel()
	const link = "http://maps.example/maps/place/A/data=!4m7!3m6!1s0x80c32af5dab38457:0x7eb1082369d23dba!8m2!3d33.9874604!4d-117.8961057!16s%2Fg%2F1td6yczy!19sChIJV4Sz2vUqw4ARuj3SaSMIsX4?authuser=0"
	p := card{Name: "\ue123A\u202fB", Href: link, Rating: "4,3 Sterne 1.016 Rezensionen", Rows: []string{"Plumber · \ue934 · 1 Main St, Freehold, NJ 07728", "Permanently closed"},
		Phone: "(732) 555-0100", Website: "/url?q=http://a.example/%3Fx%3D1&opi=1"}.place("US")
	want := business.Place{
		Name: "A B", CID: "9129086867848969658", DataID: "0x80c32af5dab38457:0x7eb1082369d23dba", PlaceID: "ChIJV4Sz2vUqw4ARuj3SaSMIsX4", KGMID: "/g/1td6yczy",
		Phone: "+17325550100", Website: "http://a.example/?x=1", Category: "Plumber", Street: "1 Main St", City: "Freehold", State: "NJ", PostalCode: "07728",
		Status: business.PermanentlyClosed,
	}
	if p.Name != want.Name || p.CID != want.CID || p.PlaceID != want.PlaceID || p.KGMID != want.KGMID || p.Phone != want.Phone || p.Website != want.Website ||
		p.Category != want.Category || p.Street != want.Street || p.City != want.City || p.State != want.State || p.PostalCode != want.PostalCode || p.Status != want.Status {
		t.Errorf("got %+v", p)
	}
	if *p.Latitude != 33.9874604 || *p.Longitude != -117.8961057 || *p.Rating != 4.3 || *p.ReviewsCount != 1016 {
		t.Errorf("at %v %v, rating %v of %v", *p.Latitude, *p.Longitude, *p.Rating, p.ReviewsCount)
	}
}

func TestRatings(t *testing.T) {
	t.Parallel()
	for label, want := range map[string][2]float64{ // rating, reviews; 0 is none
		"4.3 stars 16 Reviews": {4.3, 16}, "4.9 stars": {4.9, 0}, "No reviews": {0, 0}, "4,3 Sterne": {4.3, 0}, "4.0 stars 1,234 Reviews": {4.0, 1234},
		"": {0, 0}, "9.9 stars": {0, 0}, "4.5 (12)": {4.5, 12},
		"4,3 Sterne 1.016 Rezensionen": {4.3, 1016}, "4,3 étoiles 1\u202f016 avis": {4.3, 1016}, "4,7\u00a0Sterne 2\u00a0345 Rezensionen": {4.7, 2345}, "4.3 1,234 reviews": {4.3, 1234},
		"4,1 Sterne aus 5 Rezensionen": {4.1, 5}, "3,9 estrellas 12 reseñas": {3.9, 12},
	} {
		rating, reviews := parseRating(label)
		if got := value(rating); got != want[0] {
			t.Errorf("%q: rating %v", label, got)
		}
		if reviews == nil != (want[1] == 0) || reviews != nil && float64(*reviews) != want[1] {
			t.Errorf("%q: reviews %v", label, reviews)
		}
	}
}

func value(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

func TestAddressesAreSplit(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][4]string{ // street, city, state, postal code
		"1 Main St, Freehold, NJ 07728":                       {"1 Main St", "Freehold", "NJ", "07728"},
		"1 Main St, Ste 5, Freehold, NJ 07728, United States": {"1 Main St, Ste 5", "Freehold", "NJ", "07728"},
		"10 King St W, Toronto, ON M5H 1A1, Canada":           {"10 King St W", "Toronto", "ON", "M5H 1A1"},
		"10 Downing St, London SW1A 2AA, United Kingdom":      {"10 Downing St", "London", "", "SW1A 2AA"},
		"Hauptstraße 1, 10115 Berlin":                         {"Hauptstraße 1", "Berlin", "", "10115"},
		"12 Rue de Rivoli, 75004 Paris, France":               {"12 Rue de Rivoli", "Paris", "", "75004"},
		"C. Mayor, 5, 28013 Madrid, España":                   {"C. Mayor, 5", "Madrid", "", "28013"},
		"Dam 1, 1012 JS Amsterdam":                            {"Dam 1", "Amsterdam", "", "1012 JS"},
		"ul. Prosta 7, 00-850 Warszawa":                       {"ul. Prosta 7", "Warszawa", "", "00-850"},
		"91 Main St":                                          {"91 Main St", "", "", ""},
		"Freehold Raceway Mall":                               {"", "", "", ""},
		"59H5+9XG":                                            {"", "", "", ""},
	} {
		p := completeAddress(business.Place{Address: line})
		if got := [4]string{p.Street, p.City, p.State, p.PostalCode}; got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
	if p := completeAddress(business.Place{Address: "1 Main St, Freehold, NJ 07728", City: "Known"}); p.City != "Known" || p.Street != "1 Main St" {
		t.Errorf("a part that was known became %+v", p)
	}
}

func TestPhonesFollowTheirCountry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ shown, country, want, national string }{
		{"(732) 555-0100", "", "+17325550100", "(732) 555-0100"}, {"030 12345678", "DE", "+493012345678", "030 12345678"},
		{"+49 30 12345678", "", "+493012345678", "030 12345678"}, {"0123456789", "FR", "+33123456789", "01 23 45 67 89"},
		{"02079460123", "GB", "+442079460123", "020 7946 0123"}, {"call us", "", "call us", ""}, {"", "", "", ""},
	} {
		if got := phone.E164(clean(tt.shown), regionOf(tt.country, "us")); got != tt.want || phone.National(got) != tt.national {
			t.Errorf("%q in %q is %q, %q, want %q, %q", tt.shown, tt.country, got, phone.National(got), tt.want, tt.national)
		}
	}
}

// TestPhoneInEachOfItsPlaces reads it where the reply has it in one form alone.
func TestPhoneInEachOfItsPlaces(t *testing.T) {
	t.Parallel()
	for name, phones := range map[string][]any{
		"E.164": {nil, nil, nil, "+302102616578"}, "international": {"+30 21 0261 6578"}, "national": {nil, []any{[]any{"21 0261 6578", 1.0}}},
	} {
		d := make([]any, 184)
		d[11], d[178], d[183] = "Cafe", []any{phones}, []any{nil, []any{6: "GR"}}
		if p, _ := parseBusiness(record{d, nil, fromReply}, "US"); p.Phone != "+302102616578" {
			t.Errorf("%s: %q", name, p.Phone)
		}
	}
}

// TestRepliesComeInSeveralForms reads one place from each.
func TestRepliesComeInSeveralForms(t *testing.T) {
	t.Parallel()
	array := `[null,null,null,null,null,null,null,null,null,null,"0x1:0x2","The \"Place\""]`
	usual := `[["q",[[],[null,null,null,null,null,null,null,null,null,null,null,null,null,null,` + array + `]]]]`
	other := `[` + strings.Repeat("null,", 64) + `[[null,` + array + `]]]`
	chunk := func(text string) string {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return `{"c":0,"d":` + string(quoted) + `,"e":"x"}/*""*/`
	}
	for name, body := range map[string]string{
		"plain": usual, "guarded": ")]}'\n" + usual, "chunk": chunk(")]}'\n" + usual), "chunks": chunk(")]}'\n"+usual[:40]) + chunk(usual[40:]), "elsewhere": ")]}'\n" + other,
	} {
		r := reads{}
		places, err := parseReply([]byte(body), "US", r)
		if err != nil || len(places) != 1 || places[0].Name != `The "Place"` || places[0].CID != "2" || len(r.warnings()) > 0 {
			t.Errorf("%s: %+v, %v, %q", name, places, err, r.warnings())
		}
	}
	for name, body := range map[string]string{"cut off": ")]}'\n" + usual[:50], "no chunk": `{"c":0}`, "a page": "<html>"} {
		if places, err := parseReply([]byte(body), "US", nil); err == nil || len(places) > 0 {
			t.Errorf("%s: %+v, %v", name, places, err)
		}
	}
}

func TestOperatingStatus(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Open ⋅ Closes 6\u202fPM": business.Open, "": business.Open, "Permanently closed": business.PermanentlyClosed, "DAUERHAFT GESCHLOSSEN": business.PermanentlyClosed,
		"Définitivement fermé": business.PermanentlyClosed, "Cerrado\u00a0permanentemente": business.PermanentlyClosed, "Chiuso definitivamente": business.PermanentlyClosed,
		"Zamknięte na stałe": business.PermanentlyClosed, "Permanent gesloten": business.PermanentlyClosed, "Temporarily closed": business.TemporarilyClosed,
		"Vorübergehend geschlossen": business.TemporarilyClosed, "Closed ⋅ Opens 8 AM": business.Open, "Geschlossen ⋅ Öffnet um 08:00": business.Open,
	} {
		if got := operatingStatus(text); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
}

// TestTypesThatAreNotExpected has every path lead to another kind of value.
func TestTypesThatAreNotExpected(t *testing.T) {
	t.Parallel()
	array := make([]any, 210)
	for _, odd := range []any{nil, "text", 7.5, -1e300, true, []any{}, []any{[]any{[]any{}}}, map[string]any{"0": 1}} {
		for i := range array {
			array[i] = odd
		}
		array[11] = "Odd"
		p, ok := parseBusiness(record{array, nil, fromReply}, "US")
		if !ok || p.Name != "Odd" || p.Latitude != nil || len(p.OpeningHours) != 0 || p.ReviewsCount != nil {
			t.Errorf("%v: %+v", odd, p)
		}
	}
}

func TestWebsites(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"http://a.example/": "http://a.example/", "/url?q=http://a.example/&sa=U": "http://a.example/", "https://www.google.com/url?q=https%3A%2F%2Fb.example": "https://b.example",
		"/aclk?sa=L&adurl=http://ad.example": "", "": "", "javascript:alert(1)": "", "/url?q=": "",
		"http://a.example/url?x=1": "http://a.example/url?x=1", "http://": "", "mailto:info@a.example": "", "https://www.google.com/url?q=/aclk%3Fsa=L": "",
	} {
		if got := website(link); got != want {
			t.Errorf("%q → %q, want %q", link, got, want)
		}
	}
}

func TestPlusCodeIsNoAddress(t *testing.T) {
	t.Parallel()
	for address, kept := range map[string]bool{"59H5+9XG": false, "87G7X2VV+9X Freehold": false, "1 Main St": true} {
		if p := completeAddress(business.Place{Address: address}); (p.Address != "") != kept {
			t.Errorf("%q became %q", address, p.Address)
		}
	}
}

func TestOnePlaceIsToldOnce(t *testing.T) {
	t.Parallel()
	known := newTold()
	known.add(business.Place{Name: "Clinic", Address: "1 Main St", CID: "1", PlaceID: "ChIJa"}, true)
	known.add(business.Place{Name: "Bare", Address: "2 Main St"}, true)
	for _, tt := range []struct {
		name  string
		place business.Place
		told  bool
	}{
		{"one id in common", business.Place{Name: "Renamed", PlaceID: "ChIJa"}, true},
		{"other ids at the same address", business.Place{Name: "Clinic", Address: "1 Main St", CID: "2", PlaceID: "ChIJb"}, false},
		{"no id at the same address", business.Place{Name: "CLINIC", Address: "1 Main St."}, true},
		{"ids for what had none", business.Place{Name: "Bare", Address: "2 Main St", CID: "3"}, true},
		{"ids and no address", business.Place{Name: "Clinic", CID: "4"}, false},
	} {
		if known.has(tt.place) != tt.told {
			t.Errorf("%s: told is %v", tt.name, !tt.told)
		}
	}
}

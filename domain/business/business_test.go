package business_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"leadstream/domain/business"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		place business.Place
		keys  []string
	}{
		{"cid from the data id", business.Place{Name: "A", DataID: "0x80c32af5dab38457:0xff"}, []string{"cid:255"}},
		{"cid before place id before kgmid", business.Place{Name: "A", CID: "1", PlaceID: "ChIJx", KGMID: "/g/1"},
			[]string{"cid:1", "place:ChIJx", "kg:/g/1"}},
		{"name and address last", business.Place{Name: "Joe's  Café!", Address: "1 Main St., Freehold", PlaceID: "ChIJx"},
			[]string{"place:ChIJx", "name:joe s café|1 main st freehold"}},
		{"name alone where nothing else is known", business.Place{Name: "Joe's"}, []string{"name:joe s|"}},
		{"an OpenStreetMap number where there is no address", business.Place{Name: "A", OSMID: "node/1"}, []string{"osm:node/1"}},
		{"no OpenStreetMap number beside an address", business.Place{Name: "A", Address: "1 Main St", OSMID: "node/1"}, []string{"name:a|1 main st"}},
		{"no OpenStreetMap number beside another id", business.Place{Name: "A", CID: "1", OSMID: "node/1"}, []string{"cid:1"}},
		{"a data id that is none", business.Place{Name: "A", DataID: "garbage"}, []string{"name:a|"}},
	} {
		if got := tt.place.Identity().Keys(); !slices.Equal(got, tt.keys) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.keys)
		}
	}
}

func TestMergeKeepsTheMoreConfident(t *testing.T) {
	t.Parallel()
	got := business.Merge(
		[]business.Contact{{Kind: business.Email, Value: "Info@a.example", Confidence: 60, Provider: "website"}},
		[]business.Contact{
			{Kind: business.Email, Value: "info@A.example", Confidence: 90, Provider: "hunter"},
			{Kind: business.Phone, Value: "+17325550100", Confidence: 50},
		},
	)
	if len(got) != 2 || got[0].Provider != "hunter" || got[1].Kind != business.Phone {
		t.Errorf("got %+v", got)
	}
}

func TestCompleteKeepsBothFormsOfOneNumber(t *testing.T) {
	t.Parallel()
	seen := business.Place{Phone: "+17325550100", PhoneNational: "(732) 555-0100"}
	for _, tt := range []struct{ known, want business.Place }{
		{business.Place{}, seen},
		{business.Place{Phone: "+17325550100"}, seen},
		{business.Place{Phone: "+17325550199"}, business.Place{Phone: "+17325550199"}},
		{business.Place{Phone: "+17325550199", PhoneNational: "(732) 555-0199"}, business.Place{Phone: "+17325550199", PhoneNational: "(732) 555-0199"}},
	} {
		if got := business.Complete(tt.known, seen); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q, %q became %q, %q", tt.known.Phone, tt.known.PhoneNational, got.Phone, got.PhoneNational)
		}
	}
}

func TestFoundOnTheWire(t *testing.T) {
	t.Parallel()
	rating, reviews, lat, lng := 4.5, 12, 40.26, -74.27
	found := business.Found{
		JobID: "j1", BusinessType: "plumbing", Enrich: true, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		Place: business.Place{
			Name: "Acme Plumbing", Address: "1 Main St, Freehold, NJ 07728", Street: "1 Main St", City: "Freehold", State: "NJ",
			PostalCode: "07728", Country: "US", Phone: "+17325550100", PhoneNational: "(732) 555-0100", Website: "http://acme.example/", Category: "Plumber",
			Categories: []string{"Plumber"}, Rating: &rating, ReviewsCount: &reviews, Price: "$$",
			OpeningHours: []business.DayHours{{Day: "Monday", Hours: []string{"8 AM–6 PM"}}},
			Latitude:     &lat, Longitude: &lng, DataID: "0x1:0x2", CID: "2", PlaceID: "ChIJ1", KGMID: "/g/1",
			MapURL: "http://maps.example/1", Status: business.Open,
			OSMID: "node/1", Attribution: "© Somebody", Contacts: []business.Contact{
				{Kind: business.Email, Value: "info@acme.example", Confidence: 70, Provider: "osm", SourceURL: "http://maps.example/1"},
			},
		},
	}
	golden, err := os.ReadFile("testdata/business_found.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSpace(string(golden)) {
		t.Errorf("written as\n%s\nwant\n%s", got, golden)
	}
	var back business.Found
	if err := json.Unmarshal(golden, &back); err != nil || !reflect.DeepEqual(back, found) {
		t.Errorf("read as %+v, %v", back, err)
	}
}

func TestFoundNeedsJobAndName(t *testing.T) {
	t.Parallel()
	for _, f := range []business.Found{{Place: business.Place{Name: "A"}}, {JobID: "j", Place: business.Place{Name: " "}}} {
		if f.Validate() == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
}

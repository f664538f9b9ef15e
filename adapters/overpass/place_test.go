package overpass

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"leadstream/domain/business"
)

func TestOpeningHours(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":     "[]",
		"24/7": "[{Monday [Open 24 hours]} {Tuesday [Open 24 hours]} {Wednesday [Open 24 hours]} {Thursday [Open 24 hours]} {Friday [Open 24 hours]} {Saturday [Open 24 hours]} {Sunday [Open 24 hours]}]",
		"Mo-We 08:00-12:00,13:00-17:00; Fr,Su 9:00-10:00; PH off": "[{Monday [08:00–12:00 13:00–17:00]} {Tuesday [08:00–12:00 13:00–17:00]} {Wednesday [08:00–12:00 13:00–17:00]} {Friday [9:00–10:00]} {Sunday [9:00–10:00]}]",
		"Mo-Tu 08:00-18:00; Tu off":                               "[{Monday [08:00–18:00]} {Tuesday [Closed]}]",
		"Sa-Mo 10:00-14:00":                                       "[{Monday [10:00–14:00]} {Saturday [10:00–14:00]} {Sunday [10:00–14:00]}]",
		"Mo 20:00-02:00+":                                         "[{Monday [20:00–02:00+]}]",
		"Apr-Oct: Mo-Fr 08:00-18:00":                              "[{opening_hours [Apr-Oct: Mo-Fr 08:00-18:00]}]",
		`Mo-Fr sunrise-sunset "by appointment"`:                   `[{opening_hours [Mo-Fr sunrise-sunset "by appointment"]}]`,
		"Mo-Fr 08:00-18:00; Sa[1] 10:00-12:00":                    "[{opening_hours [Mo-Fr 08:00-18:00; Sa[1] 10:00-12:00]}]",
		" Mo 08:00-09:00 ;; ":                                     "[{Monday [08:00–09:00]}]",
	} {
		if got := fmt.Sprint(openingHours(text)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for text, holds := range map[string]func(p business.Place, ok bool) bool{
		`{"type":"node","id":1,"tags":{"name":"A"}}`:                              func(_ business.Place, ok bool) bool { return !ok },
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"shop":"yes"}}`:            func(_ business.Place, ok bool) bool { return !ok },
		`{"type":"node","id":1,"lat":1,"lon":2}`:                                  func(_ business.Place, ok bool) bool { return !ok },
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","shop":"yes"}}`: func(p business.Place, _ bool) bool { return p.Category == "Shop" && p.OSMID == "node/1" },
		`{"type":"way","id":7,"center":{"lat":1,"lon":2},"tags":{"name":"A","shop":"é_b"}}`: func(p business.Place, _ bool) bool {
			return *p.Longitude == 2 && p.Category == "É b" && p.OSMID == "way/7"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","phone":"(732) 555-0100; 2"}}`: func(p business.Place, _ bool) bool {
			return p.Phone == "+17325550100" && p.PhoneNational == "(732) 555-0100"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","contact:mobile":"030 1234567","addr:country":"de"}}`: func(p business.Place, _ bool) bool {
			return p.Phone == "+49301234567" && p.PhoneNational == "030 1234567" && p.Country == "DE"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","website":"javascript:alert(1)","email":"no;Info@A.example; b@a.example"}}`: func(p business.Place, _ bool) bool {
			return p.Website == "" && len(p.Contacts) == 2 && p.Contacts[0].Value == "info@a.example" && p.Contacts[0].SourceURL == "https://www.openstreetmap.org/node/1"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","addr:country":"DE","addr:street":"Hauptstr.","addr:housenumber":"3","addr:postcode":"10115","addr:city":"Berlin"}}`: func(p business.Place, _ bool) bool {
			return p.Street == "Hauptstr. 3" && p.Address == "Hauptstr. 3, 10115 Berlin"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","contact:instagram":"@acme","contact:facebook":"https://evil.example/x","facebook":"https://fb.com/y"}}`: func(p business.Place, _ bool) bool {
			return len(p.Contacts) == 1 && p.Contacts[0].Value == "https://www.instagram.com/acme"
		},
		`{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"A","contact:facebook":"facebook.com/acme"}}`: func(p business.Place, _ bool) bool {
			return len(p.Contacts) == 1 && strings.HasSuffix(p.Contacts[0].Value, "facebook.com/acme") && p.Contacts[0].Kind == business.Social
		},
	} {
		var e element
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if p, ok := e.place("US"); !holds(p, ok) {
			t.Errorf("%s: %v %+v", text, ok, p)
		}
	}
}

// TestKinds keeps the table to tags that can be asked for, and each word to one entry.
func TestKinds(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile(`^[a-z:]+=[a-z_]+$`)
	for word, tags := range kinds {
		for _, text := range tags {
			if !tag.MatchString(text) {
				t.Errorf("%s: %q is no tag", word, text)
			}
		}
	}
	for asked, want := range map[string]string{
		"plumbing": "craft=plumber", "Plumbers": "craft=plumber", " dentist ": "amenity=dentist", "bakeries": "shop=bakery", "law firms": "office=lawyer",
		"coffee shops": "amenity=cafe", "gyms": "leisure=fitness_centre",
	} {
		key, value, _ := strings.Cut(want, "=")
		if got := filtersFor(asked); got[0] != fmt.Sprintf("[%q=%q]", key, value) {
			t.Errorf("%s: %v, want %s", asked, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	want := `[out:json][timeout:60][maxsize:134217728];
(
nwr["amenity"="dentist"]["name"](around:1500,40.260000,-74.273800);
nwr["healthcare"="dentist"]["name"](around:1500,40.260000,-74.273800);
);
out center 3000;`
	if got := queryFor("dentist", centre{Lat: 40.26, Lon: -74.2738}, 1.5); got != want {
		t.Errorf("asks\n%s\nwant\n%s", got, want)
	}
}

func FuzzElement(f *testing.F) {
	f.Add("name", "A", "opening_hours", "Mo-Fr 08:00-18:00", "phone", "+1 732 555 0100")
	f.Add("website", "a.example", "email", "a@b.c", "name", "X")
	f.Add("shop", "yes;b_c", "contact:facebook", "@x", "name", "é")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3 string) {
		lat := 1.0
		e := element{Type: "node", ID: 1, Lat: &lat, Lon: &lat, Tags: map[string]string{k1: v1, k2: v2, k3: v3}}
		if p, ok := e.place("US"); ok && p.Validate() != nil {
			t.Errorf("%v is told of as %+v", e.Tags, p)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("plumbing")
	f.Add(`x"](around:1,1,1);//`)
	f.Fuzz(func(t *testing.T, kind string) {
		q := queryFor(kind, centre{Lat: 1, Lon: 2}, 1)
		outside := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).ReplaceAllString(q, `""`)
		if !regexp.MustCompile(`^\[out:json\]\[timeout:60\]\[maxsize:134217728\];\n\((?:\nnwr(?:\[~?""(?:(?:=|~)""(?:,i)?)?\])+\(around:1000,1\.000000,2\.000000\);)+\n\);\nout center 3000;$`).MatchString(outside) {
			t.Errorf("%q is asked as\n%s", kind, q)
		}
	})
}

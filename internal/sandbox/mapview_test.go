package sandbox_test

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

// TestSearchesOfAView look at a part of the county, and find there what one
// search of the whole does not reach.
func TestSearchesOfAView(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(sandbox.TownOptions{Size: 1200, Spread: 10})
	_, c := start(t, sandbox.Options{Town: town})
	howell, known := town.Locate("Howell, NJ")
	if !known {
		t.Fatal("Howell is not on the map")
	}
	const metres = 4000
	page := fetch(t, c, "http://maps.example/maps/search/plumbing/@40.2191,-74.2358,15z?hl=en", "Cookie", "SOCS=CAE")
	if !strings.Contains(page.body, `data-view="!4m8!1m3!1d`) || !strings.Contains(page.body, `data-query="plumbing"`) {
		t.Fatalf("page of a view: %.500s", page.body)
	}
	reply := cards(t, c, "http://maps.example/search?tbm=map&hl=en&q=plumbing&pb=!4m8!1m3!1d4000.0!2d-74.2358!3d40.2201!7i20!8i0")
	found := map[string]bool{}
	for _, card := range reply {
		found[card["name"].(string)] = true
	}
	beyond := map[string]bool{}
	for _, b := range town.Find("plumbing near Freehold, NJ") {
		beyond[b.Name] = true
	}
	fresh := 0
	for _, b := range town.Businesses() {
		if !found[b.Name] {
			continue
		}
		if math.Abs(b.Lat-40.2201)*111_320 > metres*0.56 {
			t.Errorf("%s at %v, %v is not in view", b.Name, b.Lat, b.Lng)
		}
		if !beyond[b.Name] {
			fresh++
		}
	}
	if len(found) < 10 || fresh == 0 || math.Abs(howell.Lat-40.2191) > 0.01 {
		t.Errorf("%d found in view, %d of them new; Howell is at %+v", len(found), fresh, howell)
	}
}

func TestTownsHaveAPage(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	for query, name := range map[string]string{"Freehold, NJ": "Freehold", "07731": "Howell", "colts neck, new jersey": "Colts Neck", "freehold plumbing": "", "Atlantis": ""} {
		place, known := s.Town().Locate(query)
		if place.Name != name || known != (name != "") {
			t.Errorf("%q is %+v", query, place)
		}
	}
	led := fetch(t, c, "http://maps.example/maps/search/Howell,%20NJ?hl=en", "Cookie", "SOCS=CAE")
	if led.status != http.StatusFound || !strings.Contains(led.location, "!3d40.256") {
		t.Fatalf("%d %s", led.status, led.location)
	}
	if page := fetch(t, c, "http://maps.example"+led.location, "Cookie", "SOCS=CAE"); !strings.Contains(page.body, `<h1 class="DUwDvf">Howell</h1>`) {
		t.Errorf("page %.400s", page.body)
	}
}

// TestTheMapSpeaksLanguages looks for what it says in each.
func TestTheMapSpeaksLanguages(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	s.Faults().Set(sandbox.Switches{LimitedView: true})
	for language, says := range map[string][4]string{
		"de": {"eingeschränkte Ansicht", "Ende der Liste", "Gesponsert", "nicht finden"}, "fr": {"vue limitée", "fin de la liste", "Sponsorisé", "ne trouve pas"},
		"es": {"vista limitada", "final de la lista", "Patrocinado", "no encuentra"}, "it": {"visualizzazione limitata", "fine dell", "Sponsorizzato", "non riesce a trovare"},
		"pl": {"limited view", "end of the list", "Sponsored", "find"},
	} {
		feed := fetch(t, c, "http://maps.example/maps/search/plumbing?hl="+language, "Cookie", "SOCS=CAE").body
		nothing := fetch(t, c, "http://maps.example/maps/search/submarines?hl="+language, "Cookie", "SOCS=CAE").body
		for i, text := range says {
			if page := feed + nothing; !strings.Contains(page, text) {
				t.Errorf("%s: page %d does not say %q", language, i, text)
			}
		}
	}
	closed := false
	for _, card := range cards(t, c, "http://maps.example/search?tbm=map&hl=fr&q=businesses+near+Freehold&pb=!7i20!8i60") {
		closed = closed || card["hours"] == "Définitivement fermé"
	}
	if !closed {
		t.Error("nothing is closed in French")
	}
}

// TestWhatTheMapLeavesOut switches on what is missing from replies or cards.
func TestWhatTheMapLeavesOut(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	phones := func() (replied, shown, named int) {
		body := reply(t, fetch(t, c, feed+"0").body)
		entries, _ := at(body, 0, 1).([]any)
		for _, entry := range entries[1:] {
			if at(entry, 14, 178, 0, 3) != nil {
				replied++
			}
			if at(entry, 14, 11) != "" {
				named++
			}
		}
		for _, card := range cards(t, c, feed+"0") {
			if card["phone"] != "" && card["sponsored"] == "" {
				shown++
			}
		}
		return replied, shown, named
	}
	allReplied, allShown, _ := phones()
	s.Faults().Set(sandbox.Switches{MapThin: true})
	if replied, shown, _ := phones(); replied >= allReplied || shown != replied || replied == 0 {
		t.Errorf("thin: %d phones in replies, %d on cards", replied, shown)
	}
	s.Faults().Set(sandbox.Switches{MapNoNumbers: true})
	if replied, shown, _ := phones(); replied != 0 || shown != allShown {
		t.Errorf("no numbers: %d phones in replies, %d on cards", replied, shown)
	}
	s.Faults().Set(sandbox.Switches{MapNoLabels: true})
	if _, _, named := phones(); named == 0 || named > 12 {
		t.Errorf("no labels: %d of 20 have a name", named)
	}
	s.Faults().Set(sandbox.Switches{MapBlockReplies: 1, MapCaptcha: true})
	if first := fetch(t, c, feed+"0"); first.status != http.StatusTooManyRequests || fetch(t, c, feed+"0").status != http.StatusOK {
		t.Errorf("a refused reply: %d", first.status)
	}
	if page := fetch(t, c, plumbing, "Cookie", "SOCS=CAE"); page.status != http.StatusOK || !strings.Contains(page.body, "captcha-form") {
		t.Errorf("captcha: %d", page.status)
	}
}

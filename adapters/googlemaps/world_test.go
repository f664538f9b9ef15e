package googlemaps_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadstream/adapters/googlemaps"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

func (s *sightings) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.notes, "\n")
}

func (s *sightings) byCID() map[string]business.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := map[string]business.Place{}
	for _, p := range s.places {
		places[p.CID] = p
	}
	return places
}

// TestLanguages reads the same truth in each, from replies and from cards.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"de", "fr", "es", "it"} {
		t.Run(language, func(t *testing.T) {
			r := newWorld(t, func(o *rigOptions) { o.source = func(o *googlemaps.Options) { o.Language = language } })
			truth := r.town.Town().Find("businesses near Freehold, NJ")
			for _, faults := range []sandbox.Switches{{}, {MapNoJSON: true}, {LimitedView: true}} {
				r.town.Faults().Set(faults)
				see := &sightings{}
				if err := r.search(t.Context(), "businesses", 120, see); err != nil {
					t.Fatal(err)
				}
				compareShown(t, truth, see, faults)
			}
			r.town.Faults().Set(sandbox.Switches{})
			for what, count := range map[string]int{"submarines": 0, truth[60].Name: 1} {
				see := &sightings{}
				if err := r.search(t.Context(), what, 10, see); err != nil || len(see.places) != count {
					t.Errorf("%s: %d places, %v", what, len(see.places), err)
				}
				if count == 1 && (see.places[0].Status != business.PermanentlyClosed || see.places[0].Address != truth[60].Address()) {
					t.Errorf("the one place is %+v", see.places[0])
				}
			}
		})
	}
}

func compareShown(t *testing.T, truth []sandbox.Business, see *sightings, faults sandbox.Switches) {
	t.Helper()
	found := see.byCID()
	if len(found) != len(truth) || len(see.places) != len(truth) {
		t.Fatalf("%+v: %d places, %d different, want %d", faults, len(see.places), len(found), len(truth))
	}
	for _, b := range truth {
		p, status := found[b.CID], business.Open
		switch {
		case b.Closed:
			status = business.PermanentlyClosed
		case b.Paused:
			status = business.TemporarilyClosed
		}
		if p.Name != b.Name || p.Status != status || p.Phone != b.Phone || p.Website != b.Website() || p.Category != b.Trade.Category {
			t.Errorf("%+v: %s is %+v", faults, b.Name, p)
		}
		if (p.Rating == nil) != (b.Reviews == 0) || p.Rating != nil && *p.Rating != b.Rating {
			t.Errorf("%s has the rating %v, want %v", b.Name, p.Rating, b.Rating)
		}
		if p.ReviewsCount != nil && (*p.ReviewsCount != b.Reviews || faults.LimitedView) {
			t.Errorf("%+v: %s has %d reviews, want %d", faults, b.Name, *p.ReviewsCount, b.Reviews)
		}
	}
	if strings.Contains(see.log(), "limited view") != faults.LimitedView {
		t.Errorf("%+v: notes %q", faults, see.log())
	}
}

// TestDetails opens the pages of places that lack something, only when asked to.
func TestDetails(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	truth := r.town.Town().Find("electrician near Freehold, NJ")
	r.town.Faults().Set(sandbox.Switches{MapThin: true})
	search := func(details bool) (*sightings, int) {
		before := r.town.Stats().Kinds["map_place"]
		see := &sightings{}
		query := app.SearchQuery{BusinessType: "electrician", Location: "Freehold, NJ", RadiusKM: 5, MaxResults: 100, Details: details}
		if err := r.source.Search(t.Context(), query, see); err != nil {
			t.Fatal(err)
		}
		return see, r.town.Stats().Kinds["map_place"] - before
	}
	thin, lookedUp := search(false)
	see, pages := search(true)
	missing := 0
	for _, b := range truth {
		before, p := thin.byCID()[b.CID], see.byCID()[b.CID]
		if before.Phone != b.Phone || before.Website != b.Website() {
			missing++
		}
		if p.Phone != b.Phone || p.PhoneNational != b.PhoneNational() || p.Website != b.Website() || p.Name != b.Name {
			t.Errorf("with details %s is %+v", b.Name, p)
		}
	}
	if missing == 0 || pages < missing || pages >= len(truth) || lookedUp != 1 || len(see.places) != len(truth) {
		t.Errorf("%d lacked something, %d pages were opened for %d places, %d without being asked for details", missing, pages, len(see.places), lookedUp)
	}
}

// TestFirstResultsThatCameWithThePage are as full as those that are fetched.
func TestFirstResultsThatCameWithThePage(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	r.town.Faults().Set(sandbox.Switches{MapInlineFirst: true})
	see := &sightings{}
	if err := r.search(t.Context(), "roofing", 100, see); err != nil {
		t.Fatal(err)
	}
	compare(t, r.town.Town().Find("roofing near Freehold, NJ"), see.places)
}

// TestCardsFillGaps has replies without what the cards show.
func TestCardsFillGaps(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	r.town.Faults().Set(sandbox.Switches{MapNoNumbers: true})
	see := &sightings{}
	if err := r.search(t.Context(), "bakery", 100, see); err != nil {
		t.Fatal(err)
	}
	truth := r.town.Town().Find("bakery near Freehold, NJ")
	if len(see.places) != len(truth) {
		t.Fatalf("%d places, want %d", len(see.places), len(truth))
	}
	for _, b := range truth {
		if p := see.byCID()[b.CID]; p.Phone != b.Phone || p.Website != b.Website() || p.City != b.City { // the city is of the reply
			t.Errorf("%s is %+v", b.Name, p)
		}
	}
}

// TestNumbersOfAnotherCountry reads them as the location's country writes them.
func TestNumbersOfAnotherCountry(t *testing.T) {
	t.Parallel()
	d := make([]any, 184)
	d[9], d[11], d[183] = []any{nil, nil, 52.52, 13.405}, "Berlin", []any{nil, []any{6: "DE"}}
	place, err := json.Marshal([]any{6: d})
	if err != nil {
		t.Fatal(err)
	}
	state, err := json.Marshal([]any{3: map[string]any{"ug": []any{5: ")]}'\n" + string(place)}}})
	if err != nil {
		t.Fatal(err)
	}
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if strings.HasSuffix(r.URL.Path, "/Berlin") {
			_, _ = fmt.Fprintf(w, `<h1 class="DUwDvf">Berlin</h1><script>window.APP_INITIALIZATION_STATE = %s;</script>`, state)
			return
		}
		_, _ = fmt.Fprint(w, `<div role="feed"><div class="Nv2PK"><a class="hfpxzc" aria-label="Cafe" href="/maps/place/x/data=!1s0x1:0x2!8m2!3d52.521!4d13.406"></a>
			<span class="UsdlK">030 12345678</span></div><span class="HlvSq">Ende.</span></div>`)
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
	see := &sightings{}
	if err := r.source.Search(t.Context(), app.SearchQuery{BusinessType: "cafe", Location: "Berlin", RadiusKM: 1, MaxResults: 5}, see); err != nil {
		t.Fatal(err)
	}
	if len(see.places) != 1 || see.places[0].Phone != "+493012345678" {
		t.Errorf("places %+v, notes %q", see.places, see.log())
	}
}

// TestFirstPlaceIsToldAtOnce has replies that take long: those of the first
// are told of before the second has come.
func TestFirstPlaceIsToldAtOnce(t *testing.T) {
	t.Parallel()
	r := newWorld(t, func(o *rigOptions) { o.sandbox.FeedDelay = 3 * time.Second })
	var first time.Time
	see := &sightings{onFind: func(n int) error {
		if n == 1 {
			first = time.Now()
		}
		return nil
	}}
	replied := make(chan time.Time, 1)
	go func() {
		testenv.Eventually(t, 20*time.Second, func() bool { return r.town.Stats().Kinds["map_reply"] > 0 }, "a reply is asked for")
		replied <- time.Now().Add(3 * time.Second)
	}()
	if err := r.search(t.Context(), "plumbing", 25, see); err != nil {
		t.Fatal(err)
	}
	if late := first.Sub(<-replied); late > 2*time.Second {
		t.Errorf("told of %s after its reply", late)
	}
}

type rigOptions struct {
	sandbox sandbox.Options
	source  func(*googlemaps.Options)
}

// newWorld is newRig with another sandbox.
func newWorld(t testing.TB, change ...func(*rigOptions)) *rig {
	t.Helper()
	var o rigOptions
	for _, c := range change {
		c(&o)
	}
	return makeRig(t, o)
}

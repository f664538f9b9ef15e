package googlemaps_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadstream/adapters/googlemaps"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
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

// inTown serves another town than the default.
func inTown(town *sandbox.Town) func(*rigOptions) {
	return func(o *rigOptions) { o.sandbox.Town = town }
}

func kilometres(b sandbox.Business, from sandbox.Place) float64 {
	north, east := (b.Lat-from.Lat)*111.195, (b.Lng-from.Lng)*111.195*math.Cos(from.Lat*math.Pi/180)
	return math.Hypot(north, east)
}

// TestMoreThanOneSearchGives collects all of a large area, in parts, each
// place once, and none from outside the radius.
func TestMoreThanOneSearchGives(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(sandbox.TownOptions{Size: 1200, Spread: 6})
	r := newWorld(t, inTown(town))
	centre, _ := town.Locate("Freehold, NJ")
	const radius = 4.0
	truth := map[string]sandbox.Business{}
	for _, b := range town.Businesses() {
		if b.Trade.Word == "plumbing" && kilometres(b, centre) < radius {
			truth[b.CID] = b
		}
	}
	see := &sightings{}
	query := app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: radius, MaxResults: 500}
	if err := r.source.Search(t.Context(), query, see); err != nil {
		t.Fatal(err)
	}
	found := see.byCID()
	if len(found) != len(see.places) {
		t.Errorf("%d places, %d different", len(see.places), len(found))
	}
	for cid, b := range truth {
		if _, ok := found[cid]; !ok {
			t.Errorf("%s at %.2f km is missing", b.Name, kilometres(b, centre))
		}
	}
	if len(truth) < 150 || len(found) > len(truth)+2 { // the earth is no plane
		t.Errorf("found %d of %d", len(found), len(truth))
	}
	if log := see.log(); !strings.Contains(log, "places outside the radius of 4 km") || !strings.Contains(log, "searches of parts of the area") {
		t.Errorf("notes %q", log)
	}
	t.Run("no more than there is", func(t *testing.T) {
		before := r.town.Stats().Kinds["map_search"]
		see := &sightings{}
		small := app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: 0.8, MaxResults: 400}
		if err := r.source.Search(t.Context(), small, see); err != nil || len(see.places) == 0 || len(see.places) > 60 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
		if n := r.town.Stats().Kinds["map_search"] - before; n > 6 { // one of the words, four of the parts
			t.Errorf("%d searches", n)
		}
	})
	t.Run("enough is enough", func(t *testing.T) {
		before := r.town.Stats().Kinds["map_search"]
		see := &sightings{}
		query.MaxResults = 130
		if err := r.source.Search(t.Context(), query, see); err != nil || len(see.places) != 130 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
		if n := r.town.Stats().Kinds["map_search"] - before; n > 8 {
			t.Errorf("%d searches", n)
		}
	})
	t.Run("a part that is blocked", func(t *testing.T) {
		query.MaxResults = 500
		see := &sightings{onFind: func(n int) error {
			if n == 100 {
				r.town.Faults().Set(sandbox.Switches{MapBlock: true})
			}
			return nil
		}}
		err := r.source.Search(t.Context(), query, see)
		r.town.Faults().Set(sandbox.Switches{})
		if !fault.Is(err, fault.Postponed) || len(see.places) < 100 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
	})
}

// TestRadius leaves out what is outside, and says how much.
func TestRadius(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	truth := r.town.Town().Find("dentist near Freehold, NJ")
	centre, _ := r.town.Town().Locate("Freehold, NJ")
	inside := 0
	for _, b := range truth {
		if kilometres(b, centre) < 0.5 {
			inside++
		}
	}
	for _, tt := range []struct {
		location string
		want     int
		note     string
	}{
		{"Freehold, NJ", inside, fmt.Sprintf("left out %d places outside the radius of 0.5 km", len(truth)-inside)},
		{fmt.Sprintf("%f, %f", centre.Lat, centre.Lng), inside, fmt.Sprintf("left out %d places outside the radius of 0.5 km", len(truth)-inside)},
		{"Monmouth county", len(truth), "does not say where the location is"},
	} {
		see := &sightings{}
		query := app.SearchQuery{BusinessType: "dentist", Location: tt.location, RadiusKM: 0.5, MaxResults: 100}
		if err := r.source.Search(t.Context(), query, see); err != nil {
			t.Fatal(err)
		}
		if len(see.places) != tt.want || !strings.Contains(see.log(), tt.note) {
			t.Errorf("%s: %d places, want %d; notes %q", tt.location, len(see.places), tt.want, see.log())
		}
	}
	if inside == 0 || inside == len(truth) {
		t.Errorf("%d of %d are inside", inside, len(truth))
	}
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
		if p.Phone != b.Phone || p.Website != b.Website() || p.Name != b.Name {
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

// TestBlocksWaitLonger takes a search for a robot's in every way the site has.
func TestBlocksWaitLonger(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	registry := prometheus.NewRegistry()
	r := newWorld(t, func(o *rigOptions) {
		o.source = func(o *googlemaps.Options) { o.Now, o.Metrics = func() time.Time { return now }, registry }
	})
	for i, tt := range []struct {
		faults sandbox.Switches
		wait   time.Duration
		found  bool
	}{
		{sandbox.Switches{MapBlock: true}, 5 * time.Minute, false},
		{sandbox.Switches{MapCaptcha: true}, 10 * time.Minute, false},
		{sandbox.Switches{MapBlockReplies: 1}, 20 * time.Minute, false},
		{sandbox.Switches{}, 0, true},
		{sandbox.Switches{MapBlock: true}, 5 * time.Minute, false},
	} {
		r.town.Faults().Set(tt.faults)
		see := &sightings{}
		err := r.search(t.Context(), "plumbing", 10, see)
		until, postponed := fault.PostponedUntil(err)
		if tt.found {
			if err != nil || len(see.places) != 10 {
				t.Errorf("%d: %d places, %v", i, len(see.places), err)
			}
			continue
		}
		if !postponed || until.Sub(now) != tt.wait || !strings.Contains(err.Error(), "blocked") || len(see.places) != 0 {
			t.Errorf("%d: postponed by %s: %v; %d places", i, until.Sub(now), err, len(see.places))
		}
	}
	if n := r.source.Health().Blocked; n != 4 {
		t.Errorf("%d blocks are counted", n)
	}
	if n := metric(t, registry, "leadstream_googlemaps_blocks_total"); n != 4 {
		t.Errorf("the metric says %v", n)
	}
}

// metric sums a metric's series that have all the labels' values.
func metric(t *testing.T, registry *prometheus.Registry, name string, values ...string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			has := map[string]bool{}
			for _, label := range m.GetLabel() {
				has[label.GetValue()] = true
			}
			matches := true
			for _, value := range values {
				matches = matches && has[value]
			}
			if matches {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// TestAChangedSiteIsNoticed loses names and ids of most places, then of all.
func TestAChangedSiteIsNoticed(t *testing.T) {
	t.Parallel()
	registry, logs := prometheus.NewRegistry(), &testenv.Logs{}
	r := newWorld(t, func(o *rigOptions) {
		o.source = func(o *googlemaps.Options) { o.Metrics, o.Logger = registry, logs.Logger() }
	})
	healthy := &sightings{}
	if err := r.search(t.Context(), "plumbing", 100, healthy); err != nil || strings.Contains(healthy.log(), "may have changed") {
		t.Fatalf("%v, notes %q", err, healthy.log())
	}
	hits := metric(t, registry, "leadstream_googlemaps_reads_total", "reply", "name", "hit")
	if hits < 70 || metric(t, registry, "leadstream_googlemaps_reads_total", "card", "identity", "hit") < 70 || metric(t, registry, "leadstream_googlemaps_reads_total", "reply", "name", "miss") != 0 {
		t.Errorf("%v names were read", hits)
	}
	r.town.Faults().Set(sandbox.Switches{MapNoLabels: true})
	see := &sightings{}
	if err := r.search(t.Context(), "plumbing", 100, see); err != nil || len(see.places) == 0 {
		t.Fatalf("%d places, %v", len(see.places), err)
	}
	for _, part := range []string{"name missing in", "read from its replies", "read from its cards"} {
		if !strings.Contains(see.log(), part) {
			t.Errorf("the job's log does not say %q: %q", part, see.log())
		}
	}
	if !logs.Has("map site may have changed", "read from its cards") {
		t.Errorf("the log says %q", logs.Lines())
	}
	if metric(t, registry, "leadstream_googlemaps_reads_total", "reply", "name", "miss") == 0 || len(r.source.Health().Reads) < 20 {
		t.Errorf("health %+v", r.source.Health())
	}
}

// TestResultsThatCannotBeRead are no empty result.
func TestResultsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	base := site(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, `<div role="feed" style="height:200px;overflow:scroll"><div class="Nv2PK"><a class="hfpxzc" href="/maps/place/x">?</a></div><span class="HlvSq">The end.</span></div>`)
	})
	r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
	see := &sightings{}
	if err := searchSite(t, r, see); !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "not one can be read") || !strings.Contains(see.log(), ".html") {
		t.Errorf("error %v, notes %q", err, see.log())
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

// TestConsentOnceAProfile asks each browser once, whatever its contexts.
func TestConsentOnceAProfile(t *testing.T) {
	t.Parallel()
	r := newWorld(t)
	for range 3 {
		if err := r.search(t.Context(), "florist", 3, &sightings{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.town.Stats().Kinds["consent"]; n != 2 { // the question and the answer
		t.Errorf("%d requests about consent in 3 searches", n)
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

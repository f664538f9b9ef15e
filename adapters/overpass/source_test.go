package overpass_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leadstream/adapters/overpass"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sightings hears of a search.
type sightings struct {
	places []business.Place
	notes  []string
	end    error // of the search, once a place is found
}

func (s *sightings) Reached(app.SearchStep) {}

func (s *sightings) Found(p business.Place) error {
	s.places = append(s.places, p)
	return s.end
}

func (s *sightings) Note(level, message string) { s.notes = append(s.notes, level+" "+message) }

type rig struct {
	town   *sandbox.Server
	source *overpass.Source
}

func newRig(t *testing.T, every time.Duration) *rig {
	t.Helper()
	town, err := sandbox.Start(context.Background(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := outbound.NewClient(outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}, 5*time.Second)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		_ = town.Close()
	})
	return &rig{town, overpass.New(overpass.Options{
		HTTP: client, NominatimURL: "http://nominatim.example/", OverpassURL: "http://overpass.example/api/interpreter",
		UserAgent: "leadstream/test", NominatimEvery: every,
	})}
}

func (r *rig) search(t *testing.T, q app.SearchQuery) ([]business.Place, error) {
	t.Helper()
	see := &sightings{}
	err := r.source.Search(t.Context(), q, see)
	return see.places, err
}

var wide = app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: 50, MaxResults: 500}

// TestFindsAllThatIsMapped compares with the truth: each open business of the
// trade once, though some are on the map twice.
func TestFindsAllThatIsMapped(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	for _, trade := range []string{"plumbing", "Plumbers", "electrician", "bakery", "dentists", "roofing", "florist", "coffee shop", "landscaping", "auto repair", "law firm", "barber", "veterinarian", "accountant"} {
		q := wide
		q.BusinessType = trade
		got, err := r.search(t, q)
		if err != nil {
			t.Fatalf("%s: %v", trade, err)
		}
		names := map[string]bool{}
		for _, p := range got {
			if names[p.Name] {
				t.Errorf("%s: %s was told of twice", trade, p.Name)
			}
			names[p.Name] = true
		}
		want := 0
		for _, b := range r.town.Town().Businesses() {
			if b.Closed || !isTrade(b, trade) {
				continue
			}
			want++
			if !names[b.Name] {
				t.Errorf("%s: %s is missing", trade, b.Name)
			}
		}
		if want == 0 || len(got) != want {
			t.Errorf("%s: %d places, want %d", trade, len(got), want)
		}
	}
}

func isTrade(b sandbox.Business, asked string) bool {
	words := map[string]string{"Plumbers": "plumbing", "dentists": "dentist", "coffee shop": "cafe", "law firm": "lawyer"}
	if word, ok := words[asked]; ok {
		asked = word
	}
	return b.Trade.Word == asked
}

func TestPlacesHoldAllThatIsMapped(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	got, err := r.search(t, wide)
	if err != nil {
		t.Fatal(err)
	}
	mails, profiles := 0, 0
	for _, b := range r.town.Town().Businesses() {
		i := slices.IndexFunc(got, func(p business.Place) bool { return p.Name == b.Name })
		if i < 0 {
			continue
		}
		p := got[i]
		if p.Address != b.Address() || p.Phone != b.Phone || p.PhoneNational != b.PhoneNational() || p.Website != b.Website() || p.Category != "Plumber" || p.Country != "US" ||
			p.Attribution != "© OpenStreetMap contributors" || !strings.Contains(p.OSMID, "/") || p.MapURL != "" || p.Status != business.Open {
			t.Errorf("%s is told of as %+v", b.Name, p)
		}
		if b.HasAddress && (p.Street != b.Street || p.City != b.City || p.State != "NJ" || p.PostalCode != b.Zip) {
			t.Errorf("%s has the address %q %q %q %q", b.Name, p.Street, p.City, p.State, p.PostalCode)
		}
		if len(p.OpeningHours) != 7 || p.OpeningHours[6].Hours[0] != "Closed" || p.OpeningHours[0].Hours[0] != "08:00–18:00" || !understood(p.OpeningHours) {
			t.Errorf("%s is open %v", b.Name, p.OpeningHours)
		}
		for _, c := range p.Contacts {
			if !slices.ContainsFunc(b.Contacts, func(want sandbox.Contact) bool { return want.Value == strings.TrimSuffix(c.Value, "/") }) || c.Provider != "osm" {
				t.Errorf("%s has the contact %+v", b.Name, c)
			}
			if c.Kind == business.Email {
				mails++
			} else {
				profiles++
			}
		}
	}
	if mails == 0 || profiles == 0 {
		t.Errorf("%d addresses and %d profiles of contacts", mails, profiles)
	}
}

func TestRadiusAndNearestFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	all, err := r.search(t, wide)
	if err != nil {
		t.Fatal(err)
	}
	q := wide
	q.RadiusKM = 0.4
	near, err := r.search(t, q)
	if err != nil || len(near) == 0 || len(near) >= len(all) {
		t.Fatalf("%d of %d within 400 m, %v", len(near), len(all), err)
	}
	q.MaxResults = 3
	if first, err := r.search(t, q); err != nil || len(first) != 3 || first[0].Name != near[0].Name || first[2].Name != near[2].Name {
		t.Errorf("the nearest three: %d, %v", len(first), err)
	}
}

// TestWordsThatNoTagIs are looked for in names; nothing in them ends the query early.
func TestWordsThatNoTagIs(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	for words, holds := range map[string]func(n int) bool{
		"heating":                      func(int) bool { return true },
		"pipe works":                   func(n int) bool { return n > 3 },
		"hairdress":                    func(n int) bool { return n > 3 },
		"":                             func(n int) bool { return n > 200 },
		`x"](around:1,1,1);node(1);//`: func(n int) bool { return n == 0 },
		`a.*[(\`:                       func(n int) bool { return n == 0 },
		"пекарня\n\x00":                func(n int) bool { return n == 0 },
	} {
		q := wide
		q.BusinessType = words
		if got, err := r.search(t, q); err != nil || !holds(len(got)) {
			t.Errorf("%q: %d places, %v", words, len(got), err)
		}
	}
}

func TestPolite(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0)
	r.town.Faults().Set(sandbox.Switches{OverpassDelayMS: 50})
	var group sync.WaitGroup
	for _, place := range []string{"Freehold, NJ", "Howell, NJ", "freehold,  nj", "Freehold, NJ"} {
		group.Go(func() {
			q := wide
			q.Location = place
			if got, err := r.search(t, q); err != nil || len(got) == 0 {
				t.Errorf("%s: %d places, %v", place, len(got), err)
			}
		})
	}
	group.Wait()
	kinds := r.town.Stats().Kinds
	if kinds["nominatim"] != 2 || kinds["nominatim_hasty"] != 0 || kinds["overpass"] != 4 || kinds["overpass_crowd"] != 0 {
		t.Errorf("asked %v", kinds)
	}
}

func TestUnknownPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	q := wide
	q.Location = "Atlantis"
	if _, err := r.search(t, q); !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "Atlantis") {
		t.Errorf("%v", err)
	}
}

func TestWhatAnswersMean(t *testing.T) {
	t.Parallel()
	for name, want := range map[sandbox.Switches]fault.Kind{
		{OverpassStatus: 429}:  fault.Postponed,
		{OverpassStatus: 504}:  fault.Transient,
		{OverpassStatus: 500}:  fault.Transient,
		{OverpassStatus: 403}:  fault.Conflict,
		{OverpassStatus: 400}:  fault.Internal,
		{NominatimStatus: 429}: fault.Postponed,
		{NominatimStatus: 503}: fault.Transient,
		{NominatimStatus: 403}: fault.Conflict,
	} {
		t.Run(fmt.Sprintf("%d %d", name.OverpassStatus, name.NominatimStatus), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, time.Millisecond)
			r.town.Faults().Set(name)
			if _, err := r.search(t, wide); err == nil || fault.KindOf(err) != want {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestSlowsDown asks no more once it was told to, until the time has come.
func TestSlowsDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	r.town.Faults().Set(sandbox.Switches{OverpassStatus: 429})
	_, first := r.search(t, wide)
	_, second := r.search(t, wide)
	until, _ := fault.PostponedUntil(first)
	if again, ok := fault.PostponedUntil(second); !ok || !again.Equal(until) || r.town.Stats().Kinds["overpass"] != 1 {
		t.Errorf("asked %d times: %v, then %v", r.town.Stats().Kinds["overpass"], first, second)
	}
}

func TestRemarkedAnswerIsNotComplete(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	r.town.Faults().Set(sandbox.Switches{OverpassRemark: true})
	got, err := r.search(t, wide)
	if !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "timed out") || len(got) == 0 {
		t.Errorf("%d places, %v", len(got), err)
	}
}

func TestCancelledWhileWaitingItsTurn(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	r.town.Faults().Set(sandbox.Switches{OverpassDelayMS: 60_000})
	ctx, cancel := context.WithCancelCause(t.Context())
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := r.source.Search(ctx, wide, &sightings{}); !errors.Is(err, context.Canceled) && !errors.Is(err, errStop) {
				t.Errorf("ended with %v", err)
			}
		})
	}
	testenv.Eventually(t, 10*time.Second, func() bool { return r.town.Hits("overpass.example") > 0 }, "one search is asking")
	cancel(errStop)
	group.Wait()
	if n := r.town.Hits("overpass.example"); n != 1 {
		t.Errorf("asked %d times at once", n)
	}
}

var errStop = errors.New("stopped")

func TestFoundMayEndTheSearch(t *testing.T) {
	t.Parallel()
	r := newRig(t, time.Millisecond)
	see := &sightings{end: errStop}
	if err := r.source.Search(t.Context(), wide, see); !errors.Is(err, errStop) || len(see.places) != 1 {
		t.Errorf("%d places, %v", len(see.places), err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/search") {
			_, _ = w.Write([]byte(`[{"lat":"40.26","lon":"-74.27","display_name":"Freehold"}]`))
			return
		}
		_, _ = w.Write([]byte("<html>rate limited</html>"))
	}))
	defer odd.Close()
	client := outbound.NewClient(nil, time.Second)
	defer client.CloseIdleConnections()
	source := overpass.New(overpass.Options{HTTP: client, NominatimURL: odd.URL, OverpassURL: odd.URL + "/api", UserAgent: "leadstream/test"})
	if err := source.Search(t.Context(), wide, &sightings{}); !fault.Is(err, fault.Transient) || strings.Contains(err.Error(), "html") {
		t.Errorf("%v", err)
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

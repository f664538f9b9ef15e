package googlemaps_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/internal/sandbox"
)

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

package googlemaps_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadstream/adapters/googlemaps"
	"leadstream/domain/fault"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

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

// TestAChangedSiteIsNoticed loses names and ids of most places.
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
	for name, cards := range map[string]string{
		"cards without a name": `<div class="Nv2PK"><a class="hfpxzc" href="/maps/place/x">?</a></div><span class="HlvSq">The end.</span>`,
		"cards of a new form":  `<section><button>Somebody</button></section><span class="HlvSq">The end.</span>`,
		"no end either":        `<section><button>Somebody</button></section>`,
	} {
		t.Run(name, func(t *testing.T) {
			base := site(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = fmt.Fprintf(w, `<div role="feed" style="height:200px;overflow:scroll">%s</div>`, cards)
			})
			r := newRig(t, func(o *googlemaps.Options) { o.BaseURL = base })
			r.source.Hurry(10*time.Second, time.Second)
			see := &sightings{}
			if err := searchSite(t, r, see); !fault.Is(err, fault.Transient) || !strings.Contains(err.Error(), "not one can be read") || !strings.Contains(see.log(), ".html") {
				t.Errorf("error %v, notes %q", err, see.log())
			}
		})
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

package googlemaps_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leadstream/adapters/googlemaps"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// sightings notes what a search tells.
type sightings struct {
	mu     sync.Mutex
	steps  []app.SearchStep
	places []business.Place
	notes  []string
	onFind func(n int) error
}

func (s *sightings) Reached(step app.SearchStep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
}

func (s *sightings) Found(p business.Place) error {
	s.mu.Lock()
	s.places = append(s.places, p)
	n, hook := len(s.places), s.onFind
	s.mu.Unlock()
	if hook != nil {
		return hook(n)
	}
	return nil
}

func (s *sightings) Note(level, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, level+": "+message)
}

type rig struct {
	town   *sandbox.Server
	source *googlemaps.Source
	dir    string
}

func newRig(t testing.TB, change ...func(*googlemaps.Options)) *rig {
	t.Helper()
	return makeRig(t, rigOptions{source: func(o *googlemaps.Options) {
		for _, c := range change {
			c(o)
		}
	}})
}

func makeRig(t testing.TB, wanted rigOptions) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	town, err := sandbox.Start(context.Background(), wanted.sandbox)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = town.Close() })
	dir := t.TempDir()
	o := googlemaps.Options{
		BaseURL: "http://maps.example", ChromiumPath: testenv.Browser(t), DataDir: dir, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		ResolverRules: outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}.ChromiumRules(),
	}
	if wanted.source != nil {
		wanted.source(&o)
	}
	source, err := googlemaps.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = source.Close()
		testenv.Eventually(t, 10*time.Second, func() bool { return len(processes(dir)) == 0 }, "no browser is left, but %v", processes(dir))
		if left, _ := filepath.Glob(filepath.Join(dir, "browser", "*")); len(left) > 0 {
			t.Errorf("profiles left: %v", left)
		}
	})
	return &rig{town, source, dir}
}

func (r *rig) search(ctx context.Context, what string, limit int, see *sightings) error {
	return r.source.Search(ctx, app.SearchQuery{BusinessType: what, Location: "Freehold, NJ", RadiusKM: 5, MaxResults: limit}, see)
}

// processes are those that have the folder in their command line.
func processes(dir string) []int {
	var found []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), dir) && strings.Contains(string(line), "--user-data-dir") {
			var pid int
			if _, err := fmt.Sscanf(file, "/proc/%d/cmdline", &pid); err == nil && pid != os.Getpid() {
				found = append(found, pid)
			}
		}
	}
	return found
}

// TestFeed reads whole results through consent, scrolling and replies, and
// compares them with the truth.
func TestFeed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	truth := r.town.Town().Find("plumbing near Freehold, NJ")
	see := &sightings{}
	if err := r.search(t.Context(), "plumbing", 120, see); err != nil {
		t.Fatal(err)
	}
	compare(t, truth, see.places)
	if len(see.steps) != 2 || see.steps[0] != app.SearchReady || see.steps[1] != app.SearchStarted {
		t.Errorf("steps %v", see.steps)
	}
	if r.town.Hits("maps.example") > 16 {
		t.Errorf("%d requests for %d places", r.town.Hits("maps.example"), len(truth))
	}
	t.Run("from cards alone", func(t *testing.T) {
		r.town.Faults().Set(sandbox.Switches{MapNoJSON: true, LimitedView: true})
		defer r.town.Faults().Set(sandbox.Switches{})
		see := &sightings{}
		if err := r.search(t.Context(), "plumbing", 500, see); err != nil {
			t.Fatal(err)
		}
		if len(see.places) != len(truth) {
			t.Fatalf("%d places, want %d", len(see.places), len(truth))
		}
		for i, p := range see.places {
			b := truth[i]
			if p.Name != b.Name || p.CID != b.CID || p.PlaceID != b.PlaceID || p.KGMID != b.KGMID || p.Phone != b.Phone || p.PhoneNational != b.PhoneNational() || p.Website != b.Website() ||
				p.Category != b.Trade.Category || *p.Latitude-b.Lat > 1e-6 || (p.Address == b.Street) != b.HasAddress {
				t.Errorf("place %d is %+v, want %+v", i, p, b)
			}
			if (p.Rating == nil) != (b.Reviews == 0) || p.ReviewsCount != nil && *p.ReviewsCount != b.Reviews {
				t.Errorf("%s: rating %v, reviews %v, want %v and %d", p.Name, p.Rating, p.ReviewsCount, b.Rating, b.Reviews)
			}
		}
		if !strings.Contains(strings.Join(see.notes, "\n"), "limited view") {
			t.Errorf("notes %q", see.notes)
		}
	})
	t.Run("no more than wanted", func(t *testing.T) {
		see := &sightings{}
		if err := r.search(t.Context(), "plumbing", 7, see); err != nil || len(see.places) != 7 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
	})
	t.Run("a feed that stalls", func(t *testing.T) {
		r.town.Faults().Set(sandbox.Switches{MapStallMS: 3000})
		defer r.town.Faults().Set(sandbox.Switches{})
		see := &sightings{}
		if err := r.search(t.Context(), "plumbing", 45, see); err != nil || len(see.places) != 45 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
	})
	t.Run("one place", func(t *testing.T) {
		see := &sightings{}
		if err := r.search(t.Context(), truth[3].Name, 10, see); err != nil {
			t.Fatal(err)
		}
		compare(t, truth[3:4], see.places)
	})
	t.Run("nothing", func(t *testing.T) {
		see := &sightings{}
		if err := r.search(t.Context(), "submarines", 10, see); err != nil || len(see.places) != 0 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
	})
}

func compare(t *testing.T, truth []sandbox.Business, places []business.Place) {
	t.Helper()
	if len(places) != len(truth) {
		t.Fatalf("%d places, want %d", len(places), len(truth))
	}
	for i, p := range places {
		b := truth[i]
		want := business.Place{
			Name: b.Name, Address: b.Address(), City: b.City, State: "NJ", PostalCode: b.Zip, Country: "US", Phone: b.Phone, PhoneNational: b.PhoneNational(), Website: b.Website(),
			CID: b.CID, PlaceID: b.PlaceID, KGMID: b.KGMID, DataID: b.DataID, Category: b.Trade.Category, Status: business.Open,
		}
		if b.HasAddress {
			want.Street = b.Street
		}
		if b.Closed {
			want.Status = business.PermanentlyClosed
		}
		if b.Paused {
			want.Status = business.TemporarilyClosed
		}
		got := p
		got.Categories, got.OpeningHours, got.Rating, got.ReviewsCount, got.Latitude, got.Longitude, got.MapURL = nil, nil, nil, nil, nil, nil, ""
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("place %d is\n%+v\nwant\n%+v", i, got, want)
		}
		if p.Latitude == nil || *p.Latitude != b.Lat || p.Longitude == nil || *p.Longitude != b.Lng || p.MapURL == "" {
			t.Errorf("%s stands at %v %v, link %q", p.Name, p.Latitude, p.Longitude, p.MapURL)
		}
		if b.Reviews == 0 && (p.Rating != nil || p.ReviewsCount != nil) || b.Reviews > 0 && (*p.Rating != b.Rating || *p.ReviewsCount != b.Reviews) {
			t.Errorf("%s: rating %v, reviews %v", p.Name, p.Rating, p.ReviewsCount)
		}
		if !b.Closed && (len(p.OpeningHours) != 7 || p.OpeningHours[0].Hours[0] != "8 AM–6 PM") {
			t.Errorf("%s: hours %v", p.Name, p.OpeningHours)
		}
	}
}

func TestWhatTheSiteRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *googlemaps.Options) { o.Language = "de" })
	for _, tt := range []struct {
		name   string
		faults sandbox.Switches
		kind   fault.Kind
	}{
		{"blocked", sandbox.Switches{MapBlock: true}, fault.Postponed},
		{"server error", sandbox.Switches{MapFailNext: 1}, fault.Transient},
	} {
		r.town.Faults().Set(tt.faults)
		see := &sightings{}
		err := r.search(t.Context(), "plumbing", 10, see)
		if fault.KindOf(err) != tt.kind || len(see.places) != 0 {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	r.town.Faults().Set(sandbox.Switches{})
	see := &sightings{}
	if err := r.search(t.Context(), "plumbing", 3, see); err != nil || len(see.places) != 3 {
		t.Errorf("in German: %d places, %v", len(see.places), err)
	}
}

func TestCancelAndCrash(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	t.Run("cancelled", func(t *testing.T) {
		wanted := errors.New("nobody wants it any more")
		ctx, cancel := context.WithCancelCause(t.Context())
		var cancelled time.Time
		r.town.Faults().Set(sandbox.Switches{MapStallMS: 500})
		defer r.town.Faults().Set(sandbox.Switches{})
		see := &sightings{onFind: func(n int) error {
			if n == 5 {
				cancelled = time.Now()
				cancel(wanted)
			}
			return nil
		}}
		if err := r.search(ctx, "plumbing", 500, see); !errors.Is(err, wanted) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(cancelled); took > time.Second {
			t.Errorf("ended %s after it was cancelled", took)
		}
		testenv.Eventually(t, time.Second-time.Since(cancelled), func() bool { return len(processes(r.dir))+len(profiles(r.dir)) == 0 },
			"nothing is left, but %v and %v", processes(r.dir), profiles(r.dir))
	})
	t.Run("a tab is closed", func(t *testing.T) {
		if err := r.search(t.Context(), "plumbing", 5, &sightings{}); err != nil {
			t.Fatal(err)
		}
		if pages := openPages(t, r.dir); len(pages) != 0 {
			t.Errorf("left open: %v", pages)
		}
	})
	t.Run("listener fails", func(t *testing.T) {
		full := errors.New("no room")
		if err := r.search(t.Context(), "plumbing", 10, &sightings{onFind: func(int) error { return full }}); !errors.Is(err, full) || fault.Is(err, fault.Transient) {
			t.Errorf("error %v", err)
		}
	})
	for name, part := range map[string]string{"browser": "", "renderer": "--type=renderer"} {
		t.Run(name+" killed in mid-search", func(t *testing.T) {
			r.town.Faults().Set(sandbox.Switches{MapStallMS: 300})
			defer r.town.Faults().Set(sandbox.Switches{})
			see := &sightings{onFind: func(n int) error {
				if n == 20 {
					kill(r.dir, part)
				}
				return nil
			}}
			if err := r.search(t.Context(), "plumbing", 500, see); !fault.Is(err, fault.Transient) {
				t.Errorf("error %v", err)
			}
			r.town.Faults().Set(sandbox.Switches{})
			again := &sightings{}
			if err := r.search(t.Context(), "plumbing", 30, again); err != nil || len(again.places) != 30 {
				t.Errorf("afterwards: %d places, %v", len(again.places), err)
			}
		})
	}
	t.Run("browser killed between searches", func(t *testing.T) {
		kill(r.dir, "")
		see := &sightings{}
		if err := r.search(t.Context(), "plumbing", 5, see); err != nil || len(see.places) != 5 {
			t.Errorf("%d places, %v", len(see.places), err)
		}
	})
	t.Run("closed in mid-search", func(t *testing.T) {
		r.town.Faults().Set(sandbox.Switches{MapStallMS: 300})
		closed := make(chan error, 1)
		see := &sightings{onFind: func(n int) error {
			if n == 20 {
				go func() { closed <- r.source.Close() }()
			}
			return nil
		}}
		if err := r.search(t.Context(), "plumbing", 500, see); !fault.Is(err, fault.Transient) {
			t.Errorf("error %v", err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if left := processes(r.dir); len(left) > 0 || len(profiles(r.dir)) > 0 {
			t.Errorf("left are %v and %v", left, profiles(r.dir))
		}
	})
}

// kill ends the browser's processes that have part in their command line.
func kill(dir, part string) {
	for _, pid := range processes(dir) {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(line), part) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func TestNoBrowser(t *testing.T) {
	t.Parallel()
	source, err := googlemaps.New(googlemaps.Options{BaseURL: "http://maps.example", ChromiumPath: "/nowhere/chromium", DataDir: t.TempDir(), Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if source.Check(t.Context()) == nil {
		t.Error("a browser that is not there was found")
	}
}

package apify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leadstream/adapters/apify"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sightings hears of a search; found may end it, cancel is called after so many places.
type sightings struct {
	mu     sync.Mutex
	steps  []app.SearchStep
	places []business.Place
	notes  []string
	found  func(n int) error
}

func (s *sightings) Reached(step app.SearchStep) { s.steps = append(s.steps, step) }

func (s *sightings) Found(p business.Place) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places = append(s.places, p)
	if s.found != nil {
		return s.found(len(s.places))
	}
	return nil
}

func (s *sightings) Note(level, message string) { s.notes = append(s.notes, level+" "+message) }

func (s *sightings) text() string { return strings.Join(s.notes, "\n") }

type rig struct {
	town   *sandbox.Server
	source *apify.Source
	see    *sightings
	logs   *testenv.Logs
}

func newRig(t *testing.T, token string) *rig {
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
	logs := &testenv.Logs{}
	return &rig{town: town, see: &sightings{}, logs: logs, source: apify.New(apify.Options{
		HTTP: client, BaseURL: "http://apify.example/v2/", Token: token, Logger: logs.Logger(), PollFirst: 5 * time.Millisecond, PollMost: 20 * time.Millisecond,
	})}
}

var plumbing = app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: 1, MaxResults: 45}

func TestFindsEachPlaceOnceWhileTheRunGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	var first string
	r.see.found = func(n int) error {
		if n == 1 {
			first = fmt.Sprint(r.town.ApifyRuns("RUNNING"))
		}
		return nil
	}
	if err := r.source.Search(t.Context(), plumbing, r.see); err != nil {
		t.Fatal(err)
	}
	truth := r.town.Town().Find("plumbing near Freehold, NJ")[:45]
	if len(r.see.places) != 45 {
		t.Fatalf("%d places, want 45", len(r.see.places))
	}
	for i, b := range truth {
		checkPlace(t, b, r.see.places[i])
	}
	if first != "1" {
		t.Error("the first place was told of only when the run had ended")
	}
	if !reflect.DeepEqual(r.see.steps, []app.SearchStep{app.SearchReady, app.SearchStarted}) {
		t.Errorf("steps %v", r.see.steps)
	}
}

func checkPlace(t *testing.T, b sandbox.Business, p business.Place) {
	t.Helper()
	want := business.Place{
		Name: b.Name, Address: b.Address(), City: b.City, State: "NJ", PostalCode: b.Zip, Country: "US", Phone: b.Phone, PhoneNational: b.PhoneNational(), Website: b.Website(),
		Category: b.Trade.Category, Categories: []string{b.Trade.Category, "Establishment"}, Price: b.Price, Latitude: &b.Lat, Longitude: &b.Lng,
		DataID: b.DataID, CID: b.CID, PlaceID: b.PlaceID, KGMID: b.KGMID, MapURL: "http://maps.example/maps/search/?api=1&query_place_id=" + b.PlaceID,
		Status: business.Open, ReviewsCount: &b.Reviews,
	}
	if b.HasAddress {
		want.Street = b.Street
	}
	if b.Reviews > 0 {
		want.Rating = &b.Rating
	}
	if b.Closed {
		want.Status = business.PermanentlyClosed
	}
	if got := len(p.OpeningHours); got != 7 && !b.Closed || b.Closed && got != 0 {
		t.Errorf("%s is open on %d days", b.Name, got)
	} else if got > 0 && (!reflect.DeepEqual(p.OpeningHours[0], business.DayHours{Day: "Monday", Hours: []string{"8 AM to 6 PM"}}) || !worksByDay(p.OpeningHours)) {
		t.Errorf("%s is open %v", b.Name, p.OpeningHours[0])
	}
	p.OpeningHours = nil
	if !reflect.DeepEqual(p, want) {
		t.Errorf("told of\n%+v, want\n%+v", p, want)
	}
}

// worksByDay reports whether a week from Monday on is open from 8 to 18 but on Sunday.
func worksByDay(week []business.DayHours) bool {
	for i, d := range week {
		day, known := d.Weekday()
		periods, understood := d.Periods()
		open := []business.Period{{Opens: 8 * 60, Closes: 18 * 60}}
		if i == 6 {
			open = nil
		}
		if !known || !understood || int(day) != (i+1)%7 || !slices.Equal(periods, open) {
			return false
		}
	}
	return true
}

func TestStopsWhenEnoughIsFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	query := plumbing
	query.MaxResults = 5
	if err := r.source.Search(t.Context(), query, r.see); err != nil || len(r.see.places) != 5 {
		t.Errorf("%d places, %v", len(r.see.places), err)
	}
	if r.town.ApifyRuns("RUNNING") != 0 {
		t.Error("the run goes on, and costs")
	}
}

func TestReadsEveryItemOfAFinishedRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	query := app.SearchQuery{Location: "Freehold, NJ", MaxResults: 500} // 120 at most, with repeats more than a page
	if err := r.source.Search(t.Context(), query, r.see); err != nil || len(r.see.places) != 120 {
		t.Errorf("%d places, want 120, %v", len(r.see.places), err)
	}
	if r.town.ApifyRuns("SUCCEEDED") != 1 || !strings.Contains(r.see.text(), "warn 1 items of apify were no places") {
		t.Errorf("notes %q", r.see.notes)
	}
}

func TestDatasetBehindTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	r.town.Faults().Set(sandbox.Switches{ApifyLate: true})
	query := plumbing
	query.MaxResults = 500
	if err := r.source.Search(t.Context(), query, r.see); err != nil || len(r.see.places) != len(r.town.Town().Find("plumbing near Freehold, NJ")) {
		t.Errorf("%d places, %v", len(r.see.places), err)
	}
}

func TestRunIsAborted(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(cancel func(error)) error{
		"when the job is cancelled":       func(cancel func(error)) error { cancel(errCancelled); return nil },
		"when places cannot be published": func(func(error)) error { return errCancelled },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.APIKey)
			r.town.Faults().Set(sandbox.Switches{ApifyEndless: true})
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			r.see.found = func(n int) error {
				if n == 10 {
					return stop(cancel)
				}
				return nil
			}
			if err := r.source.Search(ctx, plumbing, r.see); !errors.Is(err, errCancelled) && !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if r.town.ApifyRuns("ABORTED") != 1 {
				t.Error("the run goes on, and costs")
			}
		})
	}
}

var errCancelled = errors.New("cancelled")

func TestTimeOutAbortsTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	r.town.Faults().Set(sandbox.Switches{ApifyEndless: true})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.source.Search(ctx, plumbing, r.see); !errors.Is(err, context.DeadlineExceeded) || r.town.ApifyRuns("ABORTED") != 1 {
		t.Errorf("ended with %v, %d aborted", err, r.town.ApifyRuns("ABORTED"))
	}
}

func TestHowRunsEnd(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]fault.Kind{"FAILED": fault.Transient, "TIMED-OUT": fault.Transient, "ABORTED": fault.Conflict} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.APIKey)
			r.town.Faults().Set(sandbox.Switches{ApifyEndAs: status})
			err := r.source.Search(t.Context(), plumbing, r.see)
			if fault.KindOf(err) != want || err == nil || !strings.Contains(err.Error(), "19 places") {
				t.Errorf("ended with %v", err)
			}
			if len(r.see.places) != 19 {
				t.Errorf("%d places were told of, want 19 of 20 items", len(r.see.places))
			}
		})
	}
}

func TestWhatAnswersMean(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]fault.Kind{
		400: fault.Invalid, 401: fault.Conflict, 402: fault.Conflict, 403: fault.Conflict, 404: fault.Conflict, 429: fault.Postponed,
		500: fault.Transient, 502: fault.Transient, 503: fault.Transient,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sandbox.APIKey)
			r.town.Faults().Set(sandbox.Switches{ApifyStatus: status})
			err := r.source.Search(t.Context(), plumbing, r.see)
			if err == nil || fault.KindOf(err) != want {
				t.Errorf("%v", err)
			}
			if status == 402 && !strings.Contains(err.Error(), "no credit") {
				t.Errorf("402 reads %v", err)
			}
			if until, ok := fault.PostponedUntil(err); ok && (time.Until(until) > 2*time.Second || time.Until(until) < 0) {
				t.Errorf("postponed to %s, want in the second of Retry-After", until)
			}
		})
	}
}

func TestFaultsInMidRunAreWaitedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	r.see.found = func(n int) error {
		if n == 5 || n == 25 {
			r.town.Faults().Set(sandbox.Switches{ApifyFailNext: 4, ApifyFailWith: 502})
		}
		return nil
	}
	if err := r.source.Search(t.Context(), plumbing, r.see); err != nil || len(r.see.places) != 45 {
		t.Errorf("%d places, %v", len(r.see.places), err)
	}
	if r.town.Stats().Kinds["apify_start"] != 1 {
		t.Error("another run was started, and paid for")
	}
}

// TestSlowsDownInMidRun waits as long as it is told to, and goes on.
func TestSlowsDownInMidRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	r.see.found = func(n int) error {
		if n == 5 {
			r.town.Faults().Set(sandbox.Switches{ApifyFailNext: 1, ApifyFailWith: 429})
		}
		return nil
	}
	begun := time.Now()
	if err := r.source.Search(t.Context(), plumbing, r.see); err != nil || len(r.see.places) != 45 {
		t.Errorf("%d places, %v", len(r.see.places), err)
	}
	if took := time.Since(begun); took < 900*time.Millisecond {
		t.Errorf("took %s, though Retry-After was a second", took)
	}
}

func TestLastingFaultsInMidRunEndTheAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, sandbox.APIKey)
	r.see.found = func(n int) error {
		if n == 5 {
			r.town.Faults().Set(sandbox.Switches{ApifyStatus: 503})
		}
		return nil
	}
	if err := r.source.Search(t.Context(), plumbing, r.see); !fault.Is(err, fault.Transient) {
		t.Errorf("ended with %v", err)
	}
	if !r.logs.Has("run not aborted at apify", "run_id=run1") {
		t.Error("that the run could not be aborted is not in the log")
	}
}

func TestWithoutATokenNothingIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, " ")
	err := r.source.Usable()
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "APIFY_TOKEN") {
		t.Errorf("usable: %v", err)
	}
	if err := r.source.Search(t.Context(), plumbing, r.see); !fault.Is(err, fault.Invalid) || r.town.Hits("apify.example") != 0 {
		t.Errorf("%v, asked %d times", err, r.town.Hits("apify.example"))
	}
}

// TestTokenStaysSecret greps all that a search may write for the token, as
// Apify answers in ways that repeat it.
func TestTokenStaysSecret(t *testing.T) {
	t.Parallel()
	const token = "apify_api_T0psecret"
	var asked []string
	var mu sync.Mutex
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.String())
		switch len(asked) {
		case 1:
			w.WriteHeader(http.StatusBadRequest)
		case 2:
			w.WriteHeader(http.StatusForbidden)
		case 3:
			http.Redirect(w, r, "/"+r.Header.Get("Authorization"), http.StatusFound)
		case 4:
			conn, _, _ := http.NewResponseController(w).Hijack()
			_ = conn.Close()
			return
		}
		_, _ = fmt.Fprintf(w, `{"error":{"type":%q,"message":%q}}`, r.Header.Get("Authorization"), r.Header.Get("Authorization"))
	}))
	defer echo.Close()
	client := outbound.NewClient(nil, time.Second)
	defer client.CloseIdleConnections()
	logs, see := &testenv.Logs{}, &sightings{}
	source := apify.New(apify.Options{HTTP: client, BaseURL: echo.URL, Token: token, Logger: logs.Logger()})
	written := fmt.Sprintf("%v", source.Usable())
	for range 5 {
		err := source.Search(t.Context(), plumbing, see)
		if err == nil {
			t.Error("a search succeeded")
		}
		written += fmt.Sprintf("%v %+v", err, err)
	}
	written += strings.Join(logs.Lines(), "\n") + see.text() + strings.Join(asked, "\n")
	if len(asked) != 5 || strings.Contains(written, "T0psecret") {
		t.Errorf("asked %d times, the token is in: %s", len(asked), written)
	}
}

package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

func TestQueueScrapeRefusesWhatCannotRun(t *testing.T) {
	t.Parallel()
	w := newWorld()
	cmd := job.NewScrapeBusinesses("Freehold, NJ")
	cmd.Source = "yellow_pages"
	if _, err := w.app(t).QueueScrape(t.Context(), cmd, app.Origin{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("unknown source: %v", err)
	}
	cmd.Source = "keyless"
	if _, err := w.app(t).QueueScrape(t.Context(), cmd, app.Origin{}); !fault.Is(err, fault.Invalid) || fault.FieldsOf(err)[0].Message != "needs KEY" {
		t.Errorf("a source that lacks its key: %v", err)
	}
	if _, err := w.app(t).QueueScrape(t.Context(), job.ScrapeBusinesses{}, app.Origin{}); len(fault.FieldsOf(err)) != 3 {
		t.Errorf("an empty command has %d faults, want location, radius and max_results", len(fault.FieldsOf(err)))
	}
	if len(w.jobs) != 0 {
		t.Errorf("%d jobs were accepted", len(w.jobs))
	}
}

func TestQueueScrapeOnceForAnID(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.app(t)
	for range 3 {
		j, err := a.QueueScrape(t.Context(), job.NewScrapeBusinesses("Freehold, NJ"), app.Origin{JobID: "mine"})
		if err != nil || j.ID() != "mine" || j.State() != job.Waiting {
			t.Fatalf("job %v, %v", j, err)
		}
	}
	if len(w.jobs) != 1 {
		t.Errorf("%d jobs, want 1", len(w.jobs))
	}
}

// scrapeJob is a running scrape for at most max places.
func scrapeJob(t *testing.T, limit int) (job.Job, job.ScrapeBusinesses) {
	t.Helper()
	cmd := job.NewScrapeBusinesses("Freehold, NJ")
	cmd.BusinessType, cmd.MaxResults, cmd.Source = "plumbing", limit, "google_maps"
	j, err := job.New(job.Spec{ID: "s1", Command: cmd, Retry: job.RetryPolicy{Attempts: 2}, CreatedAt: noon})
	if err != nil {
		t.Fatal(err)
	}
	return j, cmd
}

func see(names ...string) func(context.Context, app.Sightings) error {
	return func(_ context.Context, s app.Sightings) error {
		s.Reached(app.SearchReady)
		s.Reached(app.SearchStarted)
		for _, name := range names {
			if err := s.Found(business.Place{Name: name}); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestScrapeSavesEachPlaceOnceAndReportsEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.app(t)
	w.add("known")
	w.search = see("a", "b", "a", "", "known")
	w.onFound = func(f business.Found) {
		if err := a.SaveFoundBusiness(context.Background(), f, ""); err != nil {
			t.Error(err)
		}
	}
	j, cmd := scrapeJob(t, 10)
	result, err := a.ScrapeBusinesses(t.Context(), j, cmd)
	if err != nil {
		t.Fatal(err)
	}
	if result.Found != 3 || result.Saved != 2 || result.Skipped != 1 || result.Partial {
		t.Errorf("result %+v", result)
	}
	if w.searched != (app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: 1, MaxResults: 10}) {
		t.Errorf("searched for %+v", w.searched)
	}
	var steps []int
	for _, p := range w.progress {
		steps = append(steps, p.Percent)
	}
	if !slices.IsSorted(steps) {
		t.Errorf("progress goes back: %v", steps)
	}
	for _, step := range []int{0, 25, 50, 75, 90, 100} {
		if !slices.Contains(steps, step) {
			t.Errorf("progress %v misses %d", steps, step)
		}
	}
}

func TestScrapeThatFailsMidwayKeepsWhatItFound(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.app(t)
	w.search = func(ctx context.Context, s app.Sightings) error {
		_ = see("a", "b")(ctx, s)
		return fault.Transientf("browser crashed")
	}
	w.onFound = func(f business.Found) { _ = a.SaveFoundBusiness(context.Background(), f, "") }
	j, cmd := scrapeJob(t, 10)
	result, err := a.ScrapeBusinesses(t.Context(), j, cmd)
	if !fault.Is(err, fault.Transient) {
		t.Fatalf("error %v", err)
	}
	if !result.Partial || result.Found != 2 || result.Saved != 2 || len(result.Errors) != 1 {
		t.Errorf("result %+v", result)
	}
}

func TestScrapeDoesNotCompleteWhilePlacesAreUnsaved(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.app(t)
	w.search = see("a")
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	w.onFound = func(business.Found) { cancel(stopped) } // nobody saves
	j, cmd := scrapeJob(t, 10)
	if _, err := a.ScrapeBusinesses(ctx, j, cmd); !errors.Is(err, stopped) {
		t.Errorf("error %v, want the scrape to wait until it is stopped", err)
	}
}

func TestSaveFoundBusinessTwiceDoesItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	a := w.app(t)
	found := business.Found{JobID: "s1", Enrich: true, Place: business.Place{Name: "a"}}
	for range 2 {
		if err := a.SaveFoundBusiness(t.Context(), found, ""); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.leads) != 1 || len(w.jobs) != 1 {
		t.Fatalf("%d leads and %d jobs, want one each", len(w.leads), len(w.jobs))
	}
	s := w.jobs["enrich-1-s1"].Snapshot()
	if s.ParentID != "s1" || s.CorrelationID != "s1" || s.Queue != job.Enrichment || s.Priority != job.Normal {
		t.Errorf("follow-up job %+v", s)
	}
	if tally, _ := w.Tally(t.Context(), "s1"); tally != (app.Tally{Saved: 1}) {
		t.Errorf("tally %+v", tally)
	}
}

func TestSaveFoundBusinessWithoutEnrichmentQueuesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := w.app(t).SaveFoundBusiness(t.Context(), business.Found{JobID: "s1", Place: business.Place{Name: "a"}}, ""); err != nil {
		t.Fatal(err)
	}
	if len(w.jobs) != 0 || len(w.leads) != 1 {
		t.Errorf("%d jobs, %d leads", len(w.jobs), len(w.leads))
	}
}

// TestScrapeProgressFollowsWhatIsFound has every place move the bar between 50
// and 90 by its share, and each message say the count.
func TestScrapeProgressFollowsWhatIsFound(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 4, 40} {
		w := newWorld()
		a := w.app(t)
		names := make([]string, limit)
		for i := range names {
			names[i] = fmt.Sprintf("place %d", i)
		}
		w.search = see(names...)
		w.onFound = func(f business.Found) { _ = a.SaveFoundBusiness(context.Background(), f, "") }
		j, cmd := scrapeJob(t, limit)
		if _, err := a.ScrapeBusinesses(t.Context(), j, cmd); err != nil {
			t.Fatal(err)
		}
		last, passed, counted := -1, map[int]bool{}, 0
		for _, p := range w.progress {
			if p.Percent < last {
				t.Errorf("of %d: %d%% follows %d%%", limit, p.Percent, last)
			}
			last, passed[p.Percent] = p.Percent, true
			var n, of int
			if _, err := fmt.Sscanf(p.Message, "Found %d of at most %d places", &n, &of); err == nil && p.Percent != 75 {
				counted++
				if want := min(50+40*n/limit, 89); p.Percent != want || of != limit {
					t.Errorf("%q at %d%%, want %d%%", p.Message, p.Percent, want)
				}
			}
		}
		for _, step := range []int{0, 25, 50, 75, 90, 100} {
			if !passed[step] {
				t.Errorf("of %d: %d%% is not passed: %v", limit, step, w.progress)
			}
		}
		if limit > 1 && counted < limit/2 {
			t.Errorf("of %d: only %d messages say the count", limit, counted)
		}
	}
}

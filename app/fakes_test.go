package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// world is what the application under test runs on: every need, in memory.
type world struct {
	mu        sync.Mutex
	jobs      map[string]job.Job
	unique    map[string]string
	progress  []job.Progress
	logs      []string
	tally     map[string]app.PlaceOutcome
	published []string
	found     []business.Found
	leads     []business.Business
	history   []app.FinishedJob
	onFound   func(business.Found) // what the event handlers would do
	searched  app.SearchQuery
	finishing string // the job that finishes just as it is to be cancelled
	search    func(ctx context.Context, see app.Sightings) error
}

// keyless is a source that lacks its key.
type keyless struct{ *world }

func (keyless) Usable() error { return errors.New("needs KEY") }

func newWorld() *world {
	return &world{
		jobs: map[string]job.Job{}, unique: map[string]string{}, tally: map[string]app.PlaceOutcome{},
		search: func(context.Context, app.Sightings) error { return nil },
	}
}

func (w *world) app(t *testing.T, providers ...app.ContactProvider) *app.App {
	t.Helper()
	n := 0
	return app.New(app.Needs{
		Queue: w, Reader: w, Control: w, Reporter: w, Tally: w, Events: w, Leads: w, History: w,
		Sources: map[string]app.Source{"google_maps": w, "keyless": keyless{w}}, DefaultSource: "google_maps", Providers: providers,
		Now: func() time.Time { return noon }, NewID: func() string { n++; return fmt.Sprintf("id-%d", n) },
		Policies: map[job.Queue]job.RetryPolicy{
			job.Scraping: {Attempts: 2, Backoff: 5 * time.Second}, job.Enrichment: {Attempts: 3, Backoff: 2 * time.Second},
		},
		TallyPoll: time.Millisecond,
	})
}

func (w *world) Enqueue(_ context.Context, jobs ...job.Job) ([]app.Enqueued, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := make([]app.Enqueued, 0, len(jobs))
	for _, j := range jobs {
		holder := ""
		if _, ok := w.jobs[j.ID()]; ok {
			holder = j.ID()
		} else if key := j.Snapshot().UniqueKey; key != "" {
			holder = w.unique[key]
		}
		if holder != "" {
			done = append(done, app.Enqueued{JobID: holder})
			continue
		}
		w.jobs[j.ID()] = j
		w.unique[j.Snapshot().UniqueKey] = j.ID()
		done = append(done, app.Enqueued{JobID: j.ID(), New: true})
	}
	return done, nil
}

func (w *world) Unqueued(_ context.Context, _ job.Queue, keys []string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return w.unique[k] != "" }), nil
}

func (w *world) Job(_ context.Context, id string) (job.Job, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j, ok := w.jobs[id]
	if !ok {
		return job.Job{}, fault.NotFoundf("job %q does not exist", id)
	}
	return j, nil
}

// Jobs pages by id, as a store pages by a position that changes of others do not move.
func (w *world) Jobs(_ context.Context, f app.JobFilter) (app.JobPage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var page app.JobPage
	for _, id := range slices.Sorted(maps.Keys(w.jobs)) {
		s := w.jobs[id].Snapshot()
		if s.BatchID != f.BatchID || s.State != f.State || id <= f.Cursor {
			continue
		}
		if len(page.Jobs) == f.Limit {
			page.NextCursor = page.Jobs[f.Limit-1].ID()
			break
		}
		page.Jobs = append(page.Jobs, w.jobs[id])
	}
	return page, nil
}

func (w *world) CancelJob(_ context.Context, id string) error {
	if id == w.finishing {
		w.finish(id)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	j := w.jobs[id]
	if err := j.Cancel(noon); err != nil {
		return fault.Conflictf("job %s is finished", id)
	}
	w.jobs[id] = j
	return nil
}

func (*world) RetryJob(context.Context, string) error              { return nil }
func (*world) RetryFailed(context.Context, job.Queue) (int, error) { return 0, nil }

// finish completes a job that waits.
func (w *world) finish(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j := w.jobs[id]
	_ = j.Start(noon)
	_ = j.Complete(nil, noon)
	w.jobs[id] = j
}

func (w *world) JobLogs(context.Context, string, int, string) (app.LogPage, error) {
	return app.LogPage{}, nil
}

func (w *world) Batch(_ context.Context, id string) (job.Batch, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := job.Batch{ID: id}
	for _, j := range w.jobs {
		if j.Snapshot().BatchID != id {
			continue
		}
		b.Total++
		switch j.State() {
		case job.Waiting:
			b.Waiting++
		case job.Completed:
			b.Completed++
		case job.Cancelled:
			b.Cancelled++
		}
	}
	if b.Total == 0 {
		return job.Batch{}, fault.NotFoundf("batch %q does not exist", id)
	}
	return b, nil
}

func (w *world) Report(_ context.Context, _ job.Job, p job.Progress) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress = append(w.progress, p)
	return nil
}

func (w *world) Log(_ context.Context, _ job.Job, level, message string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs = append(w.logs, level+": "+message)
	return nil
}

func (w *world) CountPlace(_ context.Context, jobID, key string, outcome app.PlaceOutcome) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.tally[jobID+key]; !known {
		w.tally[jobID+key] = outcome
	}
	return nil
}

func (w *world) Tally(context.Context, string) (app.Tally, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var t app.Tally
	for _, outcome := range w.tally {
		switch outcome {
		case app.PlaceSaved:
			t.Saved++
		case app.PlaceSkipped:
			t.Skipped++
		case app.PlaceInvalid:
			t.Invalid++
		}
	}
	return t, nil
}

func (w *world) PublishFound(_ context.Context, f business.Found) error {
	w.mu.Lock()
	w.found = append(w.found, f)
	handle := w.onFound
	w.mu.Unlock()
	if handle != nil {
		go handle(f)
	}
	return nil
}

func (w *world) PublishBusiness(_ context.Context, eventType string, b business.Business) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.published = append(w.published, fmt.Sprintf("%s %d", eventType, b.ID))
	return nil
}

func (w *world) SaveFound(_ context.Context, f business.Found) (business.Business, bool, error) {
	if err := f.Place.Validate(); err != nil {
		return business.Business{}, false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.leads {
		if b.Place.Identity().Key() == f.Place.Identity().Key() {
			return b, false, nil
		}
	}
	b := business.Business{
		ID: int64(len(w.leads) + 1), Place: f.Place, FirstSeenJob: f.JobID, EnrichmentStatus: business.Pending,
	}
	w.leads = append(w.leads, b)
	return b, true, nil
}

func (w *world) Business(_ context.Context, id int64) (business.Business, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id < 1 || id > int64(len(w.leads)) {
		return business.Business{}, fault.NotFoundf("business %d does not exist", id)
	}
	return w.leads[id-1], nil
}

func (w *world) List(context.Context, app.BusinessFilter) (app.BusinessPage, error) {
	return app.BusinessPage{}, nil
}

func (w *world) PendingEnrichment(_ context.Context, after int64, limit int) ([]business.Business, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var page []business.Business
	for _, b := range w.leads {
		if b.ID > after && b.EnrichmentStatus == business.Pending && len(page) < limit {
			page = append(page, b)
		}
	}
	return page, nil
}

func (w *world) SaveEnrichment(_ context.Context, id int64, status business.EnrichmentStatus, contacts []business.Contact) (business.Business, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := &w.leads[id-1]
	b.EnrichmentStatus, b.Contacts = status, business.Merge(b.Contacts, contacts)
	return *b, nil
}

func (w *world) Annotate(_ context.Context, id int64, _ app.Annotation) (business.Business, error) {
	return w.Business(context.Background(), id)
}

func (w *world) Delete(context.Context, int64) error { return nil }

func (w *world) RecordJob(_ context.Context, j app.FinishedJob) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, j)
	return nil
}

func (w *world) Search(ctx context.Context, q app.SearchQuery, see app.Sightings) error {
	w.searched = q
	return w.search(ctx, see)
}

func (w *world) add(names ...string) {
	for _, name := range names {
		w.leads = append(w.leads, business.Business{
			ID: int64(len(w.leads) + 1), Place: business.Place{Name: name}, EnrichmentStatus: business.Pending,
		})
	}
}

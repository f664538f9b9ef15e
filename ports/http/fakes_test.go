package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// world is what the application under test runs on. It notes every call.
type world struct {
	err   error         // what every call answers
	panic bool          // every call panics
	none  bool          // no business waits for enrichment
	until time.Time     // the deadline of the last Job
	leads int           // how many an export finds; default 1
	fails int           // after how many the database is away
	hold  chan struct{} // keeps exports from ending until it is closed

	mu    sync.Mutex
	calls []string
}

func (w *world) app() *app.App {
	return app.New(app.Needs{
		Queue: w, Reader: w, Control: w, Steering: w, Dead: w, Events: w, Leads: w, Export: w, Counts: w, QuotaOf: w,
		Sources: map[string]app.Source{"google_maps": nil}, DefaultSource: "google_maps",
		Checks: []app.HealthCheck{{Name: "redis", Check: func(context.Context) error { return w.err }}},
		Now:    func() time.Time { return noon }, NewID: func() string { return "new" },
		Policies: map[job.Queue]job.RetryPolicy{job.Scraping: {Attempts: 2}, job.Enrichment: {Attempts: 3}},
	})
}

func (w *world) note(format string, args ...any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
	if w.panic {
		panic("the world is broken")
	}
	return w.err
}

func (w *world) noted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls
}

// known answers NotFound for what is called "gone".
func known(err error, what, id string) error {
	if err == nil && id == "gone" {
		return fault.NotFoundf("%s %q does not exist", what, id)
	}
	return err
}

func (w *world) Enqueue(_ context.Context, jobs ...job.Job) ([]app.Enqueued, error) {
	done := make([]app.Enqueued, 0, len(jobs))
	for _, j := range jobs {
		s := j.Snapshot()
		if err := w.note("Enqueue %s %s %s", s.Name, s.Priority, s.Data); err != nil {
			return nil, err
		}
		taken := string(s.Data) == `{"business_id":8}`
		done = append(done, app.Enqueued{JobID: map[bool]string{false: s.ID, true: "its/own"}[taken], New: !taken})
	}
	return done, nil
}

func (w *world) Unqueued(_ context.Context, _ job.Queue, keys []string) ([]string, error) {
	return keys, nil
}

func (w *world) Job(ctx context.Context, id string) (job.Job, error) {
	w.until, _ = ctx.Deadline()
	if err := known(w.note("Job %s", id), "job", id); err != nil {
		return job.Job{}, err
	}
	return waitingJob(id), nil
}

func waitingJob(id string) job.Job {
	return job.Hydrate(job.Snapshot{
		ID: id, Queue: job.Scraping, Name: job.ScrapeBusinessesName, State: job.Waiting, Data: json.RawMessage(`{"location":"here"}`), CreatedAt: noon,
	})
}

func (w *world) Jobs(_ context.Context, f app.JobFilter) (app.JobPage, error) {
	err := w.note("Jobs queue=%s state=%s batch=%s limit=%d cursor=%s", f.Queue, f.State, f.BatchID, f.Limit, f.Cursor)
	return app.JobPage{Jobs: []job.Job{waitingJob("j1")}, Total: 7, NextCursor: map[bool]string{true: "c2"}[f.Cursor == ""]}, err
}

func (w *world) JobLogs(_ context.Context, id string, limit int, cursor string) (app.LogPage, error) {
	err := known(w.note("JobLogs %s limit=%d cursor=%s", id, limit, cursor), "job", id)
	return app.LogPage{Lines: []app.LogLine{{Timestamp: noon, Level: "info", Message: "started"}}, Total: 1}, err
}

func (w *world) Batch(_ context.Context, id string) (job.Batch, error) {
	if id == "done" {
		return job.Batch{ID: id, Total: 1, Completed: 1}, w.note("Batch %s", id)
	}
	return job.Batch{ID: id, Total: 3, Completed: 1, Waiting: 2}, known(w.note("Batch %s", id), "batch", id)
}

func (w *world) CancelJob(_ context.Context, id string) error {
	return conflicting(w.note("CancelJob %s", id), id)
}

func (w *world) RetryJob(_ context.Context, id string) error {
	return conflicting(w.note("RetryJob %s", id), id)
}

func conflicting(err error, id string) error {
	if err == nil && id == "done" {
		return fault.Conflictf("job %q is completed", id)
	}
	return known(err, "job", id)
}

func (w *world) RetryFailed(_ context.Context, q job.Queue) (int, error) {
	return 4, w.note("RetryFailed queue=%s", q)
}

func (w *world) Queues(context.Context) ([]app.QueueStatus, error) {
	return []app.QueueStatus{
		{Name: "scraping", Waiting: 2, Cancelled: 1}, {Name: "enrichment", Waiting: 3, Failed: 1, Rate: &app.Rate{Limit: 10, Window: time.Minute, UsedInWindow: 3}},
	}, w.note("Queues")
}

func (w *world) SetPaused(_ context.Context, q job.Queue, paused bool) error {
	return w.note("SetPaused %s %v", q, paused)
}

func poisonEntry(id string) app.PoisonEntry {
	return app.PoisonEntry{ID: id, Queue: "scraping", Payload: "{", Reason: "not JSON", Attempts: 1, At: noon, Metadata: map[string]string{"a": "b"}}
}

func (w *world) Poison(_ context.Context, f app.PoisonFilter) (app.PoisonPage, error) {
	return app.PoisonPage{Entries: []app.PoisonEntry{poisonEntry("p1")}, Total: 1}, w.note("Poison queue=%s limit=%d cursor=%s", f.Queue, f.Limit, f.Cursor)
}

func (w *world) PoisonEntry(_ context.Context, id string) (app.PoisonEntry, error) {
	return poisonEntry(id), known(w.note("PoisonEntry %s", id), "poison entry", id)
}

func (w *world) RequeuePoison(_ context.Context, id string) error {
	return known(w.note("RequeuePoison %s", id), "poison entry", id)
}

func (w *world) RequeueAllPoison(_ context.Context, queue string) (int, error) {
	return 5, w.note("RequeueAllPoison queue=%s", queue)
}

func (w *world) DiscardPoison(_ context.Context, id string) error {
	return known(w.note("DiscardPoison %s", id), "poison entry", id)
}

func (w *world) PublishFound(context.Context, business.Found) error {
	return errors.New("not for requests")
}

func (w *world) PublishBusiness(_ context.Context, eventType string, b business.Business) error {
	return w.note("PublishBusiness %s %d", eventType, b.ID)
}

func (w *world) SaveFound(context.Context, business.Found) (business.Business, bool, error) {
	return business.Business{}, false, errors.New("not for requests")
}

func (w *world) Business(_ context.Context, id int64) (business.Business, error) {
	return lead(id), knownLead(w.note("Business %d", id), id)
}

func lead(id int64) business.Business {
	return business.Business{ID: id, Place: business.Place{Name: "Pipes & Co"}, EnrichmentStatus: business.Pending, CreatedAt: noon, UpdatedAt: noon}
}

func knownLead(err error, id int64) error {
	if err == nil && id == 404 {
		return fault.NotFoundf("business %d does not exist", id)
	}
	return err
}

func (w *world) List(_ context.Context, f app.BusinessFilter) (app.BusinessPage, error) {
	return app.BusinessPage{Businesses: []business.Business{lead(1)}, Total: 1}, w.note("List %+v", f)
}

func (w *world) EachBusiness(ctx context.Context, f app.BusinessFilter, see func(business.Business) error) error {
	if err := w.note("Each %+v", f); err != nil {
		return err
	}
	for i := range max(w.leads, 1) {
		if w.fails > 0 && i == w.fails {
			return fault.Unavailablef("the database is away")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := see(lead(int64(i + 1))); err != nil {
			return err
		}
	}
	if w.hold != nil {
		<-w.hold
	}
	return nil
}

func (w *world) PendingEnrichment(_ context.Context, after int64, limit int) ([]business.Business, error) {
	err := w.note("PendingEnrichment after=%d limit=%d", after, limit)
	if w.none || after > 0 {
		return nil, err
	}
	withContacts := lead(2)
	withContacts.Contacts = make([]business.Contact, 1)
	return []business.Business{lead(1), withContacts}, err
}

func (w *world) SaveEnrichment(context.Context, int64, business.EnrichmentStatus, []business.Contact) (business.Business, error) {
	return business.Business{}, errors.New("not for requests")
}

func (w *world) Annotate(_ context.Context, id int64, a app.Annotation) (business.Business, error) {
	text, _ := json.Marshal(map[string]any{"notes": a.Notes, "tags": a.Tags})
	return lead(id), knownLead(w.note("Annotate %d %s", id, text), id)
}

func (w *world) Delete(_ context.Context, id int64) error {
	return knownLead(w.note("Delete %d", id), id)
}

func (w *world) Quota(context.Context) (app.Quota, error) {
	return app.Quota{Provider: "hunter", Month: "2026-11", Used: 510, Limit: 500, ResetsAt: noon}, w.note("Quota")
}

func (w *world) Count(_ context.Context, today, lately time.Time) (app.Totals, error) {
	return app.Totals{
		Businesses: map[string]int{"pending": 2, "enriched": 3}, BusinessesToday: 1, BusinessesLately: 4, EnrichedToday: 5, Contacts: 6, ContactsToday: 7,
		JobsToday: map[string]int{"completed": 8, "failed": 9}, JobsLately: 30,
	}, w.note("Count %s %s", app.ViewTime(today), app.ViewTime(lately))
}

package jobstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"leadstream/adapters/jobstore"
	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// A check takes seconds of Redis's time; what the command line says holds.
	fewChecks := map[string]string{"rapid.checks": "5", "rapid.steps": "60", "rapid.nofailfile": "true", "rapid.shrinktime": "20s"}
	flag.Visit(func(f *flag.Flag) { delete(fewChecks, f.Name) })
	for name, value := range fewChecks {
		_ = flag.Set(name, value)
	}
	goleak.VerifyTestMain(m)
}

const soon = 10 * time.Second

type fixture struct {
	t          *testing.T
	redis      *redis.Client
	queue      *workqueue.Client
	store      *jobstore.Store
	deliveries jobstore.Deliveries
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, redis: testenv.Redis(t).Client(), deliveries: jobstore.NewDeliveries(time.Now)}
	var err error
	f.queue, err = workqueue.New(workqueue.Config{Client: f.redis, EventStream: "leadstream:events", Events: jobstore.Events, Lease: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	f.store = jobstore.New(f.queue, map[job.Queue]app.Rate{job.Enrichment: {Limit: 10, Window: time.Minute}}, time.Now)
	return f
}

func (f *fixture) enqueue(spec job.Spec) job.Job {
	f.t.Helper()
	if spec.Retry.Attempts == 0 {
		spec.Retry = job.RetryPolicy{Attempts: 3, Backoff: 100 * time.Millisecond}
	}
	j, err := job.New(spec)
	if err != nil {
		f.t.Fatal(err)
	}
	if done, err := f.store.Enqueue(f.t.Context(), j); err != nil || !done[0].New {
		f.t.Fatalf("enqueueing %s: %v, %v", spec.ID, done, err)
	}
	return j
}

func enrich(id string, business int64) job.Spec {
	return job.Spec{ID: id, Command: job.EnrichBusiness{BusinessID: business}}
}

// work takes the jobs of a queue one by one, until the test ends.
func (f *fixture) work(queue job.Queue) <-chan *message.Message {
	f.t.Helper()
	s := workqueue.NewSubscriber(f.queue, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 1}, Grace: time.Millisecond})
	out, err := s.Subscribe(context.Background(), queue.String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		go func() {
			for m := range out {
				m.Nack()
			}
		}()
		_ = s.Close()
	})
	return out
}

// run takes the next job and ends its attempt as told.
func (f *fixture) run(out <-chan *message.Message, end func(*job.Job) error) job.Job {
	f.t.Helper()
	var m *message.Message
	select {
	case m = <-out:
	case <-time.After(soon):
		f.t.Fatal("no job came")
	}
	j, err := f.deliveries.Job(m)
	if err != nil {
		f.t.Fatal(err)
	}
	cause := end(&j)
	if err := f.deliveries.Settle(m, j, "handler", cause); err != nil {
		f.t.Fatal(err)
	}
	m.Ack()
	return f.reaches(j.ID(), j.State())
}

func (f *fixture) reaches(id string, state job.State) job.Job {
	f.t.Helper()
	var j job.Job
	testenv.Eventually(f.t, soon, func() bool {
		var err error
		j, err = f.store.Job(f.t.Context(), id)
		return err == nil && j.State() == state
	}, "job %s is %s", id, state)
	return j
}

func fail(err error) func(*job.Job) error {
	return func(j *job.Job) error {
		if failErr := j.Fail(err, time.Now()); failErr != nil {
			return failErr
		}
		return err
	}
}

func complete(result string) func(*job.Job) error {
	return func(j *job.Job) error { return j.Complete(json.RawMessage(result), time.Now()) }
}

// event is an entry of the event stream.
type event struct {
	kind string
	data map[string]any
}

func (f *fixture) events(kinds ...string) []event {
	f.t.Helper()
	entries, err := f.redis.XRange(f.t.Context(), "leadstream:events", "-", "+").Result()
	if err != nil {
		f.t.Fatal(err)
	}
	var all []event
	for _, e := range entries {
		var envelope struct {
			ID   string         `json:"id"`
			Type string         `json:"type"`
			Data map[string]any `json:"data"`
		}
		if err := json.Unmarshal([]byte(e.Values["payload"].(string)), &envelope); err != nil {
			f.t.Fatalf("%v: %v", e.Values, err)
		}
		if envelope.Type != e.Values["type"] || envelope.ID != e.Values["_watermill_message_uuid"] {
			f.t.Errorf("fields and envelope differ: %v", e.Values)
		}
		if len(kinds) == 0 || slices.Contains(kinds, envelope.Type) {
			all = append(all, event{envelope.Type, envelope.Data})
		}
	}
	return all
}

// TestEventShowsTheJobAsTheAPIDoes compares what the script writes with what
// the application shows, for a job that has every field.
func TestEventShowsTheJobAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	spec := enrich("j1", 7)
	spec.BatchID, spec.ParentID, spec.Priority = "batch-1", "parent", job.High
	f.enqueue(spec)
	out := f.work(job.Enrichment)
	quoted := `hunter said "no" \ / ü` + "\n"
	for _, end := range []func(*job.Job) error{fail(errors.New(quoted)), complete(`{"contacts":2}`)} {
		j := f.run(out, end)
		raw, err := json.Marshal(app.ViewJob(j))
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		all := f.events("job:updated")
		if got := all[len(all)-1].data; !reflect.DeepEqual(got, want) {
			t.Errorf("the event shows\n%v\nthe API\n%v", got, want)
		}
	}
}

func TestEventsOfALife(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(enrich("j1", 7))
	out := f.work(job.Enrichment)
	f.run(out, fail(errors.New("no answer")))
	f.run(out, func(j *job.Job) error {
		if err := f.store.Report(t.Context(), *j, job.NewProgress(40, "halfway")); err != nil {
			t.Error(err)
		}
		return fail(fault.Postpone(time.Now().Add(10*time.Millisecond), "too fast"))(j)
	})
	f.run(out, complete(`{"businessId":7,"contacts":2}`))
	var life []string
	for _, e := range f.events() {
		line := e.kind
		if status, ok := e.data["status"].(string); ok {
			line += " " + status
		}
		life = append(life, line)
	}
	want := []string{
		"job:updated waiting",
		"job:updated active", "job:updated delayed", "enrichment:failed",
		"job:updated waiting", "job:updated active", "enrichment:progress", "job:updated delayed",
		"job:updated waiting", "job:updated active", "job:updated completed", "enrichment:complete",
	}
	if !slices.Equal(life, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(life, "\n"), strings.Join(want, "\n"))
	}
	failed := f.events("enrichment:failed")[0].data
	if failed["jobId"] != "j1" || failed["businessId"] != 7.0 || failed["error"] != "no answer" || failed["attempt"] != 1.0 || failed["willRetry"] != true || failed["nextAttemptAt"] == nil {
		t.Errorf("enrichment:failed %v", failed)
	}
	done := f.events("enrichment:complete")[0].data
	if done["success"] != true || done["jobId"] != "j1" || done["contacts"] != 2.0 {
		t.Errorf("enrichment:complete %v", done)
	}
}

func TestFailedForGoodAndRequeued(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(enrich("j1", 7))
	out := f.work(job.Enrichment)
	f.run(out, fail(fault.Invalidf("it never was valid")))
	page, err := f.store.Poison(t.Context(), app.PoisonFilter{Limit: 10})
	if err != nil || page.Total != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	e := page.Entries[0]
	if e.Queue != "enrichment" || e.JobID != "j1" || e.Reason != "it never was valid" || e.Attempts != 1 || e.Handler != "handler" || e.Name != "enrich_business" {
		t.Errorf("entry %+v", e)
	}
	if err := f.store.RequeuePoison(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.store.RequeuePoison(t.Context(), e.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("requeued twice: %v", err)
	}
	f.run(out, complete(`{}`))
	if err := f.store.RetryJob(t.Context(), "j1"); !fault.Is(err, fault.Conflict) {
		t.Errorf("retry of a completed job: %v", err)
	}
	logs, err := f.store.JobLogs(t.Context(), "j1", 10, "")
	if err != nil || logs.Total != 1 || !strings.Contains(logs.Lines[0].Message, "it never was valid") {
		t.Errorf("the history is not kept: %+v, %v", logs, err)
	}
}

func TestRetryFailedOfOneQueueAndOfAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 3 {
		f.enqueue(enrich(fmt.Sprint("e", i), int64(i+1)))
	}
	f.enqueue(job.Spec{ID: "s", Command: job.NewScrapeBusinesses("x")})
	enrichment, scraping := f.work(job.Enrichment), f.work(job.Scraping)
	for range 3 {
		f.run(enrichment, fail(fault.Invalidf("bad")))
	}
	f.run(scraping, fail(fault.Invalidf("bad")))
	if n, err := f.store.RetryFailed(t.Context(), job.Scraping); n != 1 || err != nil {
		t.Errorf("retried %d of scraping, %v", n, err)
	}
	if n, err := f.store.RequeueAllPoison(t.Context(), ""); n != 3 || err != nil {
		t.Errorf("requeued %d of all, %v", n, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(enrich("j1", 7))
	if err := f.store.CancelJob(t.Context(), "j1"); err != nil {
		t.Fatal(err)
	}
	f.reaches("j1", job.Cancelled)
	if err := f.store.CancelJob(t.Context(), "j1"); !fault.Is(err, fault.Conflict) {
		t.Errorf("cancelled twice: %v", err)
	}
	if err := f.store.CancelJob(t.Context(), "nobody"); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	if cancelled := f.events("enrichment:cancelled"); len(cancelled) != 1 || cancelled[0].data["jobId"] != "j1" {
		t.Errorf("events %v", cancelled)
	}
}

func TestListingsMissAndRepeatNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	want := map[string]bool{}
	for i := range 25 {
		id := fmt.Sprintf("j%02d", i)
		if i%3 == 0 {
			f.enqueue(job.Spec{ID: id, Command: job.NewScrapeBusinesses("x")})
		} else {
			f.enqueue(enrich(id, int64(i)))
		}
		want[id] = true
	}
	listed := 0
	newest := time.Now().Add(time.Hour)
	filter := app.JobFilter{Limit: 4}
	for {
		page, err := f.store.Jobs(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range page.Jobs {
			listed++
			if !want[j.ID()] {
				t.Errorf("%s is listed twice, or came after the first page", j.ID())
			}
			delete(want, j.ID())
			if at := j.Snapshot().CreatedAt; at.After(newest) {
				t.Errorf("%s of %s comes after one of %s", j.ID(), at, newest)
			} else {
				newest = at
			}
		}
		if listed == 8 {
			f.enqueue(enrich("new", 99)) // comes while pages are read
		}
		if page.NextCursor == "" {
			break
		}
		filter.Cursor = page.NextCursor
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	page, err := f.store.Jobs(t.Context(), app.JobFilter{Queue: job.Scraping, State: job.Waiting, Limit: 50})
	if err != nil || page.Total != 9 || len(page.Jobs) != 9 {
		t.Errorf("%d of %d waiting scrapes, %v", len(page.Jobs), page.Total, err)
	}
	for _, cursor := range []string{"garbage!", "YWJj", "fHw"} {
		if _, err := f.store.Jobs(t.Context(), app.JobFilter{Cursor: cursor, Limit: 1}); !fault.Is(err, fault.Invalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

func TestBatchKeepsItsOwnCounters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var jobs []job.Job
	for i := range 4 {
		spec := enrich(fmt.Sprint("j", i), int64(i+1))
		spec.BatchID, spec.Retry = "batch-1", job.RetryPolicy{Attempts: 1}
		j, err := job.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	if _, err := f.store.Enqueue(t.Context(), jobs...); err != nil {
		t.Fatal(err)
	}
	out := f.work(job.Enrichment)
	f.run(out, complete(`{}`))
	f.run(out, fail(errors.New("bad")))
	if err := f.store.CancelJob(t.Context(), "j3"); err != nil {
		t.Fatal(err)
	}
	b, err := f.store.Batch(t.Context(), "batch-1")
	if err != nil || b.Total != 4 || b.Completed != 1 || b.Failed != 1 || b.Cancelled != 1 || b.Waiting+b.Active != 1 || b.Progress() != 75 {
		t.Errorf("batch %+v, %v", b, err)
	}
	progress := f.events("batch:progress")
	if last := progress[len(progress)-1].data; last["progress"] != 75.0 || last["status"] != "processing" || last["batchId"] != "batch-1" {
		t.Errorf("batch:progress %v", last)
	}
	if _, err := f.store.Batch(t.Context(), "batch-2"); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown batch: %v", err)
	}
}

func TestTallyCountsEachPlaceOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(job.Spec{ID: "s1", Command: job.NewScrapeBusinesses("x")})
	for _, c := range []struct {
		key     string
		outcome app.PlaceOutcome
	}{{"a", app.PlaceSaved}, {"a", app.PlaceSkipped}, {"b", app.PlaceSkipped}, {"c", app.PlaceInvalid}} {
		if err := f.store.CountPlace(t.Context(), "s1", c.key, c.outcome); err != nil {
			t.Fatal(err)
		}
	}
	if tally, err := f.store.Tally(t.Context(), "s1"); err != nil || tally != (app.Tally{Saved: 1, Skipped: 1, Invalid: 1}) {
		t.Errorf("%+v, %v", tally, err)
	}
}

func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	queue, err := workqueue.New(workqueue.Config{Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	store := jobstore.New(queue, nil, time.Now)
	server.Stop()
	if _, err := store.Queues(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("queues: %v", err)
	}
	if _, err := store.Job(t.Context(), "j"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("job: %v", err)
	}
}

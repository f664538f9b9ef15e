package messages_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
	"leadstream/ports/messages"
)

const soon = 5 * time.Second

var (
	quiet = slog.New(slog.DiscardHandler)
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

// settlement is what a handler's ack would write.
type settlement struct {
	job     job.Snapshot
	handler string
	err     error
}

// deliveries holds one running job, and notes how it is settled.
type deliveries struct {
	job                  job.Job
	cancelled, withdrawn bool
	mu                   sync.Mutex
	settled              []settlement
	lines                []string
}

func (d *deliveries) Job(*message.Message) (job.Job, error) { return d.job, nil }

func (d *deliveries) Settle(_ *message.Message, j job.Job, handler string, err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled = append(d.settled, settlement{job: j.Snapshot(), handler: handler, err: err})
	return nil
}

func (*deliveries) NoteNow(*message.Message, string, string) {}

func (d *deliveries) Note(_ *message.Message, level, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, level+" "+text)
}

func (d *deliveries) Cancelled(context.Context) bool { return d.cancelled }

func (d *deliveries) Withdrawn(context.Context) bool { return d.withdrawn }

// reporter takes whatever is reported.
type reporter struct{}

func (reporter) Report(context.Context, job.Job, job.Progress) error { return nil }
func (reporter) Log(context.Context, job.Job, string, string) error  { return nil }

// source ends its searches as told.
type source func(ctx context.Context) error

func (s source) Search(ctx context.Context, _ app.SearchQuery, _ app.Sightings) error { return s(ctx) }

// nothingFound is a tally without places.
type nothingFound struct{ app.PlaceTally }

func (nothingFound) Tally(context.Context, string) (app.Tally, error) { return app.Tally{}, nil }

// attempt runs one scrape through the whole chain, and answers how it ended.
func attempt(t *testing.T, d *deliveries, search source, timeout time.Duration) settlement {
	t.Helper()
	d.job = runningScrape(t)
	work := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 1}, nil)
	router, err := messages.NewJobRouter(messages.JobOptions{
		App: app.New(app.Needs{
			Reporter: reporter{}, Tally: nothingFound{}, Sources: map[string]app.Source{"google_maps": search}, Now: func() time.Time { return noon },
		}),
		Work: work, Deliveries: d, Queues: []job.Queue{job.Scraping}, Logger: quiet, Timeouts: map[job.Queue]time.Duration{job.Scraping: timeout},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- router.Run(ctx) }()
	defer func() { cancel(); <-done }()
	<-router.Running()
	m := message.NewMessage("s1", nil)
	if err := work.Publish("scraping", m); err != nil {
		t.Fatal(err)
	}
	return d.outcome(t)
}

// outcome waits until the attempt is settled; a withdrawn one never is.
func (d *deliveries) outcome(t *testing.T) settlement {
	t.Helper()
	deadline := time.After(soon)
	for {
		d.mu.Lock()
		n := len(d.settled)
		d.mu.Unlock()
		if n > 0 {
			return d.settled[0]
		}
		select {
		case <-deadline:
			t.Fatal("the attempt was not settled")
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func runningScrape(t *testing.T) job.Job {
	t.Helper()
	cmd := job.NewScrapeBusinesses("Freehold, NJ")
	cmd.Source = "google_maps"
	j, err := job.New(job.Spec{ID: "s1", Command: cmd, Retry: job.RetryPolicy{Attempts: 2, Backoff: 5 * time.Second}, CreatedAt: noon})
	if err == nil {
		err = j.Start(noon)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestHowAttemptsEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		search source
		state  job.State
		kind   fault.Kind
		line   string
	}{
		{"completes", func(context.Context) error { return nil }, job.Completed, 0, "info completed: {"},
		{"transient", func(context.Context) error { return fault.Transientf("502") }, job.Delayed, fault.Transient, "warn 502; next attempt in 5s"},
		{"unknown error", func(context.Context) error { return errors.New("odd") }, job.Delayed, fault.Internal, "warn odd; next"},
		{"invalid", func(context.Context) error { return fault.Invalidf("never valid") }, job.Failed, fault.Invalid, "error attempt 1 failed, giving up: never valid"},
		{
			"postponed", func(context.Context) error { return fault.Postpone(noon.Add(time.Hour), "blocked") },
			job.Delayed, fault.Postponed, "warn blocked; next attempt in 1h0m0s",
		},
		{"panics", func(context.Context) error { panic("oops") }, job.Delayed, fault.Transient, "warn internal error"},
		{"takes too long", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, job.Delayed, fault.Transient, "warn attempt took longer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &deliveries{}
			got := attempt(t, d, tt.search, 50*time.Millisecond)
			if len(d.lines) != 1 || !strings.HasPrefix(d.lines[0], tt.line) {
				t.Errorf("log %q", d.lines)
			}
			if got.job.State != tt.state || fault.KindOf(got.err) != tt.kind || got.handler != "scraping" && got.err != nil {
				t.Errorf("settled as %s by %q with %v", got.job.State, got.handler, got.err)
			}
			if tt.state == job.Completed && string(got.job.Result) != `{"found":0,"saved":0,"skipped":0}` {
				t.Errorf("result %s", got.job.Result)
			}
		})
	}
}

func TestPostponedAttemptIsGivenBack(t *testing.T) {
	t.Parallel()
	got := attempt(t, &deliveries{}, func(context.Context) error { return fault.Postpone(noon.Add(time.Hour), "blocked") }, time.Second)
	if got.job.AttemptsMade != 0 || !got.job.NextAttemptAt.Equal(noon.Add(time.Hour)) || got.job.Progress.Message == "" {
		t.Errorf("settled as %+v", got.job)
	}
}

func TestBackOffOfTheFirstFailure(t *testing.T) {
	t.Parallel()
	got := attempt(t, &deliveries{}, func(context.Context) error { return fault.Transientf("502") }, time.Second)
	if !got.job.NextAttemptAt.Equal(noon.Add(5*time.Second)) || got.job.AttemptsMade != 1 {
		t.Errorf("settled as %+v", got.job)
	}
}

func TestCancelledAttemptIsSettledAsCancelled(t *testing.T) {
	t.Parallel()
	got := attempt(t, &deliveries{cancelled: true}, func(context.Context) error { return errors.New("stopped") }, time.Second)
	if got.job.State != job.Cancelled {
		t.Errorf("settled as %s", got.job.State)
	}
}

// TestRouterThatStopsByItselfIsAnError closes a subscription under a router.
func TestRouterThatStopsByItselfIsAnError(t *testing.T) {
	t.Parallel()
	work := gochannel.NewGoChannel(gochannel.Config{}, nil)
	router, err := messages.NewCommandRouter(messages.CommandOptions{App: app.New(app.Needs{}), Commands: work, Stream: "commands", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- router.Run(context.Background()) }()
	<-router.Running()
	_ = work.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a handler stopped in silence")
		}
	case <-time.After(soon):
		t.Fatal("the router goes on without its handler")
	}
}

// leads counts what is saved.
type leads struct {
	app.Businesses
	app.JobHistory
	app.Events
	nothingFound
	mu    sync.Mutex
	saved []string
	jobs  []app.FinishedJob
	fails int
	did   chan struct{}
}

func (l *leads) SaveFound(_ context.Context, f business.Found) (business.Business, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return business.Business{}, false, fault.Unavailablef("database is down")
	}
	l.saved = append(l.saved, f.Place.Name)
	return business.Business{ID: 1, FirstSeenJob: f.JobID}, true, nil
}

func (l *leads) PublishBusiness(context.Context, string, business.Business) error { return nil }

func (l *leads) CountPlace(context.Context, string, string, app.PlaceOutcome) error {
	l.did <- struct{}{}
	return nil
}

func (l *leads) RecordJob(_ context.Context, j app.FinishedJob) error {
	l.mu.Lock()
	l.jobs = append(l.jobs, j)
	l.mu.Unlock()
	l.did <- struct{}{}
	return nil
}

// TestEventsLeadToWhatFollows publishes events, garbage among them.
func TestEventsLeadToWhatFollows(t *testing.T) {
	t.Parallel()
	l := &leads{fails: 1, did: make(chan struct{}, 10)}
	stream := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 10}, nil)
	router, err := messages.NewEventRouter(messages.EventOptions{
		App:  app.New(app.Needs{Leads: l, History: l, Events: l, Tally: l, Now: func() time.Time { return noon }}),
		Save: stream, History: stream, Stream: "events", Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- router.Run(ctx) }()
	defer func() { cancel(); <-done }()
	<-router.Running()
	found, err := json.Marshal(business.Found{JobID: "s1", Place: business.Place{Name: "A"}, At: noon})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []struct{ kind, data string }{
		{"business:found", `not json`},
		{"business:found", `{"jobId":""}`},
		{"job:updated", `{"jobId":"j0","status":"active"}`},
		{"job:updated", `{"jobId":"j1","queue":"scraping","status":"completed","attemptsMade":2,"createdAt":"2026-11-24T12:00:00.000Z","finishedAt":"2026-11-24T12:00:05.000Z"}`},
		{"scraping:progress", `{}`},
		{"business:found", string(found)},
	} {
		m := message.NewMessage(fmt.Sprint(i), fmt.Appendf(nil, `{"data":%s}`, e.data))
		m.Metadata.Set("type", e.kind)
		if err := stream.Publish("events", m); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		select {
		case <-l.did:
		case <-time.After(soon):
			t.Fatal("an event was not handled")
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.saved) != 1 || l.saved[0] != "A" {
		t.Errorf("saved %v", l.saved)
	}
	if len(l.jobs) != 1 || l.jobs[0].JobID != "j1" || l.jobs[0].AttemptsMade != 2 || !l.jobs[0].FinishedAt.Equal(noon.Add(5*time.Second)) {
		t.Errorf("recorded %+v", l.jobs)
	}
}

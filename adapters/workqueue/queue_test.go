package workqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

const (
	topic = "enrichment"
	soon  = 10 * time.Second // for what happens at once, on a busy machine
)

type fixture struct {
	t      *testing.T
	redis  *testenv.RedisServer
	client *workqueue.Client
}

func newFixture(t *testing.T, change ...func(*workqueue.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, redis: testenv.Redis(t)}
	f.client = f.newClient(change...)
	return f
}

func (f *fixture) newClient(change ...func(*workqueue.Config)) *workqueue.Client {
	f.t.Helper()
	config := workqueue.Config{Client: f.redis.Client(), EventStream: "leadstream:events", Lease: time.Second}
	for _, c := range change {
		c(&config)
	}
	client, err := workqueue.New(config)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

func (f *fixture) enqueue(entries ...workqueue.Entry) []string {
	f.t.Helper()
	for i := range entries {
		if entries[i].Payload == nil {
			entries[i].Payload = []byte(`{}`)
		}
	}
	holders, err := f.client.Enqueue(f.t.Context(), topic, entries...)
	if err != nil {
		f.t.Fatal(err)
	}
	return holders
}

// subscribe starts a worker; it ends with the test.
func (f *fixture) subscribe(client *workqueue.Client, config workqueue.SubscriberConfig) (<-chan *message.Message, *workqueue.Subscriber) {
	f.t.Helper()
	if config.Grace == 0 {
		config.Grace = 50 * time.Millisecond
	}
	s := workqueue.NewSubscriber(client, config)
	out, err := s.Subscribe(context.Background(), topic)
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
	return out, s
}

func (f *fixture) receive(out <-chan *message.Message) *message.Message {
	f.t.Helper()
	select {
	case m := <-out:
		return m
	case <-time.After(soon):
		f.t.Fatal("no message came")
		return nil
	}
}

func (f *fixture) none(out <-chan *message.Message, within time.Duration) {
	f.t.Helper()
	select {
	case m := <-out:
		f.t.Fatalf("message %s came, none was to", m.UUID)
	case <-time.After(within):
	}
}

func (f *fixture) state(id string) workqueue.Record {
	f.t.Helper()
	r, err := f.client.Get(f.t.Context(), topic, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fixture) reaches(id, state string) workqueue.Record {
	f.t.Helper()
	testenv.Eventually(f.t, soon, func() bool { return f.state(id).State == state }, "job %s is %s, not %s", id, f.state(id).State, state)
	return f.state(id)
}

func (f *fixture) stats() workqueue.Stats {
	f.t.Helper()
	s, err := f.client.Stats(f.t.Context(), topic, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func settle(m *message.Message, s workqueue.Settlement) {
	d, ok := workqueue.DeliveryOf(m)
	if !ok {
		panic("message is no delivery")
	}
	d.Settle(s)
	m.Ack()
}

func concurrency(n int) workqueue.SubscriberConfig {
	return workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: n}}
}

func entries(n int) []workqueue.Entry {
	all := make([]workqueue.Entry, n)
	for i := range all {
		all[i] = workqueue.Entry{ID: fmt.Sprintf("j%02d", i), Name: "x"}
	}
	return all
}

func TestJobRunsAndCompletes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1", Name: "x", Payload: []byte(`{"a":1}`), Metadata: map[string]string{"name": "x", "k": "v"}})
	if s := f.state("j1"); s.State != workqueue.StateWaiting || s.CreatedAt.IsZero() {
		t.Fatalf("enqueued as %+v", s)
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	m := f.receive(out)
	if m.UUID != "j1" || string(m.Payload) != `{"a":1}` || m.Metadata.Get("k") != "v" {
		t.Errorf("message %s %s %v", m.UUID, m.Payload, m.Metadata)
	}
	if s := f.state("j1"); s.State != workqueue.StateActive || s.Attempts != 1 || s.Run != 1 || s.StartedAt.IsZero() {
		t.Errorf("while running: %+v", s)
	}
	settle(m, workqueue.Settlement{Result: []byte(`{"n":2}`)})
	s := f.reaches("j1", workqueue.StateCompleted)
	if string(s.Result) != `{"n":2}` || s.FinishedAt.IsZero() || s.Progress != 100 {
		t.Errorf("completed as %+v", s)
	}
}

func TestOneIDRunsOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, want := range []string{"", "j1", "j1"} {
		if got := f.enqueue(workqueue.Entry{ID: "j1"})[0]; got != want {
			t.Errorf("time %d: answered %q, want %q", i, got, want)
		}
	}
	out, _ := f.subscribe(f.client, concurrency(2))
	f.receive(out).Ack()
	f.reaches("j1", workqueue.StateCompleted)
	if got := f.enqueue(workqueue.Entry{ID: "j1"})[0]; got != "j1" {
		t.Errorf("a finished job was accepted again")
	}
	f.none(out, 200*time.Millisecond)
}

func TestUniqueKeyIsHeldUntilTheJobEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "a", UniqueKey: "k"})
	if got := f.enqueue(workqueue.Entry{ID: "b", UniqueKey: "k"})[0]; got != "a" {
		t.Errorf("answered %q, want the holder", got)
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	f.receive(out).Ack()
	f.reaches("a", workqueue.StateCompleted)
	if got := f.enqueue(workqueue.Entry{ID: "c", UniqueKey: "k"})[0]; got != "" {
		t.Errorf("answered %q after the holder ended", got)
	}
}

func TestPriorityAtEveryTake(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, p := range []string{"low", "normal", "high"} {
		for i := range 3 {
			f.enqueue(workqueue.Entry{ID: fmt.Sprintf("%s%d", p, i), Priority: p})
		}
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	var order []string
	for range 9 {
		m := f.receive(out)
		order = append(order, m.UUID)
		m.Ack()
	}
	want := []string{"high0", "high1", "high2", "normal0", "normal1", "normal2", "low0", "low1", "low2"}
	if !slices.Equal(order, want) {
		t.Errorf("order %v", order)
	}
}

func TestNoMoreInFlightThanSlots(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(entries(10)...)
	out, _ := f.subscribe(f.client, concurrency(3))
	var held []*message.Message
	for range 3 {
		held = append(held, f.receive(out))
	}
	f.none(out, 200*time.Millisecond)
	if s := f.stats(); s.Active != 3 || s.Waiting != 7 || s.Workers != 1 || s.Slots != 3 {
		t.Errorf("stats %+v: a job was taken that cannot run", s)
	}
	for _, m := range held {
		m.Ack()
	}
	for range 7 {
		f.receive(out).Ack()
	}
	testenv.Eventually(t, soon, func() bool { return f.stats().Completed == 10 }, "all completed")
}

func TestRetryIsDurable(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1", MaxAttempts: 3})
	out, s := f.subscribe(f.client, concurrency(1))
	settle(f.receive(out), workqueue.Settlement{State: workqueue.StateDelayed, Delay: time.Second, Reason: `no "answer"`})
	delayed := f.reaches("j1", workqueue.StateDelayed)
	if delayed.Reason != `no "answer"` || delayed.DueAt.Sub(delayed.StartedAt) < time.Second {
		t.Errorf("delayed as %+v", delayed)
	}
	_ = s.Close()
	f.redis.Restart()
	out, _ = f.subscribe(f.newClient(), concurrency(1))
	m := f.receive(out)
	again := f.state("j1")
	if again.Attempts != 2 || again.StartedAt.Before(delayed.DueAt) {
		t.Errorf("attempt %d started %s, due %s", again.Attempts, again.StartedAt, delayed.DueAt)
	}
	m.Ack()
	f.reaches("j1", workqueue.StateCompleted)
}

func TestPostponedAttemptDoesNotCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, _ := f.subscribe(f.client, concurrency(1))
	settle(f.receive(out), workqueue.Settlement{State: workqueue.StateDelayed, Delay: 50 * time.Millisecond, Free: true, Reason: "too fast"})
	m := f.receive(out)
	if s := f.state("j1"); s.Attempts != 1 || s.Run != 2 || s.ProgressMessage != "too fast" {
		t.Errorf("second run: %+v", s)
	}
	m.Ack()
}

func TestFailedJobStandsInThePoisonStreamUntilRequeued(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1", Name: "x", Payload: []byte(`{"a":1}`)})
	out, _ := f.subscribe(f.client, concurrency(1))
	settle(f.receive(out), workqueue.Settlement{State: workqueue.StateFailed, Reason: "bad", Handler: "h"})
	f.reaches("j1", workqueue.StateFailed)
	stream := f.client.PoisonStream(topic)
	found, total, err := f.client.ListPoison(t.Context(), stream, "", 10)
	if err != nil || total != 1 {
		t.Fatalf("%d poison entries, %v", total, err)
	}
	for field, want := range map[string]string{
		"job_id": "j1", "payload": `{"a":1}`, "reason_poisoned": "bad", "topic_poisoned": topic, "handler_poisoned": "h", "attempts": "1",
	} {
		if got := found[0].Fields[field]; got != want {
			t.Errorf("poison field %s = %q, want %q", field, got, want)
		}
	}
	if from, err := f.client.Requeue(t.Context(), topic, "j1"); from != workqueue.StateFailed || err != nil {
		t.Fatalf("requeue answered %s, %v", from, err)
	}
	if _, total, _ := f.client.ListPoison(t.Context(), stream, "", 10); total != 0 {
		t.Errorf("%d poison entries after requeue", total)
	}
	m := f.receive(out)
	if s := f.state("j1"); s.Attempts != 1 || s.Reason != "" {
		t.Errorf("second life: %+v", s)
	}
	m.Ack()
	f.reaches("j1", workqueue.StateCompleted)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "active"})
	out, _ := f.subscribe(f.client, concurrency(1))
	running := f.receive(out)
	f.enqueue(workqueue.Entry{ID: "waiting"}, workqueue.Entry{ID: "delayed", Delay: time.Hour})
	other := f.newClient() // as another process would
	for id, want := range map[string]string{
		"active": workqueue.StateActive, "waiting": workqueue.StateWaiting, "delayed": workqueue.StateDelayed, "none": workqueue.StateUnknown,
	} {
		if from, err := other.Cancel(t.Context(), topic, id); from != want || err != nil {
			t.Errorf("cancel of %s answered %s, %v", id, from, err)
		}
	}
	select {
	case <-running.Context().Done():
	case <-time.After(time.Second):
		t.Fatal("the running job was not told within a second")
	}
	if cause := context.Cause(running.Context()); !errors.Is(cause, workqueue.ErrCancelled) {
		t.Errorf("cause %v", cause)
	}
	settle(running, workqueue.Settlement{State: workqueue.StateCancelled})
	for _, id := range []string{"active", "waiting", "delayed"} {
		f.reaches(id, workqueue.StateCancelled)
	}
	f.none(out, 200*time.Millisecond)
	if from, _ := other.Cancel(t.Context(), topic, "active"); from != workqueue.StateCancelled {
		t.Errorf("cancel of a cancelled job answered %s", from)
	}
}

func TestThrottleHoldsAcrossProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(entries(30)...)
	window := time.Second
	options := workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 8, Rate: workqueue.Rate{Limit: 10, Window: window}}}
	var done sync.WaitGroup
	done.Add(30)
	for range 2 {
		out, _ := f.subscribe(f.newClient(), options)
		go func() {
			for m := range out {
				m.Ack()
				done.Done()
			}
		}()
	}
	done.Wait()
	testenv.Eventually(t, soon, func() bool { return f.stats().Completed == 30 }, "all completed")
	var starts []time.Time
	for _, e := range entries(30) {
		starts = append(starts, f.state(e.ID).StartedAt)
	}
	slices.SortFunc(starts, time.Time.Compare)
	for i := 10; i < len(starts); i++ {
		// Starts are kept by the microsecond and shown by the millisecond.
		if gap := starts[i].Sub(starts[i-10]); gap < window-time.Millisecond {
			t.Errorf("starts %d and %d are %s apart: eleven in a window", i-10, i, gap)
		}
	}
	if total := starts[29].Sub(starts[0]); total > 4*window {
		t.Errorf("30 starts took %s: idle while allowed", total)
	}
}

func TestLostWorkersJobIsTakenOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1", MaxAttempts: 1})
	lost := f.takeAndVanish()
	begin := time.Now()
	out, _ := f.subscribe(f.client, concurrency(1))
	m := f.receive(out)
	if took := time.Since(begin); took > 3*time.Second/2+500*time.Millisecond {
		t.Errorf("taken over after %s, want within 1.5 leases of 1s", took)
	}
	s := f.state("j1")
	if s.Attempts != 1 || s.Losses != 1 || s.Run != 2 {
		t.Errorf("taken over as %+v", s)
	}
	lost() // the worker that was thought dead ends its run late
	if s := f.state("j1"); s.State != workqueue.StateActive {
		t.Errorf("a late worker made it %s", s.State)
	}
	m.Ack()
	f.reaches("j1", workqueue.StateCompleted)
}

func TestJobThatKillsItsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1", MaxAttempts: 1})
	for range 3 {
		f.takeAndVanish()
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	s := f.reaches("j1", workqueue.StateFailed)
	if s.Reason != "worker lost three times" {
		t.Errorf("reason %q", s.Reason)
	}
	f.none(out, 100*time.Millisecond)
}

func TestCancelOfALostWorkersJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1"})
	f.takeAndVanish()
	if from, _ := f.client.Cancel(t.Context(), topic, "j1"); from != workqueue.StateActive {
		t.Fatalf("answered %s", from)
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	f.reaches("j1", workqueue.StateCancelled)
	f.none(out, 100*time.Millisecond)
}

// takeAndVanish takes a job as a worker that dies at once: its connection is
// cut before it can renew or end anything. The answer lets it come back and
// try to end its run.
func (f *fixture) takeAndVanish() (comeBack func()) {
	f.t.Helper()
	server := f.redis.Client()
	client, err := workqueue.New(workqueue.Config{Client: server, EventStream: "leadstream:events", Lease: time.Second})
	if err != nil {
		f.t.Fatal(err)
	}
	s := workqueue.NewSubscriber(client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 1}, Grace: time.Millisecond})
	out, err := s.Subscribe(context.Background(), topic)
	if err != nil {
		f.t.Fatal(err)
	}
	m := f.receive(out)
	_ = server.Close()
	m.Ack()
	_ = s.Close()
	d, _ := workqueue.DeliveryOf(m)
	return func() {
		ok, err := f.client.Report(f.t.Context(), d.Record, 50, "late")
		if ok || err != nil {
			f.t.Errorf("a late report was taken: %v, %v", ok, err)
		}
	}
}

func TestLongJobKeepsItsLease(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "long"})
	first, _ := f.subscribe(f.client, concurrency(1))
	m := f.receive(first)
	second, _ := f.subscribe(f.newClient(), concurrency(1))
	f.none(second, 3*time.Second)
	m.Ack()
	if s := f.reaches("long", workqueue.StateCompleted); s.Run != 1 || s.Losses != 0 {
		t.Errorf("ended as %+v", s)
	}
}

func TestCloseHandsBackWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, s := f.subscribe(f.client, concurrency(1))
	m := f.receive(out)
	go func() {
		<-m.Context().Done()
		m.Nack()
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if r := f.state("j1"); r.State != workqueue.StateWaiting || r.Attempts != 0 {
		t.Errorf("handed back as %s with %d attempts", r.State, r.Attempts)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if s := f.stats(); s.Workers != 0 || s.Waiting != 1 || s.Active != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestPauseHoldsAcrossProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, _ := f.subscribe(f.client, concurrency(1))
	if err := f.newClient().SetPaused(t.Context(), topic, true); err != nil {
		t.Fatal(err)
	}
	f.enqueue(workqueue.Entry{ID: "j1"})
	f.none(out, 300*time.Millisecond)
	if !f.stats().Paused {
		t.Error("not shown as paused")
	}
	if err := f.newClient().SetPaused(t.Context(), topic, false); err != nil {
		t.Fatal(err)
	}
	f.receive(out).Ack()
}

func TestRedisThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, _ := f.subscribe(f.client, concurrency(1))
	f.enqueue(workqueue.Entry{ID: "running"}, workqueue.Entry{ID: "waiting"})
	m := f.receive(out)
	f.redis.Kill()
	m.Ack() // its end is written when Redis is back
	f.redis.Start()
	f.reaches("running", workqueue.StateCompleted)
	f.receive(out).Ack()
	f.reaches("waiting", workqueue.StateCompleted)
	if s := f.state("running"); s.Run != 1 {
		t.Errorf("ran %d times", s.Run)
	}
}

func TestRedisThatComesBackEmpty(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, _ := f.subscribe(f.client, concurrency(1))
	f.enqueue(workqueue.Entry{ID: "before"})
	f.receive(out).Ack()
	f.reaches("before", workqueue.StateCompleted)
	if err := f.redis.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.enqueue(workqueue.Entry{ID: "after"})
	f.receive(out).Ack()
	f.reaches("after", workqueue.StateCompleted)
}

func TestRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *workqueue.Config) { c.KeepCompleted, c.KeepFailed = 3, 2 })
	out, _ := f.subscribe(f.client, concurrency(1))
	for _, e := range entries(10) {
		f.enqueue(e)
		m := f.receive(out)
		_ = f.client.AppendLog(t.Context(), topic, m.UUID, []byte(`{}`))
		if m.UUID < "j05" {
			settle(m, workqueue.Settlement{State: workqueue.StateFailed, Reason: "bad"})
		} else {
			m.Ack()
		}
	}
	testenv.Eventually(t, soon, func() bool { s := f.stats(); return s.Completed == 3 && s.Failed == 2 }, "retention")
	if _, err := f.client.Get(t.Context(), topic, "j00"); !errors.Is(err, workqueue.ErrNotFound) {
		t.Errorf("the oldest is still there: %v", err)
	}
	if _, total, _ := f.client.ListPoison(t.Context(), f.client.PoisonStream(topic), "", 10); total != 2 {
		t.Errorf("%d poison entries, want those of the jobs that are kept", total)
	}
	keys, err := f.redis.Client().Keys(t.Context(), "*logs:*").Result()
	if err != nil || len(keys) != 5 {
		t.Errorf("%d logs, want 5, %v", len(keys), err)
	}
}

func TestAgedLowJobsAreNotStarved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// An entry with an old id has waited that long as far as Redis knows.
	server := f.redis.Client()
	f.enqueue(workqueue.Entry{ID: "old", Priority: "low"})
	low := "leadstream:{" + topic + "}:low"
	old := fmt.Sprintf("%d-0", time.Now().Add(-time.Hour).UnixMilli())
	if err := server.Del(t.Context(), low).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Pipelined(t.Context(), xaddOld(low, old, "old", topic)); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		f.enqueue(workqueue.Entry{ID: fmt.Sprintf("high%02d", i), Priority: "high"})
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	for i := range 10 {
		m := f.receive(out)
		m.Ack()
		if m.UUID == "old" {
			if i == 0 {
				t.Error("an aged job went before every high one")
			}
			return
		}
	}
	t.Error("ten starts, and the aged job of low priority was not among them")
}

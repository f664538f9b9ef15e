package workqueue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

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

// TestIDsAreRememberedBeyondRetention: a sender may send a command again when
// its job has long been done and dropped.
func TestIDsAreRememberedBeyondRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *workqueue.Config) { c.KeepCompleted = 1 })
	out, _ := f.subscribe(f.client, concurrency(1))
	for _, e := range []workqueue.Entry{{ID: "sent", RememberFor: time.Hour}, {ID: "made"}, {ID: "last"}} {
		f.enqueue(e)
		f.receive(out).Ack()
		f.reaches(e.ID, workqueue.StateCompleted)
	}
	for id, want := range map[string]string{"sent": "sent", "made": "", "last": "last"} {
		if got := f.enqueue(workqueue.Entry{ID: id})[0]; got != want {
			t.Errorf("%s again: answered %q, want %q", id, got, want)
		}
	}
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

// takeAndVanish takes a job as a worker that dies at once: its connection is
// cut before it can renew or end anything. The answer lets it come back and
// try to end its run.
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

// TestLongTextsComeBackWhole: what is stored in pieces is joined in order, also
// where Redis gives a hash's fields in none.
func TestLongTextsComeBackWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var numbers []string
	for i := range 400 {
		numbers = append(numbers, fmt.Sprint(1000+i))
	}
	for n, size := range []int{1, 12, 13, 25, 100, 400} {
		id := fmt.Sprintf("j%d", n)
		text := `{"n":[` + strings.Join(numbers[:size], ",") + `]}`
		f.enqueue(workqueue.Entry{ID: id, Name: `a "name"`, ParentID: "p\\1", Payload: []byte(text), MaxAttempts: 2, CorrelationID: strings.Repeat("c", 100)})
		if r := f.state(id); string(r.Payload) != text || r.Name != `a "name"` || r.ParentID != "p\\1" {
			t.Fatalf("waiting: %+v", r)
		}
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	for range 6 {
		m := f.receive(out)
		settle(m, workqueue.Settlement{State: workqueue.StateFailed, Reason: strings.Repeat("r", 200), Result: m.Payload})
		r := f.reaches(m.UUID, workqueue.StateFailed)
		if !bytes.Equal(r.Payload, m.Payload) || !bytes.Equal(r.Result, m.Payload) || r.Name != `a "name"` || r.ParentID != "p\\1" {
			t.Errorf("failed: %+v", r)
		}
	}
}

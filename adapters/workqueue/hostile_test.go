package workqueue_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
	"unicode/utf8"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// TestNothingVanishesForWhatItIs: an odd job is refused or runs; none is
// accepted and never seen again.
func TestNothingVanishesForWhatItIs(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]workqueue.Entry{
		"unknown priority":     {ID: "j1", Priority: "urgent"},
		"priority of a key":    {ID: "j1", Priority: "index"},
		"empty id":             {ID: ""},
		"id of any bytes":      {ID: "a:{b}\r\n\x00\xff\"'\\"},
		"negative delay":       {ID: "j1", Delay: -time.Hour},
		"delay under a ms":     {ID: "j1", Delay: time.Microsecond},
		"no attempts":          {ID: "j1", MaxAttempts: -1},
		"batch of any bytes":   {ID: "j1", BatchID: "\x00\xff"},
		"unique key, own id":   {ID: "j1", UniqueKey: "j1"},
		"metadata of any kind": {ID: "j1", Metadata: map[string]string{"": "\xff", "\x00": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			out, _ := f.subscribe(f.client, concurrency(1))
			e.Payload = []byte(`{}`)
			if _, err := f.client.Enqueue(t.Context(), topic, e); err != nil {
				n, countErr := f.client.Count(t.Context(), topic, workqueue.All)
				if n != 0 || countErr != nil {
					t.Errorf("refused (%v) and kept all the same: %d, %v", err, n, countErr)
				}
				return
			}
			f.receive(out).Ack()
			f.reaches(e.ID, workqueue.StateCompleted)
		})
	}
}

// TestEventsAreJSONWhateverJobsSay: one bad text must not make an event that
// no listener can read. What cannot be told is to be refused or mended.
func TestEventsAreJSONWhateverJobsSay(t *testing.T) {
	t.Parallel()
	const nasty = "\xff\xfe\x00\x1f\"\\\u2028</script>\xc3("
	for name, act := range map[string]func(f *fixture){
		"payload": func(f *fixture) {
			_, _ = f.client.Enqueue(f.t.Context(), topic, workqueue.Entry{ID: "bad", Payload: []byte(`{"a":`)})
		},
		"empty payload": func(f *fixture) { _, _ = f.client.Enqueue(f.t.Context(), topic, workqueue.Entry{ID: "bad"}) },
		"payload's text": func(f *fixture) {
			_, _ = f.client.Enqueue(f.t.Context(), topic, workqueue.Entry{ID: "bad", Payload: []byte("{\"a\":\"\xff\"}")})
		},
		"name": func(f *fixture) {
			_, _ = f.client.Enqueue(f.t.Context(), topic, workqueue.Entry{ID: "bad", Name: nasty, BatchID: nasty, ParentID: nasty, CorrelationID: nasty, Payload: []byte(`{}`)})
		},
		"reason": func(f *fixture) { f.runOnce(workqueue.Settlement{State: workqueue.StateFailed, Reason: nasty}) },
		"postponement": func(f *fixture) {
			f.runOnce(workqueue.Settlement{State: workqueue.StateDelayed, Delay: time.Hour, Free: true, Reason: nasty})
		},
		"result": func(f *fixture) { f.runOnce(workqueue.Settlement{Result: []byte(`{"a":`)}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			act(f)
			f.enqueue(workqueue.Entry{ID: "good"})
			entries, err := f.redis.Client().XRange(t.Context(), "leadstream:events", "-", "+").Result()
			if err != nil || len(entries) == 0 {
				t.Fatalf("%d events, %v", len(entries), err)
			}
			for _, e := range entries {
				if payload := fmt.Sprint(e.Values["payload"]); !json.Valid([]byte(payload)) || !utf8.ValidString(payload) {
					t.Errorf("not JSON, or not UTF-8: %q", payload)
				}
			}
		})
	}
}

// runOnce has a job run and end as told; an end that cannot be written may
// leave it active.
func (f *fixture) runOnce(s workqueue.Settlement) {
	f.t.Helper()
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, sub := f.subscribe(f.newClient(), concurrency(1))
	settle(f.receive(out), s)
	_ = sub.Close()
}

// TestFullRedis: with no memory left nothing is accepted in part, and the end
// of what runs is written as soon as there is room.
func TestFullRedis(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, _ := f.subscribe(f.newClient(), concurrency(1))
	f.enqueue(workqueue.Entry{ID: "running", BatchID: "b"})
	m := f.receive(out)
	server := f.redis.Client()
	limit := func(bytes string) {
		if err := server.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	if holders, err := f.client.Enqueue(t.Context(), topic, entries(10)...); err == nil {
		t.Errorf("a full Redis answered %v", holders)
	}
	m.Ack()
	if n, err := f.client.Count(t.Context(), topic, workqueue.All); n != 1 || err != nil {
		t.Errorf("%d jobs are kept, %v", n, err)
	}
	limit("0")
	f.reaches("running", workqueue.StateCompleted)
	f.enqueue(entries(10)...)
	for range 10 {
		f.receive(out).Ack()
	}
	testenv.Eventually(t, soon, func() bool { return f.stats().Completed == 11 }, "all are completed")
	f.eventsAgree()
}

// TestLargeBatchIsOneStep accepts thousands of jobs in one call, or none.
func TestLargeBatchIsOneStep(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := make([]workqueue.Entry, 5000)
	for i := range all {
		all[i] = workqueue.Entry{ID: fmt.Sprint("l", i), Payload: []byte(`{"n":1}`), BatchID: "b"}
	}
	begin := time.Now()
	f.enqueue(all...)
	t.Logf("%d jobs accepted in %s", len(all), time.Since(begin))
	if s := f.stats(); s.Waiting != len(all) {
		t.Errorf("%+v", s)
	}
	if b, err := f.client.Batch(t.Context(), topic, "b"); err != nil || b["total"] != len(all) || b["waiting"] != len(all) {
		t.Errorf("batch %v, %v", b, err)
	}
}

// TestCloseDoesNotWaitForAHandlerForEver: one that ignores its context is left
// behind; its job is handed back, and its late ack writes nothing.
func TestCloseDoesNotWaitForAHandlerForEver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, s := f.subscribe(f.newClient(), concurrency(1))
	m := f.receive(out)
	begin := time.Now()
	_ = s.Close()
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("closing took %s", took)
	}
	if r := f.state("j1"); r.State != workqueue.StateWaiting || r.Attempts != 0 {
		t.Errorf("handed back as %+v", r)
	}
	m.Ack()
	again, _ := f.subscribe(f.newClient(), concurrency(1))
	settle(f.receive(again), workqueue.Settlement{Result: []byte(`{"second":true}`)})
	if r := f.reaches("j1", workqueue.StateCompleted); string(r.Result) != `{"second":true}` {
		t.Errorf("ended as %+v", r)
	}
	f.eventsAgree()
}

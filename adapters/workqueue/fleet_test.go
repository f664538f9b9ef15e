package workqueue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// collect makes consumers, each as its own process would be, and one channel
// of what they are given.
func (f *fixture) collect(slots ...int) <-chan *message.Message {
	f.t.Helper()
	return f.collectWith(func(*workqueue.Config) {}, slots...)
}

func (f *fixture) collectWith(change func(*workqueue.Config), slots ...int) <-chan *message.Message {
	f.t.Helper()
	all, ended := make(chan *message.Message), make(chan struct{})
	f.t.Cleanup(func() { close(ended) })
	for _, n := range slots {
		out, _ := f.subscribe(f.newClient(change), concurrency(n))
		go func() {
			for m := range out {
				select {
				case all <- m:
				case <-ended:
					m.Nack()
				}
			}
		}()
	}
	return all
}

func TestPauseStopsEveryConsumer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(entries(60)...)
	all := f.collect(2, 3, 1)
	var held []*message.Message
	for range 6 {
		held = append(held, f.receive(all))
	}
	if err := f.client.SetPaused(t.Context(), topic, true); err != nil {
		t.Fatal(err)
	}
	for _, m := range held {
		m.Ack() // what runs may end
	}
	f.none(all, 500*time.Millisecond)
	if s := f.stats(); s.Completed != 6 || s.Active != 0 || s.Waiting != 54 || !s.Paused {
		t.Errorf("while paused: %+v", s)
	}
	begin := time.Now()
	if err := f.newClient().SetPaused(t.Context(), topic, false); err != nil {
		t.Fatal(err)
	}
	f.receive(all).Ack()
	if took := time.Since(begin); took > 700*time.Millisecond {
		t.Errorf("the first job came %s after the pause", took)
	}
	for range 53 {
		f.receive(all).Ack()
	}
	testenv.Eventually(t, soon, func() bool { return f.stats().Completed == 60 }, "all are completed")
	f.eventsAgree()
}

func TestCancelReachesEveryConsumerWithinASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	longLease := func(c *workqueue.Config) { c.Lease = 30 * time.Second } // no renewal tells of it in time
	all := f.collectWith(longLease, 2, 2, 2)
	f.enqueue(entries(6)...)
	var running []*message.Message
	for range 6 {
		running = append(running, f.receive(all))
	}
	other := f.newClient()
	var worst time.Duration
	for _, m := range running {
		begin := time.Now()
		if from, err := other.Cancel(t.Context(), topic, m.UUID); from != workqueue.StateActive || err != nil {
			t.Fatalf("answered %s, %v", from, err)
		}
		select {
		case <-m.Context().Done():
			worst = max(worst, time.Since(begin))
		case <-time.After(time.Second):
			t.Fatalf("%s was not told within a second", m.UUID)
		}
		if !errors.Is(context.Cause(m.Context()), workqueue.ErrCancelled) {
			t.Errorf("cause %v", context.Cause(m.Context()))
		}
		settle(m, workqueue.Settlement{State: workqueue.StateCancelled})
		f.reaches(m.UUID, workqueue.StateCancelled)
	}
	t.Logf("told after %s at worst", worst)
}

// TestCancelIsToldWithoutItsPush: a worker that cannot hear the push learns of
// the wish from the next renewal of its lease.
func TestCancelIsToldWithoutItsPush(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	proxy := testenv.NewProxy(t, f.redis.Addr(), func(request []byte) testenv.Cut {
		if bytes.Contains(bytes.ToLower(request[:min(len(request), 32)]), []byte("subscribe\r\n")) { // the command
			return testenv.CutRequest
		}
		return testenv.CutNothing
	}, nil)
	deaf := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = deaf.Close() })
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, _ := f.subscribe(f.newClient(func(c *workqueue.Config) { c.Client = deaf }), concurrency(1))
	m := f.receive(out)
	begin := time.Now()
	if from, err := f.client.Cancel(t.Context(), topic, "j1"); from != workqueue.StateActive || err != nil {
		t.Fatalf("answered %s, %v", from, err)
	}
	select {
	case <-m.Context().Done():
		t.Logf("told after %s, the lease is 1s", time.Since(begin))
	case <-time.After(time.Second):
		t.Error("not told within a lease")
	}
	settle(m, workqueue.Settlement{State: workqueue.StateCancelled})
	f.reaches("j1", workqueue.StateCancelled)
}

// TestCancelRacesWithStart cancels jobs while three consumers start them: each
// is cancelled or completed as its answer says, and none runs once it was
// answered as cancelled while waiting.
func TestCancelRacesWithStart(t *testing.T) {
	t.Parallel()
	keepAll := func(c *workqueue.Config) { c.KeepCompleted, c.KeepFailed = 10_000, 10_000 }
	f := newFixture(t, keepAll)
	n := scale(300, 3000)
	var ran sync.Map
	for _, slots := range []int{1, 2, 3} {
		out, _ := f.subscribe(f.newClient(keepAll), concurrency(slots))
		go func() {
			for m := range out {
				ran.Store(m.UUID, true)
				m.Ack()
			}
		}()
	}
	for i := range n {
		f.enqueue(workqueue.Entry{ID: fmt.Sprint("c", i), Delay: time.Duration(i%3) * 2 * time.Millisecond, BatchID: "b"})
		id := fmt.Sprint("c", max(0, i-rand.IntN(4)))
		from, err := f.client.Cancel(t.Context(), topic, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, started := ran.Load(id); started && (from == workqueue.StateWaiting || from == workqueue.StateDelayed) {
			t.Errorf("%s was %s and has run", id, from)
		}
	}
	testenv.Eventually(t, soon, func() bool { s := f.stats(); return s.Waiting+s.Active+s.Delayed == 0 }, "all are finished")
	for i := range n {
		id := fmt.Sprint("c", i)
		r := f.state(id)
		if _, started := ran.Load(id); started != (r.Run > 0) || r.Run > 1 {
			t.Errorf("%s: ran %v, %+v", id, started, r)
		}
	}
	s := f.stats()
	if b, err := f.client.Batch(t.Context(), topic, "b"); err != nil || b["completed"] != s.Completed || b["cancelled"] != s.Cancelled || s.Completed+s.Cancelled != n {
		t.Errorf("batch %v, %+v, %v", b, s, err)
	}
	t.Logf("%d completed, %d cancelled", s.Completed, s.Cancelled)
	f.eventsAgree()
}

// TestDrainLosesNoAck closes a consumer while half its handlers end within the
// grace and half do not: those that acked are completed, the others are back
// in waiting without an attempt used.
func TestDrainLosesNoAck(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(entries(30)...)
	out, s := f.subscribe(f.newClient(), workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 20}, Grace: time.Second})
	var running []*message.Message
	for range 20 {
		running = append(running, f.receive(out))
	}
	closed := make(chan struct{})
	begin := time.Now()
	go func() { _ = s.Close(); close(closed) }()
	for i, m := range running {
		go func() {
			if i%2 == 1 {
				<-m.Context().Done()
				if cause := context.Cause(m.Context()); !errors.Is(cause, workqueue.ErrInterrupted) {
					t.Errorf("cause %v", cause)
				}
				m.Nack()
				return
			}
			<-time.After(time.Duration(i) * 20 * time.Millisecond)
			if err := m.Context().Err(); err != nil {
				t.Errorf("%s lost its context within the grace: %v", m.UUID, err)
			}
			m.Ack()
		}()
	}
	<-closed
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("closing took %s with a grace of 1s", took)
	}
	for i, m := range running {
		r := f.state(m.UUID)
		if i%2 == 0 && (r.State != workqueue.StateCompleted || r.Attempts != 1) || i%2 == 1 && (r.State != workqueue.StateWaiting || r.Attempts != 0) {
			t.Errorf("job %d is %s with %d attempts", i, r.State, r.Attempts)
		}
	}
	if n := f.stats(); n.Completed != 10 || n.Waiting != 20 || n.Active != 0 || n.Workers != 0 {
		t.Errorf("%+v", n)
	}
	f.eventsAgree()
}

// TestDrainWithRedisAway: an ack during an outage is written when Redis is
// back within the grace.
func TestDrainWithRedisAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "j1"})
	out, s := f.subscribe(f.client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 1}, Grace: 10 * time.Second})
	m := f.receive(out)
	f.redis.Stop()
	m.Ack()
	closed := make(chan struct{})
	go func() { _ = s.Close(); close(closed) }()
	select {
	case <-closed:
		t.Error("closed with an ack unwritten and grace left")
	case <-time.After(2 * time.Second): // longer than the driver tries by itself
	}
	f.redis.Start()
	<-closed
	if r := f.state("j1"); r.State != workqueue.StateCompleted || r.Run != 1 {
		t.Errorf("after the outage: %+v", r)
	}
}

// TestOneIDAskedByMany accepts an id once, whoever asks at once, alone or
// among others.
func TestOneIDAskedByMany(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var accepted atomic.Int64
	var asking sync.WaitGroup
	for i := range 20 {
		client := f.newClient()
		asking.Go(func() {
			for n := range 10 {
				holders, err := client.Enqueue(t.Context(), topic, workqueue.Entry{ID: fmt.Sprintf("own-%d-%d", i, n), Payload: []byte(`{}`)},
					workqueue.Entry{ID: fmt.Sprint("shared", n), Payload: []byte(`{}`)}, workqueue.Entry{ID: fmt.Sprint("shared", n), Payload: []byte(`{}`)})
				if err != nil || len(holders) != 3 || holders[0] != "" || holders[2] != fmt.Sprint("shared", n) {
					t.Errorf("answered %v, %v", holders, err)
					return
				}
				if holders[1] == "" {
					accepted.Add(1)
				}
			}
		})
	}
	asking.Wait()
	if s := f.stats(); accepted.Load() != 10 || s.Waiting != 210 {
		t.Errorf("%d shared ids accepted, want 10; %+v", accepted.Load(), s)
	}
}

// TestBatchOutlivesRetention: its counters stay right when its jobs are gone.
func TestBatchOutlivesRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *workqueue.Config) { c.KeepCompleted, c.KeepFailed = 2, 1 })
	all := entries(20)
	for i := range all {
		all[i].BatchID = "b"
	}
	f.enqueue(all...)
	for i := range 5 {
		if _, err := f.client.Cancel(t.Context(), topic, all[15+i].ID); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	for i := range 15 {
		m := f.receive(out)
		if i%3 == 0 {
			settle(m, workqueue.Settlement{State: workqueue.StateFailed, Reason: "bad"})
		} else {
			m.Ack()
		}
	}
	testenv.Eventually(t, soon, func() bool {
		s := f.stats()
		return s.Active == 0 && s.Completed == 2 && s.Failed == 1 && s.Cancelled == 1
	}, "retention: %+v", f.stats())
	b, err := f.client.Batch(t.Context(), topic, "b")
	if err != nil || b["total"] != 20 || b["completed"] != 10 || b["failed"] != 5 || b["cancelled"] != 5 || b["waiting"]+b["active"]+b["delayed"] != 0 {
		t.Errorf("batch %v, %v", b, err)
	}
	if n, err := f.client.Count(t.Context(), topic, workqueue.All); n != 4 || err != nil {
		t.Errorf("%d jobs are listed, want the 4 that are kept: %v", n, err)
	}
}

// TestForeignEntriesDoNotStopAQueue: what does not belong on a queue's streams
// is passed over, and jobs behind it run.
func TestForeignEntriesDoNotStopAQueue(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, _ := f.subscribe(f.client, concurrency(1))
	f.enqueue(workqueue.Entry{ID: "before"})
	f.receive(out).Ack()
	f.reaches("before", workqueue.StateCompleted)
	server := f.redis.Client()
	streams, err := server.Keys(t.Context(), "leadstream:{"+topic+"}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range streams {
		if kind := server.Type(t.Context(), key).Val(); kind != "stream" || key == f.client.PoisonStream(topic) {
			continue
		}
		for _, fields := range [][]string{{"id", "nobody"}, {"x", "y"}, {"id", ""}, {"", "\xff\x00"}, {"id", "nobody", "s", "w? 1 x", "v", "{}"}} {
			if err := server.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: fields}).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.enqueue(workqueue.Entry{ID: "after"}, workqueue.Entry{ID: "low", Priority: workqueue.PriorityLow}, workqueue.Entry{ID: "high", Priority: workqueue.PriorityHigh})
	for range 3 {
		f.receive(out).Ack()
	}
	testenv.Eventually(t, soon, func() bool { s := f.stats(); return s.Completed == 4 && s.Active == 0 && s.Waiting == 0 }, "only jobs are counted: %+v", f.stats())
}

// TestCancelIsKeptByARunThatDoesNotEnd: who was answered that an active job
// will be cancelled must not see it run again, however its run ends: tried
// again, postponed, nacked, or handed back at shutdown.
func TestCancelIsKeptByARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*message.Message, *workqueue.Subscriber){
		"tried again": func(m *message.Message, _ *workqueue.Subscriber) {
			settle(m, workqueue.Settlement{State: workqueue.StateDelayed, Delay: 10 * time.Millisecond, Reason: "no answer"})
		},
		"postponed": func(m *message.Message, _ *workqueue.Subscriber) {
			settle(m, workqueue.Settlement{State: workqueue.StateDelayed, Delay: time.Hour, Free: true, Reason: "quota"})
		},
		"nacked": func(m *message.Message, _ *workqueue.Subscriber) { m.Nack() },
		"handed back": func(m *message.Message, s *workqueue.Subscriber) {
			go func() { <-time.After(100 * time.Millisecond); m.Nack() }()
			_ = s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.enqueue(workqueue.Entry{ID: "j1", MaxAttempts: 3})
			out, s := f.subscribe(f.newClient(), concurrency(1))
			m := f.receive(out)
			if from, err := f.client.Cancel(t.Context(), topic, "j1"); from != workqueue.StateActive || err != nil {
				t.Fatalf("answered %s, %v", from, err)
			}
			end(m, s)
			again, _ := f.subscribe(f.newClient(), concurrency(1))
			f.none(again, 200*time.Millisecond)
			testenv.Eventually(t, 2*time.Second, func() bool { return f.state("j1").State == workqueue.StateCancelled },
				"the job is cancelled, it is %s", f.state("j1").State)
		})
	}
}

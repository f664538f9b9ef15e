package workqueue_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

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

// TestRunOfALostAnswer loses the answer that tells a worker of the run it was
// given. The worker hears of it all the same, so that it counts as no loss.
func TestRunOfALostAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "first"})
	first, s := f.subscribe(f.client, concurrency(1)) // Redis knows the scripts by then
	f.receive(first).Ack()
	f.reaches("first", workqueue.StateCompleted)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f.enqueue(workqueue.Entry{ID: "j1"})
	var given atomic.Bool
	proxy := testenv.NewProxy(t, f.redis.Addr(), func(request []byte) testenv.Cut {
		if given.Load() || !isScript(request) {
			return testenv.CutNothing
		}
		return testenv.CutAnswer
	}, nil)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	out, _ := f.subscribe(f.newClient(func(c *workqueue.Config) { c.Client = client }), concurrency(2))
	testenv.Eventually(t, soon, func() bool { return f.stats().Active == 1 }, "the job is given to the worker")
	given.Store(true)
	m := f.receive(out)
	d, _ := workqueue.DeliveryOf(m)
	if d.Record.Run != 1 || d.Record.Losses != 0 {
		t.Errorf("it came as run %d after %d losses", d.Record.Run, d.Record.Losses)
	}
	m.Ack()
	if r := f.reaches("j1", workqueue.StateCompleted); r.Run != 1 || r.Attempts != 1 {
		t.Errorf("ended as %+v", r)
	}
}

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

// TestBusyWorkerEndsWhatNeedsNoSlot: jobs of dead workers that are not to run
// again are ended by a worker that has no slot, and it takes no other for them.
func TestBusyWorkerEndsWhatNeedsNoSlot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.enqueue(workqueue.Entry{ID: "busy"})
	worker := f.newClient()
	workqueue.SetFailPoint(worker, func(step string) {
		if step == "begun" {
			<-time.After(50 * time.Millisecond) // for the worker's other round to see what there is
		}
	})
	out, _ := f.subscribe(worker, concurrency(1))
	m := f.receive(out)
	orphans := entries(4)
	for _, e := range orphans {
		f.enqueue(e)
		f.takeAndVanish()
	}
	for i := range 6 {
		f.enqueue(workqueue.Entry{ID: fmt.Sprintf("waiting%d", i)})
	}
	for _, e := range orphans {
		if from, err := f.client.Cancel(t.Context(), topic, e.ID); from != workqueue.StateActive || err != nil {
			t.Fatalf("answered %s, %v", from, err)
		}
	}
	for _, e := range orphans {
		f.reaches(e.ID, workqueue.StateCancelled)
	}
	f.none(out, 300*time.Millisecond)
	if s := f.stats(); s.Active != 1 || s.Waiting != 6 {
		t.Errorf("one slot, and %+v", s)
	}
	m.Ack()
}

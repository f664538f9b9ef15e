package workqueue_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

const (
	takeOver  = 3 * processLease / 2
	tolerance = time.Second // of a busy machine
	patience  = 40 * time.Second
)

func scale(normal, long int) int {
	if stress {
		return long
	}
	return normal
}

// TestFaultWorkerKilled kills a worker of four slots at its seventh arrival at
// each point, while another one goes on.
func TestFaultWorkerKilled(t *testing.T) {
	t.Parallel()
	for _, point := range []string{pointStarted, pointBeforeEffect, pointAfterEffect, pointSettling, pointSettle, pointSettled} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.start(workerSpec{Concurrency: 2, HandlerMS: 20}, "")
			victim := f.start(workerSpec{Concurrency: 4, HandlerMS: 20}, point+"=7")
			testenv.Eventually(t, patience, func() bool { return f.stats().Workers == 2 }, "both work")
			f.accept(scale(350, 700)) // so that the other is busy when the lease ends
			if end := victim.Ended(patience); end.Signal() != syscall.SIGKILL {
				t.Fatalf("the victim ended with %v", end)
			}
			killed := time.Now()
			f.finished(patience)
			if s := f.account(); s.Completed != scale(350, 700) {
				t.Errorf("%+v", s)
			}
			f.lossesBetween(0, 4, killed)
		})
	}
}

// lossesBetween bounds how many jobs were lost with their worker, how late
// they were taken over, and that a loss is not an attempt.
func (f *fleet) lossesBetween(least, most int, killed time.Time) {
	f.t.Helper()
	lost := 0
	for id := range unique(f.notes("accepted")) {
		r := f.state(id)
		if r.Attempts != 1 || r.Run != r.Losses+1 {
			f.t.Errorf("job %s: %d attempts, %d runs, %d losses", id, r.Attempts, r.Run, r.Losses)
		}
		if r.Losses == 0 {
			continue
		}
		lost++
		// Started by Redis's clock, killed by ours: here they are the same.
		if late := r.StartedAt.Sub(killed); late > takeOver+tolerance {
			f.t.Errorf("job %s was taken over after %s, the lease is %s", id, late, processLease)
		}
	}
	if lost < least || lost > most {
		f.t.Errorf("%d jobs were lost with their worker, want %d to %d", lost, least, most)
	}
}

// TestFaultFleetOfMortals has every worker die once: killed at a point, each
// followed by a new one, until all is done.
func TestFaultFleetOfMortals(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.accept(scale(40, 400))
	points := []string{pointSettling + "=9", pointBeforeEffect + "=4", pointAfterEffect + "=5"}
	var mortals sync.WaitGroup
	for i := range scale(3, 12) {
		p := f.start(workerSpec{Concurrency: 2, HandlerMS: 10}, points[i%len(points)])
		mortals.Go(func() { p.Ended(patience) })
	}
	mortals.Wait()
	f.start(workerSpec{Concurrency: 4}, "")
	f.finished(patience)
	if s := f.account(); s.Completed+s.Failed != scale(40, 400) {
		t.Errorf("%+v", s)
	}
}

// TestFaultDeadlyJob: a job that kills whoever runs it has killed three workers
// when it is put into the poison stream; the others go on.
func TestFaultDeadlyJob(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.accept(20)
	deadly := processEntry(3).ID
	for range 3 {
		p := f.start(workerSpec{Concurrency: 1, Deadly: deadly}, "")
		if end := p.Ended(patience); end.Signal() != syscall.SIGKILL {
			t.Fatalf("the worker ended with %v", end)
		}
	}
	f.start(workerSpec{Concurrency: 1, Deadly: deadly}, "")
	f.finished(patience)
	if s := f.account(); s.Completed != 19 || s.Failed != 1 {
		t.Errorf("%+v", s)
	}
	r := f.state(deadly)
	found, total, err := f.client.ListPoison(t.Context(), f.client.PoisonStream(topic), "", 10)
	if err != nil || total != 1 || found[0].Fields["job_id"] != deadly || found[0].Fields["reason_poisoned"] != "worker lost three times" || r.PoisonID != found[0].ID {
		t.Errorf("%d poison entries %v of %+v, %v", total, found, r, err)
	}
	if runs := len(f.notes("runs")); runs != 19+3 {
		t.Errorf("%d runs, want one of each other job and three of the deadly one", runs)
	}
	if from, err := f.client.Requeue(t.Context(), topic, deadly); from != workqueue.StateFailed || err != nil {
		t.Errorf("requeue answered %s, %v", from, err)
	}
	if _, total, err := f.client.ListPoison(t.Context(), f.client.PoisonStream(topic), "", 10); total != 0 || err != nil {
		t.Errorf("%d poison entries after the requeue, %v", total, err)
	}
}

// TestFaultEnqueuerKilled kills a process that enqueues; whoever asks again
// under the same ids does no harm.
func TestFaultEnqueuerKilled(t *testing.T) {
	t.Parallel()
	for point, want := range map[string]struct{ answered, kept int }{
		pointBeforeEnqueue + "=8": {7, 7},
		pointEnqueue + "=8":       {7, 7},
		pointEnqueued + "=8":      {7, 8},
		pointAfterEnqueue + "=8":  {7, 8},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.start(workerSpec{Enqueue: 20}, point).Ended(patience)
			all, err := f.client.Count(t.Context(), topic, workqueue.All)
			if answered := len(f.notes("accepted")); err != nil || answered != want.answered || all != want.kept {
				t.Errorf("%d answered and %d kept, want %+v: %v", answered, all, want, err)
			}
			f.start(workerSpec{Concurrency: 2}, "")
			f.finished(patience)
			f.start(workerSpec{Enqueue: 20}, "").Ended(patience)
			f.finished(patience)
			if s := f.account(); s.Completed != 20 {
				t.Errorf("%+v", s)
			}
			if repeated := f.notes("repeated"); len(repeated) > 0 || len(f.notes("runs")) != 20 {
				t.Errorf("ran again: %v of %d runs", repeated, len(f.notes("runs")))
			}
		})
	}
}

// TestFaultStoppedWorkerIsFenced stops a worker past its lease, lets another
// take its job, and wakes it: its late end must write nothing.
func TestFaultStoppedWorkerIsFenced(t *testing.T) {
	t.Parallel()
	for _, point := range []string{pointBeforeEffect, pointAfterEffect} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.accept(1)
			id := processEntry(0).ID
			sleeper := f.start(workerSpec{Concurrency: 1}, point+"=1:stop")
			sleeper.Stopped(patience)
			stopped := time.Now()
			heir := f.start(workerSpec{Concurrency: 1, Hold: true}, "")
			testenv.Eventually(t, patience, func() bool { return f.state(id).Run == 2 }, "the job is taken over")
			f.lossesBetween(1, 1, stopped)
			sleeper.Signal(syscall.SIGCONT)
			testenv.Eventually(t, patience, func() bool { return exists(f.dir, "effect-"+id) }, "the sleeper goes on")
			sleeper.Signal(syscall.SIGTERM) // it ends when its delivery is settled
			sleeper.Ended(patience)
			if r := f.state(id); r.State != workqueue.StateActive || r.Run != 2 || r.Result != nil {
				t.Errorf("after the sleeper's late end: %+v", r)
			}
			if err := note(f.dir, "go", ""); err != nil {
				t.Fatal(err)
			}
			f.finished(patience)
			f.account()
			if r := f.state(id); string(r.Result) != fmt.Sprintf(`{"pid":%d}`, heir.PID()) {
				t.Errorf("the result is %s, want that of %d", r.Result, heir.PID())
			}
		})
	}
}

// TestFaultRedisAway takes Redis from workers and an enqueuer in mid-work.
func TestFaultRedisAway(t *testing.T) {
	t.Parallel()
	const away = 3 * time.Second
	for name, fault := range map[string]func(*testenv.RedisServer){
		"restarted": (*testenv.RedisServer).Restart,
		"stopped":   func(s *testenv.RedisServer) { s.Stop(); <-time.After(away); s.Start() },
		"killed":    killDurably,
		"silent":    func(s *testenv.RedisServer) { s.Pause(); <-time.After(away); s.Resume() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			for range 2 {
				f.start(workerSpec{Concurrency: 2, HandlerMS: 20}, "")
			}
			enqueuer := f.start(workerSpec{Enqueue: scale(300, 3000)}, "")
			testenv.Eventually(t, patience, func() bool { return len(f.notes("runs")) > 20 }, "work goes on")
			for range scale(1, 5) {
				fault(f.redis)
			}
			enqueuer.Ended(patience)
			f.finished(patience)
			if s := f.account(); s.Completed != scale(300, 3000) {
				t.Errorf("%+v", s)
			}
			t.Logf("%d runs of %d jobs, %d effects asked for again", len(f.notes("runs")), scale(300, 3000), len(f.notes("repeated")))
		})
	}
}

// killDurably has Redis write through to the disk first: with everysec, what
// was answered in its last second may be lost.
func killDurably(s *testenv.RedisServer) {
	c := redis.NewClient(s.Options())
	defer func() { _ = c.Close() }()
	_ = c.ConfigSet(context.Background(), "appendfsync", "always").Err()
	<-time.After(time.Second)
	s.Kill()
	s.Start()
}

// TestFaultFlushed empties Redis under a running job and a waiting one: they
// are gone, nothing of them comes back, and the same workers go on.
func TestFaultFlushed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start(workerSpec{Concurrency: 1, Hold: true}, "")
	f.enqueue(workqueue.Entry{ID: "running"}, workqueue.Entry{ID: "waiting"})
	f.reaches("running", workqueue.StateActive)
	if err := f.redis.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := note(f.dir, "go", ""); err != nil {
		t.Fatal(err)
	}
	f.accept(20)
	f.finished(patience)
	if s := f.account(); s.Completed != 20 {
		t.Errorf("%+v", s)
	}
	if exists(f.dir, "effect-waiting") {
		t.Error("a job ran that Redis had lost")
	}
}

// TestFaultScriptsFlushed forgets the scripts again and again.
func TestFaultScriptsFlushed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start(workerSpec{Concurrency: 2, HandlerMS: 1}, "")
	enqueuer := f.start(workerSpec{Enqueue: 200}, "")
	server := f.redis.Client()
	testenv.Eventually(t, patience, func() bool {
		return server.ScriptFlush(t.Context()).Err() == nil && f.stats().Completed == 200
	}, "all are completed between two flushes")
	enqueuer.Ended(patience)
	if s := f.account(); s.Completed != 200 || len(f.notes("repeated")) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestFaultConnectionsCut loses one request in some: half of it on the way, or
// its answer after it was carried out.
func TestFaultConnectionsCut(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]testenv.Cut{"request": testenv.CutRequest, "answer": testenv.CutAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			var requests, cuts atomic.Int64
			proxy := testenv.NewProxy(t, f.redis.Addr(), func(request []byte) testenv.Cut {
				if !isScript(request) || requests.Add(1)%7 != 0 {
					return testenv.CutNothing
				}
				cuts.Add(1)
				return cut
			}, nil)
			for range 2 {
				f.start(workerSpec{Addr: proxy.Addr(), Concurrency: 2, HandlerMS: 5}, "")
			}
			n := scale(100, 2000)
			f.start(workerSpec{Addr: proxy.Addr(), Enqueue: n}, "").Ended(patience)
			f.finished(2 * patience)
			s := f.account()
			if s.Completed != n {
				t.Errorf("%+v", s)
			}
			if c := cuts.Load(); c < 10 {
				t.Errorf("only %d connections were cut", c)
			}
			t.Logf("%d of %d requests cut, %d effects asked for again", cuts.Load(), requests.Load(), len(f.notes("repeated")))
		})
	}
}

// isScript knows a request that calls a script, also behind another command.
func isScript(request []byte) bool { return bytes.Contains(request, []byte("\r\nevalsha\r\n")) }

// TestFaultTerminatedWorkerHandsBack ends a process by SIGTERM in mid-work.
func TestFaultTerminatedWorkerHandsBack(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.accept(12)
	p := f.start(workerSpec{Concurrency: 3, Hold: true}, "")
	testenv.Eventually(t, patience, func() bool { return len(f.notes("runs")) == 3 }, "three are running")
	p.Signal(syscall.SIGTERM)
	testenv.Eventually(t, patience, func() bool { return len(f.notes("closing")) == 1 }, "it has been told")
	f.enqueue(workqueue.Entry{ID: "woken", BatchID: "all"}) // what rouses a worker is not taken by one that ends
	if err := os.WriteFile(filepath.Join(f.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if end := p.Ended(patience); end.ExitStatus() != 0 {
		t.Errorf("ended with %v", end)
	}
	// It may have started more until the signal reached it.
	if s := f.stats(); s.Completed < 3 || s.Completed+s.Waiting != 13 || s.Active != 0 {
		t.Errorf("after the drain: %+v", s)
	}
	f.start(workerSpec{Concurrency: 3}, "")
	f.finished(patience)
	f.account()
	for id := range unique(f.notes("accepted")) {
		if r := f.state(id); r.Attempts != 1 || r.Losses != 0 {
			t.Errorf("job %s: %d attempts, %d losses", id, r.Attempts, r.Losses)
		}
	}
}

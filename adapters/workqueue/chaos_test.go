package workqueue_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// chaosSeedEnv repeats a run of TestFaultChaos, as far as processes repeat.
const chaosSeedEnv = "WORKQUEUE_SEED"

// mixedEnd ends a run as its job's id says: most complete, some are slow, some
// fail for good, some are tried again to the last attempt, some are postponed.
func mixedEnd(ctx context.Context, m *message.Message, d *workqueue.Delivery) (workqueue.Settlement, bool) {
	hash := fnv.New32()
	_, _ = hash.Write([]byte(m.UUID))
	switch kind := hash.Sum32() % 6; {
	case kind == 0:
		return workqueue.Settlement{State: workqueue.StateFailed, Reason: "bad"}, false
	case kind == 1 && d.Record.Attempts < d.Record.MaxAttempts:
		return workqueue.Settlement{State: workqueue.StateDelayed, Delay: 20 * time.Millisecond, Reason: "no answer"}, false
	case kind == 1:
		return workqueue.Settlement{State: workqueue.StateFailed, Reason: "no answer"}, false
	case kind == 2 && d.Record.Run < 3:
		return workqueue.Settlement{State: workqueue.StateDelayed, Delay: 30 * time.Millisecond, Free: true, Reason: "too fast"}, false
	case kind == 3:
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), workqueue.ErrCancelled) {
				return workqueue.Settlement{State: workqueue.StateCancelled}, false
			}
		}
	}
	return workqueue.Settlement{}, true
}

// chaos is a fleet to which everything happens at once.
type chaos struct {
	*fleet

	rand    *rand.Rand
	workers []*testenv.Process
	stopped map[int]bool
	jobs    int
	done    map[string]int
}

// TestFaultChaos has real worker processes work while jobs are enqueued,
// cancelled, tried again by hand, the queue is paused, workers are killed,
// stopped and terminated and Redis restarts. In the end the account is right.
func TestFaultChaos(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if set, err := strconv.ParseUint(os.Getenv(chaosSeedEnv), 10, 64); err == nil {
		seed = set
	}
	c := &chaos{fleet: newFleet(t), rand: rand.New(rand.NewPCG(seed, 0)), stopped: map[int]bool{}, done: map[string]int{}}
	t.Logf("%s=%d", chaosSeedEnv, seed)
	for range 3 {
		c.workers = append(c.workers, c.newWorker())
	}
	for range scale(250, 4000) {
		c.step()
		<-time.After(10 * time.Millisecond)
	}
	c.calm()
	t.Logf("%+v after %v", c.account(), c.done)
}

func (c *chaos) newWorker() *testenv.Process {
	return c.start(workerSpec{Concurrency: 1 + c.rand.IntN(4), Mixed: true}, "")
}

func (c *chaos) step() {
	steps := []struct {
		name   string
		weight int
		do     func()
	}{
		{"enqueue", 120, c.enqueueSome}, {"cancel", 60, c.cancelOne}, {"requeue", 60, c.requeueOne},
		{"pause", 6, func() { c.tell(c.client.SetPaused(c.t.Context(), topic, true)) }},
		{"resume", 20, func() { c.tell(c.client.SetPaused(c.t.Context(), topic, false)) }},
		{"kill", 2, func() { c.replace(syscall.SIGKILL) }}, {"terminate", 2, func() { c.replace(syscall.SIGTERM) }},
		{"stop", 2, c.stopOne}, {"go on", 4, c.goOn},
		{"flush scripts", 2, func() { c.tell(c.redis.Client().ScriptFlush(c.t.Context()).Err()) }},
		{"restart", 1, c.redis.Restart},
	}
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	n := c.rand.IntN(total)
	for _, s := range steps {
		if n -= s.weight; n < 0 {
			s.do()
			c.done[s.name]++
			return
		}
	}
}

func (c *chaos) tell(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) enqueueSome() {
	for range 1 + c.rand.IntN(4) {
		e := processEntry(c.jobs)
		e.Priority = []string{workqueue.PriorityHigh, workqueue.PriorityNormal, workqueue.PriorityLow}[c.rand.IntN(3)]
		e.Delay = []time.Duration{0, 0, 40 * time.Millisecond}[c.rand.IntN(3)]
		c.enqueue(e)
		c.tell(note(c.dir, "accepted", e.ID))
		c.jobs++
	}
}

// some is one of the newer jobs, where things are going on.
func (c *chaos) some() string {
	return processEntry(max(0, c.jobs-1-c.rand.IntN(30))).ID
}

func (c *chaos) cancelOne() {
	_, err := c.client.Cancel(c.t.Context(), topic, c.some())
	c.tell(err)
}

func (c *chaos) requeueOne() {
	_, err := c.client.Requeue(c.t.Context(), topic, c.some())
	c.tell(err)
}

func (c *chaos) replace(signal syscall.Signal) {
	i := c.rand.IntN(len(c.workers))
	c.workers[i].Signal(signal)
	c.workers[i].Signal(syscall.SIGCONT)
	c.stopped[i] = false
	c.workers[i] = c.newWorker()
}

func (c *chaos) stopOne() {
	i := c.rand.IntN(len(c.workers))
	c.workers[i].Signal(syscall.SIGSTOP)
	c.stopped[i] = true
}

func (c *chaos) goOn() {
	for i, w := range c.workers {
		if c.stopped[i] {
			w.Signal(syscall.SIGCONT)
			c.stopped[i] = false
		}
	}
}

// calm lets all that was begun come to its end.
func (c *chaos) calm() {
	c.goOn()
	c.tell(c.client.SetPaused(c.t.Context(), topic, false))
	c.finished(patience)
	for _, w := range c.workers {
		w.Signal(syscall.SIGTERM)
		if end := w.Ended(patience); end.ExitStatus() != 0 {
			c.t.Errorf("worker %d ended with %v", w.PID(), end)
		}
	}
	c.t.Log(fmt.Sprint(len(c.notes("runs")), " runs, ", len(c.notes("repeated")), " effects asked for again"))
}

package workqueue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// worker works on one topic for one Subscribe.
type worker struct {
	sub    *Subscriber
	topic  string
	log    *slog.Logger
	output chan *message.Message

	stop     context.Context // ends when no more jobs are to be taken
	stopNow  context.CancelFunc
	handlers context.Context // ends when running handlers must end, by then with ErrInterrupted
	abort    context.CancelCauseFunc

	abandoned chan struct{} // closed when handlers are no longer waited for

	slots   chan struct{} // one token a free slot
	mu      sync.Mutex
	running map[*Delivery]struct{}
	pending sync.WaitGroup // deliveries not yet settled
}

func newWorker(ctx context.Context, s *Subscriber, topic string) *worker {
	w := &worker{
		sub: s, topic: topic, log: s.client.config.Logger.With("queue", topic),
		output: make(chan *message.Message), running: map[*Delivery]struct{}{},
		slots: make(chan struct{}, s.options(topic).Concurrency), abandoned: make(chan struct{}),
	}
	w.stop, w.stopNow = context.WithCancel(ctx)
	// Watermill's router cancels ctx as its first step of closing; running
	// handlers have their grace all the same.
	w.handlers, w.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
	return w
}

func (w *worker) run() {
	var background sync.WaitGroup
	heartbeats, endHeartbeats := context.WithCancel(context.WithoutCancel(w.stop))
	background.Go(func() { w.beat(heartbeats) })
	background.Go(func() { w.listenForCancel(heartbeats) })
	background.Go(func() {
		select {
		case <-w.sub.closing:
			w.stopNow()
		case <-w.stop.Done():
		}
	})
	w.takeUntilStopped()
	w.drain()
	endHeartbeats()
	background.Wait()
	w.leave()
	close(w.output)
}

// takeUntilStopped never holds a job without a slot to run it in.
func (w *worker) takeUntilStopped() {
	var lastReap time.Time
	reapEvery := w.sub.client.config.Lease / 4
	for w.stop.Err() == nil {
		free := w.freeSlots()
		if free == 0 {
			return
		}
		reap := time.Since(lastReap) >= reapEvery
		if reap {
			lastReap = time.Now()
		}
		t, err := w.sub.take(w.stop, w.topic, free, reap)
		free -= w.deliverAll(t.deliveries)
		for range free {
			w.slots <- struct{}{}
		}
		if err == nil && len(t.deliveries) == 0 {
			err = w.sub.waitForEntry(w.stop, w.topic, t)
		}
		if err != nil && w.stop.Err() == nil {
			w.log.Warn("queue not reachable, trying again", "error", err)
			w.pause(500 * time.Millisecond)
		}
	}
}

// freeSlots waits for a slot and gathers all others that are free by then.
func (w *worker) freeSlots() int {
	select {
	case <-w.slots:
	case <-w.stop.Done():
		return 0
	}
	n := 1
	for {
		select {
		case <-w.slots:
			n++
		default:
			return n
		}
	}
}

// deliverAll hands the deliveries out and answers how many took a slot.
func (w *worker) deliverAll(deliveries []*Delivery) int {
	slots := 0
	for _, d := range deliveries {
		w.pending.Add(1)
		if s, ended := w.endWithoutRun(d); ended {
			d.Settle(s)
			go func() {
				defer w.pending.Done()
				w.settle(d)
			}()
			continue
		}
		slots++
		ctx := w.begin(d)
		go w.deliver(ctx, d)
	}
	return slots
}

// endWithoutRun tells of a taken-over job that is not to run again.
func (w *worker) endWithoutRun(d *Delivery) (Settlement, bool) {
	switch {
	case !d.lost:
		return Settlement{}, false
	case d.Record.CancelRequested:
		return Settlement{State: StateCancelled}, true
	case d.Record.Losses >= w.sub.client.config.MaxLosses:
		return Settlement{State: StateFailed, Reason: lostReason(d.Record.Losses), Handler: "workqueue"}, true
	default:
		return Settlement{}, false
	}
}

func (w *worker) begin(d *Delivery) context.Context {
	ctx, cancel := context.WithCancelCause(w.handlers)
	d.cancel = cancel
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[d] = struct{}{}
	return ctx
}

func (w *worker) deliver(ctx context.Context, d *Delivery) {
	defer w.pending.Done()
	defer func() { w.slots <- struct{}{} }()
	defer w.end(d)
	m := d.message(ctx)
	select {
	case w.output <- m:
	case <-w.stop.Done():
		d.Settle(Settlement{State: StateWaiting, Free: true})
		w.settle(d)
		return
	}
	select {
	case <-m.Acked():
	case <-m.Nacked():
		d.Settle(w.afterNack(ctx))
	case <-w.abandoned:
		d.Settle(Settlement{State: StateWaiting, Free: true})
	}
	w.settle(d)
}

func (w *worker) end(d *Delivery) {
	d.cancel(context.Canceled)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, d)
}

// afterNack gives an interrupted job back as it was, and delays any other, so
// that a handler that only nacks does not spin.
func (w *worker) afterNack(ctx context.Context) Settlement {
	if errors.Is(context.Cause(ctx), ErrInterrupted) {
		return Settlement{State: StateWaiting, Free: true}
	}
	return Settlement{State: StateDelayed, Delay: w.sub.config.NackDelay, Reason: "not acknowledged"}
}

// drain lets running handlers finish, for as long as the grace lasts.
func (w *worker) drain() {
	done := make(chan struct{})
	go func() { w.pending.Wait(); close(done) }()
	grace := time.NewTimer(w.sub.config.Grace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		w.abort(ErrInterrupted)
		w.waitForInterrupted(done)
	}
	w.abort(context.Canceled)
}

// interruptedWithin is how long a handler whose context has ended may take to
// say so; after that its job is handed back without it.
const interruptedWithin = 3 * time.Second

func (w *worker) waitForInterrupted(done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-time.After(interruptedWithin):
	}
	w.log.Warn("handlers do not end, their jobs are handed back")
	close(w.abandoned)
	<-done
}

func (w *worker) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-w.stop.Done():
	}
}

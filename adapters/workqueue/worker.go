package workqueue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// worker works on one topic for one Subscribe. Its rounds (rounds.go) end
// deliveries and start others; each delivery waits for its message's ack in a
// goroutine of its own.
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

	mu      sync.Mutex
	changed *sync.Cond // there may be a round to do
	free    int        // slots without a delivery; below 0 where those that are kept were taken
	kept    int        // slots that an idle worker's round keeps in Redis
	ended   []*Delivery
	idle    bool    // nothing is there to be started
	rest    *worked // what an idle worker's next round is to come after
	reap    bool    // lost workers' jobs are there, for whoever has a slot
	sift    bool    // and those among them that need none have not been looked for
	over    bool    // no more rounds
	running map[*Delivery]struct{}
	adopted map[string]time.Time // runs that were begun without the answer that tells of them
	wishes  map[string]time.Time // runs wanted cancelled that were not known here when that was said
	pending int                  // deliveries whose end is not written, and rounds that may bring some
	settled *sync.Cond           // pending has become 0
}

func newWorker(ctx context.Context, s *Subscriber, topic string) *worker {
	w := &worker{
		sub: s, topic: topic, log: s.client.config.Logger.With("queue", topic),
		output: make(chan *message.Message), running: map[*Delivery]struct{}{}, adopted: map[string]time.Time{}, wishes: map[string]time.Time{},
		free: s.options(topic).Concurrency, abandoned: make(chan struct{}),
	}
	w.changed, w.settled = sync.NewCond(&w.mu), sync.NewCond(&w.mu)
	w.stop, w.stopNow = context.WithCancel(ctx)
	// Watermill's router cancels ctx as its first step of closing; running
	// handlers have their grace all the same.
	w.handlers, w.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	return w
}

func (w *worker) run() {
	var background, rounds sync.WaitGroup
	heartbeats, endHeartbeats := context.WithCancel(context.WithoutCancel(w.stop))
	background.Go(func() { w.beat(heartbeats) })
	background.Go(func() { w.listenForCancel(heartbeats) })
	for range roundsAtOnce {
		rounds.Go(w.doRounds)
	}
	w.untilStopped()
	w.rouse()
	w.drain()
	w.endRounds()
	rounds.Wait()
	endHeartbeats()
	background.Wait()
	w.leave()
	close(w.output)
}

func (w *worker) untilStopped() {
	select {
	case <-w.sub.closing:
		w.stopNow()
	case <-w.stop.Done():
	}
}

// begin hands out deliveries that have been started, in slots that the caller
// had claimed for them. It answers how many of them an earlier worker lost.
func (w *worker) begin(started []*Delivery, slots int) (lost int) {
	begun := make([]*Delivery, 0, len(started))
	w.mu.Lock()
	w.free += slots
	for _, d := range started {
		key := runKey{w.topic, d.Record.ID}
		if w.hasBegun(key, d) {
			continue
		}
		w.sub.client.running.Store(key, d)
		w.running[d] = struct{}{}
		w.pending++
		d.open(w.handlers, w.sub.client)
		if _, pushed := w.wishes[d.run()]; pushed {
			d.cancel(ErrCancelled)
		}
		if w.seat(d) && d.lost {
			lost++
		}
		begun = append(begun, d)
	}
	w.mu.Unlock()
	for _, d := range begun {
		if d.slotless {
			w.end(d)
			continue
		}
		go w.deliver(d)
	}
	return lost
}

// seat gives a delivery a slot, unless it is not to run or there is none: then
// its end is settled. A slot that an idle worker's round keeps in Redis may be
// taken too; what that round starts in vain is handed back.
func (w *worker) seat(d *Delivery) bool {
	s, ends := w.endWithoutRun(d)
	if !ends && w.free+w.kept > 0 {
		w.free--
		return true
	}
	if !ends {
		s = Settlement{State: StateWaiting, Free: true}
	}
	d.slotless = true
	d.Settle(s)
	return false
}

// hasBegun tells of a run that was adopted before the answer came, or the other
// way round.
func (w *worker) hasBegun(key runKey, d *Delivery) bool {
	if _, adopted := w.adopted[d.run()]; adopted {
		return true
	}
	known, ok := w.sub.client.running.Load(key)
	return ok && known.(*Delivery).run() == d.run() //nolint:forcetypeassert // nothing else is stored there
}

// endWithoutRun tells of a job that is not to run, though it was started.
func (w *worker) endWithoutRun(d *Delivery) (Settlement, bool) {
	switch {
	case d.Record.CancelRequested:
		return Settlement{State: StateCancelled}, true
	case d.lost && d.Record.Losses >= w.sub.client.config.MaxLosses:
		return Settlement{State: StateFailed, Reason: lostReason(d.Record.Losses), Handler: "workqueue"}, true
	default:
		return Settlement{}, false
	}
}

func (w *worker) deliver(d *Delivery) {
	m := d.message()
	if !w.offer(m) {
		d.Settle(Settlement{State: StateWaiting, Free: true})
		w.end(d)
		return
	}
	select {
	case <-m.Acked():
	case <-m.Nacked():
		d.Settle(w.afterNack(d.ctx))
	case <-w.abandoned:
		d.Settle(Settlement{State: StateWaiting, Free: true})
	}
	w.end(d)
}

// offer hands a message to whoever reads them, unless the worker stops first.
func (w *worker) offer(m *message.Message) bool {
	if w.stop.Err() != nil {
		return false // a reader may be there all the same, and a select would choose by chance
	}
	select {
	case w.output <- m:
		return true
	case <-w.stop.Done():
		return false
	}
}

// afterNack gives an interrupted job back as it was, and delays any other, so
// that a handler that only nacks does not spin.
func (w *worker) afterNack(ctx context.Context) Settlement {
	if errors.Is(context.Cause(ctx), ErrInterrupted) {
		return Settlement{State: StateWaiting, Free: true}
	}
	return Settlement{State: StateDelayed, Delay: w.sub.config.NackDelay, Reason: "not acknowledged"}
}

// end puts a delivery among those whose end is to be written.
func (w *worker) end(d *Delivery) {
	d.noting.Wait()
	d.encode(w.sub.client.config.Events(d.Record, d.settled()))
	w.mu.Lock()
	w.ended = append(w.ended, d)
	w.mu.Unlock()
	w.changed.Signal()
}

// forget lets go of a delivery whose end is written, or will not be.
func (w *worker) forget(d *Delivery) {
	d.cancel(context.Canceled)
	w.sub.client.running.CompareAndDelete(runKey{w.topic, d.Record.ID}, d)
	w.mu.Lock()
	delete(w.running, d)
	w.settleOne()
	w.mu.Unlock()
}

// settleOne counts down what is pending; w.mu is held.
func (w *worker) settleOne() {
	w.pending--
	if w.pending == 0 {
		w.settled.Broadcast()
	}
}

// drain lets running handlers finish, for as long as the grace lasts.
func (w *worker) drain() {
	done := make(chan struct{})
	go func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for w.pending > 0 {
			w.settled.Wait()
		}
		close(done)
	}()
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

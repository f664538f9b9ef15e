package workqueue

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// roundsAtOnce keeps Redis busy: while it works on one round, handlers and
	// the other round get on with theirs.
	roundsAtOnce = 2
	// roundUpTo bounds what one call of the script does, in ends and in starts.
	roundUpTo = 256
)

// doRounds writes ends and starts jobs until the worker is drained. A round
// takes along whatever has ended and whatever slots are free by then: under
// load one call serves many jobs, and an idle queue waits for none.
func (w *worker) doRounds() {
	retry := firstRetry
	for {
		next, ok := w.nextRound()
		if !ok {
			return
		}
		w.reach(next, "settle")
		done, err := w.sub.work(context.WithoutCancel(w.stop), w.topic, next)
		w.reach(next, "settled")
		if err == nil {
			retry = firstRetry
			w.finishRound(next, done)
			continue
		}
		w.log.Warn("queue not reachable, trying again", "error", err)
		w.undoRound(next, err)
		if !w.pause(retry) {
			w.giveUpEnds()
		}
		retry = min(2*retry, lastRetry)
	}
}

func (w *worker) reach(r work, step string) {
	if len(r.ends) > 0 {
		w.sub.client.at(step)
	}
}

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// nextRound waits until there is something to do, and claims it. An idle worker
// has one round wait in Redis for something to start, with the slots for it.
func (w *worker) nextRound() (work, bool) {
	runtime.Gosched() // handlers that are about to end make the round fuller
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		stopping := w.stopping()
		taking := !stopping && (w.free > 0 && (!w.idle || w.reap) || w.sift)
		switch {
		case len(w.ended) > 0 || taking:
			return w.claimRound(taking, stopping), true
		case w.rest != nil && !stopping:
			next := work{slots: min(w.free, roundUpTo), after: w.rest}
			w.free -= next.slots
			w.kept, w.rest = next.slots, nil
			w.pending++
			return next, true
		case w.over:
			return work{}, false
		}
		w.changed.Wait()
	}
}

// claimRound gives slots that the ends set free to the same round's starts.
func (w *worker) claimRound(taking, stopping bool) work {
	n := min(len(w.ended), roundUpTo)
	if n > 0 && w.ended[0].alone {
		n = 1
	}
	next := work{ends: w.ended[:n:n], slots: -1}
	w.ended = w.ended[n:]
	for _, d := range next.ends {
		if !d.slotless {
			w.free++
		}
	}
	if taking || !w.idle && !stopping {
		next.slots = max(min(w.free, roundUpTo), 0)
		w.free -= next.slots
		w.pending++ // a closing worker waits for what this round may start
		// Whoever has no slot may still end jobs that must not run again; the
		// others are looked for as soon as there is one.
		next.reap = w.reap && (w.sift || next.slots > 0)
		w.reap, w.sift = w.reap && next.slots == 0, false
	}
	return next
}

func (w *worker) finishRound(r work, done worked) {
	for i, d := range r.ends {
		switch done.ends[i] {
		case endWanted:
			// Nobody had told this worker; a job that was to be cancelled must not run again.
			d.Settle(Settlement{State: StateCancelled})
			d.slotless = true // its slot has been given to another
			w.end(d)
			continue
		case endRefused:
			w.log.Warn("late end of a job ignored", "job_id", d.Record.ID, "run", d.Record.Run)
		}
		w.forget(d)
	}
	if r.slots < 0 {
		return
	}
	w.stopKeeping(r)
	if len(done.started) > 0 {
		w.sub.client.at("started")
	}
	lost := w.begin(done.started, r.slots)
	if len(done.started) > 0 {
		w.sub.client.at("begun")
	}
	w.mu.Lock()
	if r.reap && r.slots > 0 && lost == r.slots {
		w.reap = true // there may be more of them
	}
	w.settleOne()
	if len(done.cursors) > 0 && !w.idle {
		w.idle, w.rest = true, &done
	}
	w.mu.Unlock()
	w.changed.Signal()
}

func (w *worker) stopKeeping(r work) {
	if r.after == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.kept = false, 0
}

// undoRound puts back what a failed round had claimed. Where Redis refused a
// whole batch of ends, each is tried by itself from then on.
func (w *worker) undoRound(r work, err error) {
	var refused redis.Error
	w.stopKeeping(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(r.ends) > 1 && errors.As(err, &refused) {
		for _, d := range r.ends {
			d.alone = true
		}
	}
	for _, d := range r.ends {
		if !d.slotless {
			w.free--
		}
	}
	if r.slots >= 0 {
		w.free += r.slots
		w.settleOne()
	}
	w.reap, w.sift = w.reap || r.reap, w.sift || r.reap
	w.ended = append(w.ended, r.ends...)
}

// giveUpEnds ends the trying when the grace of a closing worker is over: the
// jobs are taken over when their leases end.
func (w *worker) giveUpEnds() {
	w.mu.Lock()
	ends := w.ended
	w.ended = nil
	w.mu.Unlock()
	for _, d := range ends {
		w.forget(d)
	}
}

// stopping tells without delay that no more jobs are to be taken.
func (w *worker) stopping() bool {
	select {
	case <-w.sub.closing:
		return true
	default:
		return w.stop.Err() != nil
	}
}

func (w *worker) endRounds() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.changed.Broadcast()
}

// pause waits, and answers false when ends are no longer to be tried.
func (w *worker) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return w.handlers.Err() == nil
	case <-w.handlers.Done():
		return false
	}
}

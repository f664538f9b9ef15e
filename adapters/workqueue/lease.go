package workqueue

import (
	"context"
	"fmt"
	"maps"
	"time"
)

func lostReason(losses int) string {
	times := map[int]string{1: "once", 2: "twice", 3: "three times"}[losses]
	if times == "" {
		times = fmt.Sprintf("%d times", losses)
	}
	return "worker lost " + times
}

// beat renews the leases of the running jobs at a third of the lease, and by
// the way learns whether there are jobs of lost workers, and of runs of its own
// that it does not know.
func (w *worker) beat(ctx context.Context) {
	tick := time.NewTicker(w.sub.client.config.Lease / 3)
	defer tick.Stop()
	for {
		lost, unknown, err := w.renew(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Warn("leases not renewed", "error", err)
		}
		if lost {
			w.reapSoon()
		}
		w.adopt(unknown)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// reapSoon also rouses the round that an idle worker keeps its slots in.
func (w *worker) reapSoon() {
	w.mu.Lock()
	w.reap, w.sift = true, true
	idle := w.idle
	w.mu.Unlock()
	w.changed.Signal()
	if idle {
		w.rouse()
	}
}

// adopt begins runs that were started for this worker by a round whose answer
// was lost on its way. Those that find no slot are handed back.
func (w *worker) adopt(unknown []*Delivery) {
	w.mu.Lock()
	if len(unknown) == 0 || w.stopping() {
		w.mu.Unlock()
		return
	}
	w.pending++ // a closing worker waits for them
	w.mu.Unlock()
	w.log.Warn("jobs started by an answer that was lost", "jobs", len(unknown))
	w.begin(unknown, 0)
	w.mu.Lock()
	forgetOlder(w.adopted, 10*w.sub.client.config.Lease)
	for _, d := range unknown {
		w.adopted[d.run()] = time.Now()
	}
	w.settleOne()
	w.mu.Unlock()
}

// renew answers whether jobs of lost workers are to be taken over, and which
// runs this worker was given without knowing.
func (w *worker) renew(ctx context.Context) (lost bool, unknown []*Delivery, err error) {
	deliveries := w.snapshot()
	args := []any{w.sub.consumer, w.sub.options(w.topic).Concurrency, w.sub.client.config.Lease.Milliseconds()}
	for _, d := range deliveries {
		args = append(args, priorityOrder[d.Record.Priority], d.entryID, d.Record.ID, d.state)
	}
	answer, err := w.sub.client.run(ctx, renewScript, w.topic, args...)
	if err != nil {
		return false, nil, fmt.Errorf("renewing leases of %s: %w", w.topic, err)
	}
	parts, _ := answer.([]any)
	if len(parts) != 4 {
		return false, nil, fmt.Errorf("renewing leases of %s: unexpected answer %T", w.topic, answer)
	}
	states, _ := parts[1].([]any)
	for i, state := range states {
		switch state {
		case int64(0):
			deliveries[i].cancel(ErrLeaseLost)
		case int64(2):
			deliveries[i].cancel(ErrCancelled)
		}
	}
	unknown, err = parseAllStarted(w.topic, parts[2], parts[3])
	return parts[0] == int64(1), unknown, err
}

// listenForCancel ends a running job's context as soon as its cancelling is
// pushed; a push that is lost is made good by the next renewal.
func (w *worker) listenForCancel(ctx context.Context) {
	channel := w.sub.client.config.Client.Subscribe(ctx, w.sub.client.key(w.topic, "cancel"))
	defer func() { _ = channel.Close() }()
	for {
		select {
		case <-ctx.Done():
			return
		case push, ok := <-channel.Channel():
			if !ok {
				return
			}
			w.cancelRunning(push.Payload)
		}
	}
}

// cancelRunning also remembers the wish for as long as a job may be on its way
// to this worker.
func (w *worker) cancelRunning(run string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for d := range w.running {
		if d.run() == run {
			d.cancel(ErrCancelled)
			return
		}
	}
	forgetOlder(w.wishes, w.sub.client.config.Lease)
	w.wishes[run] = time.Now()
}

func forgetOlder(runs map[string]time.Time, age time.Duration) {
	maps.DeleteFunc(runs, func(_ string, at time.Time) bool { return time.Since(at) > age })
}

func (w *worker) snapshot() []*Delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	deliveries := make([]*Delivery, 0, len(w.running))
	for d := range w.running {
		deliveries = append(deliveries, d)
	}
	return deliveries
}

// rouse ends this worker's blocking read, so that closing waits for none.
func (w *worker) rouse() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.stop), time.Second)
	defer cancel()
	if err := w.sub.rouse(ctx, w.topic); err != nil {
		w.log.Warn("worker not roused", "error", err)
	}
	w.changed.Broadcast()
}

func (w *worker) leave() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.stop), time.Second)
	defer cancel()
	if _, err := w.sub.client.run(ctx, leaveScript, w.topic, w.sub.consumer); err != nil {
		w.log.Warn("leaving the queue failed", "error", err)
	}
}

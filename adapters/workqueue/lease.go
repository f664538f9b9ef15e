package workqueue

import (
	"context"
	"fmt"
	"time"
)

func lostReason(losses int) string {
	times := map[int]string{1: "once", 2: "twice", 3: "three times"}[losses]
	if times == "" {
		times = fmt.Sprintf("%d times", losses)
	}
	return "worker lost " + times
}

// beat renews the leases of the running jobs at a third of the lease, and
// looks for jobs of lost workers that need no slot.
func (w *worker) beat(ctx context.Context) {
	every := w.sub.client.config.Lease / 3
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := w.renew(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("leases not renewed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.stop.Err() == nil && len(w.slots) == 0 {
			w.reapWithoutSlots(ctx)
		}
	}
}

// reapWithoutSlots ends lost jobs that must not run again even while this
// worker is busy.
func (w *worker) reapWithoutSlots(ctx context.Context) {
	t, err := w.sub.take(ctx, w.topic, 0, true)
	if err != nil {
		return // the next beat tries again; renew has told of the fault
	}
	w.deliverAll(t.deliveries)
}

func (w *worker) renew(ctx context.Context) error {
	deliveries := w.snapshot()
	args := []any{w.sub.consumer, cap(w.slots), w.sub.client.config.Lease.Milliseconds()}
	for _, d := range deliveries {
		args = append(args, d.priority, d.entryID, d.Record.ID, d.Record.Run)
	}
	answer, err := w.sub.client.run(ctx, renewScript, w.topic, args...)
	if err != nil {
		return fmt.Errorf("renewing leases of %s: %w", w.topic, err)
	}
	states, _ := answer.([]any)
	for i, state := range states {
		switch state {
		case int64(0):
			deliveries[i].cancel(ErrLeaseLost)
		case int64(2):
			deliveries[i].cancel(ErrCancelled)
		}
	}
	return nil
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

func (w *worker) cancelRunning(id string) {
	for _, d := range w.snapshot() {
		if d.Record.ID == id {
			d.cancel(ErrCancelled)
		}
	}
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

func (w *worker) leave() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.stop), time.Second)
	defer cancel()
	if _, err := w.sub.client.run(ctx, leaveScript, w.topic, w.sub.consumer); err != nil {
		w.log.Warn("leaving the queue failed", "error", err)
	}
}

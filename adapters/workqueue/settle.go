package workqueue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errFenced means that another delivery of the job is the valid one by now.
var errFenced = errors.New("another worker has the job by now")

// settle writes a delivery's end, again and again while Redis is away: the
// work is done, and giving up would do it twice. It ends at the latest when
// Redis says that another worker has the job.
func (w *worker) settle(d *Delivery) {
	ctx := context.WithoutCancel(w.stop)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.sub.client.settle(ctx, d, d.settled())
		switch {
		case err == nil:
			return
		case errors.Is(err, errFenced):
			w.log.Warn("late end of a job ignored", "job_id", d.Record.ID, "run", d.Record.Run)
			return
		}
		w.log.Warn("end of a job not written, trying again", "job_id", d.Record.ID, "error", err)
		if !w.mayStillSettle(wait) {
			return
		}
	}
}

// mayStillSettle waits before the next try; a closing worker stops trying when
// its grace is over, and the job is taken over when its lease ends.
func (w *worker) mayStillSettle(wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return w.handlers.Err() == nil
	case <-w.handlers.Done():
		return false
	}
}

func (c *Client) settle(ctx context.Context, d *Delivery, s Settlement) error {
	args := []any{
		d.Record.ID, d.Record.Run, d.priority, d.entryID, s.State, s.Reason, s.Result, s.Delay.Milliseconds(), flag(s.Free),
		c.keep(s.State), s.Handler,
	}
	args = append(args, eventArgs(c.config.Events(d.Record, s))...)
	answer, err := c.run(ctx, settleScript, d.Record.Topic, args...)
	if err != nil {
		return fmt.Errorf("settling job %s: %w", d.Record.ID, err)
	}
	if answer == int64(0) {
		return errFenced
	}
	return nil
}

func (c *Client) keep(state string) int {
	if state == StateCompleted {
		return c.config.KeepCompleted
	}
	return c.config.KeepFailed
}

func eventArgs(events []Event) []any {
	args := make([]any, 0, 2*len(events))
	for _, e := range events {
		args = append(args, e.Type, e.Data)
	}
	return args
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

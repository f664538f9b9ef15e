package jobstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/adapters/workqueue"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// Deliveries tells message handlers which job a message is a run of, and
// writes what became of it.
type Deliveries struct{ now func() time.Time }

// NewDeliveries makes Deliveries; the clock is that of the attempts' ends.
func NewDeliveries(now func() time.Time) Deliveries { return Deliveries{now} }

// Job is the job that the message is a run of, as it was when the run began.
func (Deliveries) Job(m *message.Message) (job.Job, error) {
	d, ok := workqueue.DeliveryOf(m)
	if !ok {
		return job.Job{}, fmt.Errorf("message %s is no run of a job", m.UUID)
	}
	return jobOf(d.Record)
}

// NoteNow adds a line to the job's log at once, and waits for nothing.
func (s Deliveries) NoteNow(m *message.Message, level, text string) {
	if d, ok := workqueue.DeliveryOf(m); ok {
		d.LogNow(newLogLine(s.now(), level, text))
	}
}

// Note adds a line to the job's log that is written with what acking the
// message writes.
func (s Deliveries) Note(m *message.Message, level, text string) {
	if d, ok := workqueue.DeliveryOf(m); ok {
		d.Log(newLogLine(s.now(), level, text))
	}
}

// Settle notes what acking the message is to write: the state the job has
// been brought to. err is what its handler said.
func (s Deliveries) Settle(m *message.Message, j job.Job, handler string, err error) error {
	d, ok := workqueue.DeliveryOf(m)
	if !ok {
		return fmt.Errorf("message %s is no run of a job", m.UUID)
	}
	after := j.Snapshot()
	settlement := workqueue.Settlement{State: after.State.String(), Result: after.Result, Handler: handler, Err: err}
	switch after.State {
	case job.Failed:
		settlement.Reason = after.FailedReason
	case job.Delayed:
		settlement.Reason = err.Error()
		settlement.Free = fault.Is(err, fault.Postponed)
		settlement.Delay = max(after.NextAttemptAt.Sub(s.now()), 0)
	}
	d.Settle(settlement)
	return nil
}

// Cancelled reports whether the run's context ended because a person
// cancelled the job.
func (Deliveries) Cancelled(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), workqueue.ErrCancelled)
}

// Withdrawn reports whether the run's context ended because this process
// shuts down or lost the job to another: its outcome is not to be written.
func (Deliveries) Withdrawn(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, workqueue.ErrInterrupted) || errors.Is(cause, workqueue.ErrLeaseLost)
}

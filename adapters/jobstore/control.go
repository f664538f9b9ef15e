package jobstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// CancelJob stops a job wherever it stands.
func (s *Store) CancelJob(ctx context.Context, id string) error {
	r, err := s.record(ctx, id)
	if err != nil {
		return err
	}
	from, err := s.queue.Cancel(ctx, r.Topic, id)
	if err != nil {
		return classify(err)
	}
	switch from {
	case workqueue.StateWaiting, workqueue.StateDelayed, workqueue.StateActive:
		return nil
	case workqueue.StateUnknown:
		return fault.NotFoundf("job %q does not exist", id)
	default:
		return fault.Conflictf("job %s is %s already", id, from)
	}
}

// RetryJob lets a failed or cancelled job run again.
func (s *Store) RetryJob(ctx context.Context, id string) error {
	r, err := s.record(ctx, id)
	if err != nil {
		return err
	}
	from, err := s.queue.Requeue(ctx, r.Topic, id)
	if err != nil {
		return classify(err)
	}
	switch from {
	case workqueue.StateFailed, workqueue.StateCancelled:
		return s.logRetry(ctx, r)
	case workqueue.StateUnknown:
		return fault.NotFoundf("job %q does not exist", id)
	case workqueue.StateHeld:
		return fault.Conflictf("another unfinished job does the work of job %s already", id)
	default:
		return fault.Conflictf("job %s is %s: only failed or cancelled jobs can be retried", id, from)
	}
}

// logRetry keeps the history that starting anew takes off the job itself.
func (s *Store) logRetry(ctx context.Context, r workqueue.Record) error {
	j, err := jobOf(r)
	if err != nil {
		return err
	}
	return s.Log(ctx, j, "info", fmt.Sprintf("retried by hand after %d attempts: %s", r.Attempts, r.Reason))
}

// RetryFailed lets every failed job of a queue, or of all, run again.
func (s *Store) RetryFailed(ctx context.Context, queue job.Queue) (int, error) {
	retried := 0
	for _, q := range queuesOf(queue) {
		refs, err := s.queue.Refs(ctx, q.String(), workqueue.Failed, nil, -1)
		if err != nil {
			return retried, classify(err)
		}
		for _, ref := range slices.Backward(refs) { // the oldest failure first
			err := s.RetryJob(ctx, ref.ID)
			if err == nil {
				retried++
			} else if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
				return retried, err
			}
		}
	}
	return retried, nil
}

// SetPaused pauses or resumes a queue, and tells how it stands then.
func (s *Store) SetPaused(ctx context.Context, queue job.Queue, paused bool) error {
	queues, err := s.Queues(ctx)
	if err != nil {
		return err
	}
	var events []workqueue.Event
	for _, q := range queues {
		if q.Name != queue.String() {
			continue
		}
		q.Paused = paused
		data, err := json.Marshal(app.ViewQueue(q))
		if err != nil {
			return fmt.Errorf("encoding queue: %w", err)
		}
		events = append(events, workqueue.Event{Type: "queue:updated", Data: data})
	}
	return classify(s.queue.SetPaused(ctx, queue.String(), paused, events...))
}

func queuesOf(queue job.Queue) []job.Queue {
	if queue.IsZero() {
		return job.Queues()
	}
	return []job.Queue{queue}
}

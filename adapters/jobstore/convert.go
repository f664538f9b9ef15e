package jobstore

import (
	"encoding/json"
	"fmt"
	"time"

	"leadstream/adapters/workqueue"
	"leadstream/domain/job"
)

const traceParentKey = "traceparent"

// rememberFor is how long an id that its sender may send again stays taken
// after retention has dropped its job.
const rememberFor = 24 * time.Hour

func entryOf(j job.Job) workqueue.Entry {
	s := j.Snapshot()
	var metadata map[string]string
	if s.TraceParent != "" {
		metadata = map[string]string{traceParentKey: s.TraceParent}
	}
	var remember time.Duration
	if s.IDMayReturn {
		remember = rememberFor
	}
	return workqueue.Entry{
		ID: s.ID, Name: s.Name, Payload: s.Data, Priority: s.Priority.String(), MaxAttempts: s.Retry.Attempts,
		Backoff: s.Retry.Backoff, BatchID: s.BatchID, ParentID: s.ParentID, UniqueKey: s.UniqueKey,
		CorrelationID: s.CorrelationID, Metadata: metadata, RememberFor: remember,
	}
}

func jobOf(r workqueue.Record) (job.Job, error) {
	queue, err := job.ParseQueue(r.Topic)
	if err != nil {
		return job.Job{}, err
	}
	state, err := job.ParseState(r.State)
	if err != nil {
		return job.Job{}, fmt.Errorf("job %s: state %q: %w", r.ID, r.State, err)
	}
	priority, err := job.ParsePriority(r.Priority)
	if err != nil {
		return job.Job{}, fmt.Errorf("job %s: priority %q: %w", r.ID, r.Priority, err)
	}
	return job.Hydrate(job.Snapshot{
		ID: r.ID, Queue: queue, Name: r.Name, State: state, Progress: job.NewProgress(r.Progress, r.ProgressMessage),
		Data: json.RawMessage(r.Payload), Result: json.RawMessage(r.Result), FailedReason: r.Reason,
		AttemptsMade: r.Attempts, Retry: job.RetryPolicy{Attempts: r.MaxAttempts, Backoff: r.Backoff},
		Priority: priority, BatchID: r.BatchID, ParentID: r.ParentID, UniqueKey: r.UniqueKey, IDMayReturn: r.RememberFor > 0,
		CorrelationID: r.CorrelationID, TraceParent: r.Metadata[traceParentKey], CreatedAt: r.CreatedAt,
		StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, NextAttemptAt: r.DueAt, Run: r.Run,
		CancelRequested: r.CancelRequested,
	}), nil
}

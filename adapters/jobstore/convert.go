package jobstore

import (
	"encoding/json"
	"fmt"

	"leadstream/adapters/workqueue"
	"leadstream/domain/job"
)

const traceParentKey = "traceparent"

func entryOf(j job.Job) workqueue.Entry {
	s := j.Snapshot()
	metadata := map[string]string{workqueue.NameKey: s.Name, workqueue.CorrelationIDKey: s.CorrelationID}
	if s.TraceParent != "" {
		metadata[traceParentKey] = s.TraceParent
	}
	return workqueue.Entry{
		ID: s.ID, Name: s.Name, Payload: s.Data, Priority: s.Priority.String(), MaxAttempts: s.Retry.Attempts,
		Backoff: s.Retry.Backoff, BatchID: s.BatchID, ParentID: s.ParentID, UniqueKey: s.UniqueKey,
		CorrelationID: s.CorrelationID, Metadata: metadata,
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
		Priority: priority, BatchID: r.BatchID, ParentID: r.ParentID, UniqueKey: r.UniqueKey,
		CorrelationID: r.CorrelationID, TraceParent: r.Metadata[traceParentKey], CreatedAt: r.CreatedAt,
		StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, NextAttemptAt: r.DueAt, Run: r.Run,
		CancelRequested: r.CancelRequested,
	}), nil
}

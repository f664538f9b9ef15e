package app

import (
	"context"

	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// QueueEnrichment accepts the search for one business's contacts, ahead of
// batches. A business that stands in the queue already keeps its job, unless
// the caller wants one under an id of its own.
func (a *App) QueueEnrichment(ctx context.Context, cmd job.EnrichBusiness, from Origin) (job.Job, error) {
	if err := cmd.Validate(); err != nil {
		return job.Job{}, err
	}
	if _, err := a.Leads.Business(ctx, cmd.BusinessID); err != nil {
		return job.Job{}, err
	}
	spec := job.Spec{Command: cmd, Priority: job.High}
	if from.JobID == "" {
		spec.UniqueKey = cmd.UniqueKey()
	}
	return a.enqueueOne(ctx, spec, from)
}

// BatchQueued is an accepted batch; Total 0 means nothing was pending.
type BatchQueued struct {
	ID    string
	Total int
}

// QueueEnrichmentBatch accepts jobs for the oldest businesses nobody has
// looked for contacts of. A business without contacts gets the higher priority.
func (a *App) QueueEnrichmentBatch(ctx context.Context, cmd job.EnrichBatch, from Origin) (BatchQueued, error) {
	if err := cmd.Validate(); err != nil {
		return BatchQueued{}, err
	}
	batchID := "batch-" + a.jobID(from)
	if known, err := a.knownBatch(ctx, batchID, from); err != nil || known.ID != "" {
		return known, err
	}
	pending, err := a.pendingUnqueued(ctx, cmd.Count)
	if err != nil || len(pending) == 0 {
		return BatchQueued{}, err
	}
	jobs := make([]job.Job, 0, len(pending))
	for _, b := range pending {
		j, err := a.batchJob(b, batchID, from)
		if err != nil {
			return BatchQueued{}, err
		}
		jobs = append(jobs, j)
	}
	done, err := a.Queue.Enqueue(ctx, jobs...)
	if err != nil {
		return BatchQueued{}, err
	}
	return BatchQueued{ID: batchID, Total: countNew(done)}, nil
}

// knownBatch answers for a request that is delivered again under the id its
// sender chose; it must not make a second batch of other businesses.
func (a *App) knownBatch(ctx context.Context, batchID string, from Origin) (BatchQueued, error) {
	if from.JobID == "" {
		return BatchQueued{}, nil
	}
	b, err := a.Reader.Batch(ctx, batchID)
	if fault.Is(err, fault.NotFound) {
		return BatchQueued{}, nil
	}
	return BatchQueued{ID: b.ID, Total: b.Total}, err
}

func (a *App) batchJob(b business.Business, batchID string, from Origin) (job.Job, error) {
	cmd := job.EnrichBusiness{BusinessID: b.ID}
	priority := job.Normal
	if len(b.Contacts) > 0 {
		priority = job.Low
	}
	return a.newJob(
		job.Spec{Command: cmd, Priority: priority, BatchID: batchID, UniqueKey: cmd.UniqueKey()},
		Origin{CorrelationID: from.CorrelationID, TraceParent: from.TraceParent},
	)
}

// pendingUnqueued pages through the pending businesses until count of them
// are found that no unfinished job holds.
func (a *App) pendingUnqueued(ctx context.Context, count int) ([]business.Business, error) {
	var free []business.Business
	var after int64
	for len(free) < count {
		page, err := a.Leads.PendingEnrichment(ctx, after, count)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		unqueued, err := a.withoutJobs(ctx, page)
		if err != nil {
			return nil, err
		}
		free = append(free, unqueued...)
	}
	return free[:min(count, len(free))], nil
}

func (a *App) withoutJobs(ctx context.Context, page []business.Business) ([]business.Business, error) {
	byKey := make(map[string]business.Business, len(page))
	keys := make([]string, len(page))
	for i, b := range page {
		keys[i] = job.EnrichBusiness{BusinessID: b.ID}.UniqueKey()
		byKey[keys[i]] = b
	}
	unqueued, err := a.Queue.Unqueued(ctx, job.Enrichment, keys)
	if err != nil {
		return nil, err
	}
	free := make([]business.Business, len(unqueued))
	for i, key := range unqueued {
		free[i] = byKey[key]
	}
	return free, nil
}

func countNew(done []Enqueued) int {
	n := 0
	for _, d := range done {
		if d.New {
			n++
		}
	}
	return n
}

package app

import (
	"context"

	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// cancelPage is how many jobs of a batch are listed at a time.
const cancelPage = 200

// CancelBatch stops every job of a batch that has not finished, and says how
// many. An unknown batch is NotFound, one that is done with is a Conflict.
func (a *App) CancelBatch(ctx context.Context, id string) (cancelled int, err error) {
	b, err := a.Reader.Batch(ctx, id)
	if err != nil {
		return 0, err
	}
	if b.Done() {
		return 0, fault.Conflictf("batch %s is completed already", id)
	}
	// Those that wait go first: a slot that a running one leaves would start them.
	for _, state := range []job.State{job.Waiting, job.Delayed, job.Active} {
		n, err := a.cancelJobsOf(ctx, JobFilter{Queue: job.Enrichment, BatchID: id, State: state, Limit: cancelPage})
		cancelled += n
		if err != nil {
			return cancelled, err
		}
	}
	return cancelled, nil
}

func (a *App) cancelJobsOf(ctx context.Context, f JobFilter) (cancelled int, err error) {
	ids, err := a.jobIDs(ctx, f)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		switch err := a.Control.CancelJob(ctx, id); {
		case err == nil:
			cancelled++
		case !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound): // those have finished meanwhile
			return cancelled, err
		}
	}
	return cancelled, nil
}

// jobIDs lists all before any is changed, which would move the pages.
func (a *App) jobIDs(ctx context.Context, f JobFilter) (ids []string, err error) {
	for {
		page, err := a.Reader.Jobs(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, j := range page.Jobs {
			ids = append(ids, j.ID())
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			return ids, nil
		}
	}
}

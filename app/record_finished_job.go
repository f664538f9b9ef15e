package app

import (
	"context"
	"encoding/json"

	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// RecordFinishedJob keeps a finished job in the history, which outlives the
// queue's own retention, and marks the business of an enrichment that failed
// for good, however it failed.
func (a *App) RecordFinishedJob(ctx context.Context, finished FinishedJob) error {
	if err := a.History.RecordJob(ctx, finished); err != nil {
		return err
	}
	if finished.State != job.Failed.String() || finished.Queue != job.Enrichment.String() {
		return nil
	}
	var cmd struct {
		BusinessID int64 `json:"business_id"`
	}
	if err := json.Unmarshal(finished.Data, &cmd); err != nil {
		return fault.Invalidf("reading the payload of job %s: %w", finished.JobID, err)
	}
	return a.markEnrichmentFailed(ctx, cmd.BusinessID)
}

func (a *App) markEnrichmentFailed(ctx context.Context, id int64) error {
	b, err := a.Leads.Business(ctx, id)
	if fault.Is(err, fault.NotFound) || (err == nil && b.EnrichmentStatus != business.Pending) {
		return nil // deleted meanwhile, or an earlier run knew better
	}
	if err != nil {
		return err
	}
	saved, err := a.Leads.SaveEnrichment(ctx, id, statusAfter(b, business.EnrichmentFailed), nil)
	if err != nil {
		return err
	}
	return a.Events.PublishBusiness(ctx, business.UpdatedEvent, saved)
}

package app

import (
	"context"

	"leadstream/domain/business"
	"leadstream/domain/job"
)

// Job answers how a job stands.
func (a *App) Job(ctx context.Context, id string) (job.Job, error) { return a.Reader.Job(ctx, id) }

// Jobs lists jobs, newest first.
func (a *App) Jobs(ctx context.Context, filter JobFilter) (JobPage, error) {
	return a.Reader.Jobs(ctx, filter)
}

// JobLogs lists a job's log, oldest line first.
func (a *App) JobLogs(ctx context.Context, id string, limit int, cursor string) (LogPage, error) {
	return a.Reader.JobLogs(ctx, id, limit, cursor)
}

// Batch answers how a batch stands.
func (a *App) Batch(ctx context.Context, id string) (job.Batch, error) {
	return a.Reader.Batch(ctx, id)
}

// Queues tells how each queue stands.
func (a *App) Queues(ctx context.Context) ([]QueueStatus, error) { return a.Steering.Queues(ctx) }

// Businesses lists leads.
func (a *App) Businesses(ctx context.Context, filter BusinessFilter) (BusinessPage, error) {
	return a.Leads.List(ctx, filter)
}

// Business is one lead with its contacts.
func (a *App) Business(ctx context.Context, id int64) (business.Business, error) {
	return a.Leads.Business(ctx, id)
}

// EnrichmentQuota tells how much of the paid provider's month is used, and of
// the throttle's window.
func (a *App) EnrichmentQuota(ctx context.Context) (Quota, *Rate, error) {
	quota, err := a.QuotaOf.Quota(ctx)
	if err != nil {
		return Quota{}, nil, err
	}
	queues, err := a.Steering.Queues(ctx)
	if err != nil {
		return Quota{}, nil, err
	}
	for _, q := range queues {
		if q.Name == job.Enrichment.String() {
			return quota, q.Rate, nil
		}
	}
	return quota, nil, nil
}

package app

import (
	"context"
	"fmt"

	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// SaveFoundBusiness keeps a place that a scrape saw, once, and queues its
// enrichment when that was asked for. Delivered twice it does nothing more.
func (a *App) SaveFoundBusiness(ctx context.Context, found business.Found, traceParent string) error {
	key := found.Place.Identity().Key()
	saved, created, err := a.Leads.SaveFound(ctx, found)
	if fault.Is(err, fault.Invalid) {
		return a.Tally.CountPlace(ctx, found.JobID, key, PlaceInvalid)
	}
	if err != nil {
		return fmt.Errorf("saving business: %w", err)
	}
	// After a crash between saving and counting the row is there already, yet
	// it is this job's own: what follows the first sight of it must still happen.
	first := created || saved.FirstSeenJob == found.JobID
	if err := a.announce(ctx, saved, first); err != nil {
		return err
	}
	if found.Enrich && saved.EnrichmentStatus == business.Pending {
		if err := a.followWithEnrichment(ctx, found, traceParent, saved.ID); err != nil {
			return err
		}
	}
	return a.Tally.CountPlace(ctx, found.JobID, key, placeOutcome(first))
}

func (a *App) announce(ctx context.Context, b business.Business, first bool) error {
	if !first {
		return nil
	}
	if err := a.Events.PublishBusiness(ctx, business.CreatedEvent, b); err != nil {
		return fmt.Errorf("publishing business: %w", err)
	}
	return nil
}

func (a *App) followWithEnrichment(ctx context.Context, found business.Found, traceParent string, id int64) error {
	cmd := job.EnrichBusiness{BusinessID: id}
	// The id follows from scrape and business, so that a redelivered event makes one job.
	from := Origin{JobID: fmt.Sprintf("enrich-%d-%s", id, found.JobID), ParentID: found.JobID, CorrelationID: found.JobID, TraceParent: traceParent}
	j, err := a.newJob(job.Spec{Command: cmd, Priority: job.Normal, UniqueKey: cmd.UniqueKey()}, from)
	if err != nil {
		return err
	}
	if _, err := a.Queue.Enqueue(ctx, j); err != nil {
		return fmt.Errorf("enqueueing enrichment: %w", err)
	}
	return nil
}

func placeOutcome(first bool) PlaceOutcome {
	if first {
		return PlaceSaved
	}
	return PlaceSkipped
}

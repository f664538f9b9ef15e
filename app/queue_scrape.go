package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// QueueScrape accepts a scrape and answers with its waiting job.
func (a *App) QueueScrape(ctx context.Context, cmd job.ScrapeBusinesses, from Origin) (job.Job, error) {
	if err := cmd.Validate(); err != nil {
		return job.Job{}, err
	}
	if cmd.Source == "" {
		cmd.Source = a.DefaultSource
	}
	if _, err := a.source(cmd.Source); err != nil {
		return job.Job{}, err
	}
	return a.enqueueOne(ctx, job.Spec{Command: cmd, Priority: cmd.Priority}, from)
}

// enqueueOne accepts one job; where the id or the unique key is taken, it
// answers with the job that stands already.
func (a *App) enqueueOne(ctx context.Context, spec job.Spec, from Origin) (job.Job, error) {
	j, err := a.newJob(spec, from)
	if err != nil {
		return job.Job{}, err
	}
	done, err := a.Queue.Enqueue(ctx, j)
	if err != nil {
		return job.Job{}, fmt.Errorf("enqueueing %s: %w", spec.Command.Name(), err)
	}
	if done[0].New {
		return j, nil
	}
	standing, err := a.Reader.Job(ctx, done[0].JobID)
	if fault.Is(err, fault.NotFound) {
		return j, nil // sent again after it ended and was dropped
	}
	return standing, err
}

func (a *App) newJob(spec job.Spec, from Origin) (job.Job, error) {
	spec.ID, spec.ParentID, spec.IDMayReturn = a.jobID(from), from.ParentID, from.JobID != ""
	spec.CorrelationID, spec.TraceParent = from.CorrelationID, from.TraceParent
	spec.Retry, spec.CreatedAt = a.Policies[spec.Command.Queue()], a.Now()
	return job.New(spec)
}

func (a *App) source(name string) (Source, error) {
	if s, ok := a.Sources[name]; ok {
		return s, usable(name, s)
	}
	known := strings.Join(slices.Sorted(maps.Keys(a.Sources)), ", ")
	return nil, fault.NewInvalid(fault.Field{Location: "source", Message: "must be one of " + known, Value: name})
}

func usable(name string, s Source) error {
	u, ok := s.(UsableSource)
	if !ok {
		return nil
	}
	if err := u.Usable(); err != nil {
		return fault.NewInvalid(fault.Field{Location: "source", Message: err.Error(), Value: name})
	}
	return nil
}

package app

import (
	"context"

	"leadstream/domain/job"
)

// CancelJob stops a job wherever it stands; a finished one is a Conflict.
func (a *App) CancelJob(ctx context.Context, id string) error { return a.Control.CancelJob(ctx, id) }

// RetryJob lets a failed or cancelled job run again, its attempts anew; any
// other state is a Conflict.
func (a *App) RetryJob(ctx context.Context, id string) error { return a.Control.RetryJob(ctx, id) }

// RetryFailedJobs lets every failed job of a queue run again, of all queues
// when the queue is zero, and says how many.
func (a *App) RetryFailedJobs(ctx context.Context, queue job.Queue) (int, error) {
	return a.Control.RetryFailed(ctx, queue)
}

// PauseQueue keeps new jobs of a queue from starting, in every process.
func (a *App) PauseQueue(ctx context.Context, queue job.Queue) error {
	return a.Steering.SetPaused(ctx, queue, true)
}

// ResumeQueue lets jobs start again.
func (a *App) ResumeQueue(ctx context.Context, queue job.Queue) error {
	return a.Steering.SetPaused(ctx, queue, false)
}

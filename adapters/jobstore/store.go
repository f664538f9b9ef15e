// Package jobstore keeps jobs where status queries read them: it puts the
// domain's words for jobs onto adapters/workqueue, the library that holds
// their state in Redis.
package jobstore

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// The store fills these needs of the application.
var (
	_ app.JobQueue     = (*Store)(nil)
	_ app.JobReader    = (*Store)(nil)
	_ app.JobControl   = (*Store)(nil)
	_ app.JobReporter  = (*Store)(nil)
	_ app.PlaceTally   = (*Store)(nil)
	_ app.QueueControl = (*Store)(nil)
	_ app.PoisonQueue  = (*Store)(nil)
)

// CommandsStream is the public stream of commands from other services.
const CommandsStream = "leadstream:commands"

// Store keeps jobs.
type Store struct {
	queue *workqueue.Client
	rates map[job.Queue]app.Rate
	now   app.Clock
}

// New makes a store. rates are the throttles of the queues that have one, as
// they are shown; the clock dates log lines.
func New(queue *workqueue.Client, rates map[job.Queue]app.Rate, now app.Clock) *Store {
	return &Store{queue: queue, rates: rates, now: now}
}

// Enqueue accepts all jobs or none; they must be of one queue.
func (s *Store) Enqueue(ctx context.Context, jobs ...job.Job) ([]app.Enqueued, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	entries := make([]workqueue.Entry, len(jobs))
	for i, j := range jobs {
		entries[i] = entryOf(j)
	}
	holders, err := s.queue.Enqueue(ctx, jobs[0].Queue().String(), entries...)
	if err != nil {
		return nil, classify(err)
	}
	done := make([]app.Enqueued, len(jobs))
	for i, holder := range holders {
		done[i] = app.Enqueued{JobID: jobs[i].ID(), New: holder == ""}
		if holder != "" {
			done[i].JobID = holder
		}
	}
	return done, nil
}

// Unqueued filters unique keys down to those no unfinished job holds.
func (s *Store) Unqueued(ctx context.Context, queue job.Queue, keys []string) ([]string, error) {
	free, err := s.queue.Unheld(ctx, queue.String(), keys)
	return free, classify(err)
}

// Job reads a job of any queue.
func (s *Store) Job(ctx context.Context, id string) (job.Job, error) {
	r, err := s.record(ctx, id)
	if err != nil {
		return job.Job{}, err
	}
	return jobOf(r)
}

func (s *Store) record(ctx context.Context, id string) (workqueue.Record, error) {
	for _, q := range job.Queues() {
		r, err := s.queue.Get(ctx, q.String(), id)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, workqueue.ErrNotFound) {
			return workqueue.Record{}, classify(err)
		}
	}
	return workqueue.Record{}, fault.NotFoundf("job %q does not exist", id)
}

// Batch reads a batch's own counters.
func (s *Store) Batch(ctx context.Context, id string) (job.Batch, error) {
	n, err := s.queue.Batch(ctx, job.Enrichment.String(), id)
	if errors.Is(err, workqueue.ErrNotFound) {
		return job.Batch{}, fault.NotFoundf("batch %q does not exist", id)
	}
	if err != nil {
		return job.Batch{}, classify(err)
	}
	return job.Batch{
		ID: id, Total: n["total"], Waiting: n["waiting"], Delayed: n["delayed"], Active: n["active"],
		Completed: n["completed"], Failed: n["failed"], Cancelled: n["cancelled"],
	}, nil
}

// Queues counts every queue.
func (s *Store) Queues(ctx context.Context) ([]app.QueueStatus, error) {
	var all []app.QueueStatus
	for _, q := range job.Queues() {
		rate := s.rates[q]
		n, err := s.queue.Stats(ctx, q.String(), rate.Window)
		if err != nil {
			return nil, classify(err)
		}
		status := app.QueueStatus{
			Name: q.String(), Paused: n.Paused, Waiting: n.Waiting, Active: n.Active, Delayed: n.Delayed,
			Completed: n.Completed, Failed: n.Failed, Cancelled: n.Cancelled, Concurrency: n.Slots, Workers: n.Workers,
			OldestWaitingSeconds: n.OldestWaiting.Seconds(),
		}
		if finished := n.Completed + n.Failed; finished > 0 {
			status.FailureRate = float64(n.Failed) / float64(finished)
		}
		if rate.Limit > 0 {
			rate.UsedInWindow = n.StartsInWindow
			status.Rate = &rate
		}
		all = append(all, status)
	}
	return all, nil
}

// classify tells the application what kind of fault a Redis error is: Redis
// being away is Unavailable, the rest is ours.
func classify(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	var network net.Error
	switch {
	case errors.As(err, &network), errors.Is(err, redis.ErrClosed), errors.Is(err, redis.ErrPoolTimeout),
		errors.Is(err, context.DeadlineExceeded), isOutage(err.Error()):
		return fault.Unavailablef("Redis is not available: %w", err)
	default:
		return err
	}
}

// isOutage knows the replies and faults of a Redis that starts or stops.
func isOutage(text string) bool {
	for _, sign := range []string{"LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "EOF", "connection refused", "broken pipe", "connection reset", "no such file"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// Ping tests whether Redis answers.
func Ping(client redis.UniversalClient) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		return client.Ping(ctx).Err()
	}
}

package messages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.opentelemetry.io/otel/attribute"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// chain is what stands around one queue's attempts. Each method is a Watermill
// middleware or, last, the handler; NewJobRouter has them in order.
type chain struct {
	deliveries Deliveries
	now        app.Clock
	handler    string
	log        *slog.Logger
}

// failedAttempt carries what an attempt achieved before it failed.
type failedAttempt struct {
	error
	partial []byte
}

func (e failedAttempt) Unwrap() error { return e.error }

// correlate logs how each attempt went, by the job's and its origin's ids, and
// makes it a span of its origin's trace.
func (c chain) correlate(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) {
		begun := c.now()
		outer := m.Context()
		ctx, end := span(m, c.handler+" attempt", attribute.String("job.id", m.UUID), attribute.String("job.queue", c.handler))
		m.SetContext(ctx)
		defer m.SetContext(outer)
		log := c.log.With("job_id", m.UUID, "queue", c.handler, "correlation_id", m.Metadata.Get("correlation_id"))
		log.Debug("attempt started")
		out, err := next(m)
		end(err)
		log.Debug("attempt ended", "duration", c.now().Sub(begun), "error", err)
		return out, err
	}
}

// poison settles a job whose attempt failed for good as failed: its entry on
// the poison stream is written with the same step that ends it.
func (c chain) poison(next message.HandlerFunc) message.HandlerFunc {
	return c.onError(next, job.Failed, func(m *message.Message, j job.Job, err error) {
		s := j.Snapshot()
		c.log.Error("job failed for good", "job_id", s.ID, "queue", c.handler, "attempts", s.AttemptsMade, "error", err)
		c.deliveries.Note(m, "error", fmt.Sprintf("attempt %d failed, giving up: %s", s.AttemptsMade, err))
	})
}

// retry settles a job whose attempt may succeed later as delayed, which frees
// the slot and survives restarts; a job that a person cancelled is settled as
// cancelled.
func (c chain) retry(next message.HandlerFunc) message.HandlerFunc {
	delayed := c.onError(next, job.Delayed, func(m *message.Message, j job.Job, err error) {
		due := j.Snapshot().NextAttemptAt.Sub(c.now()).Round(100 * time.Millisecond)
		c.log.Warn("job delayed", "job_id", j.ID(), "queue", c.handler, "due_in", due, "error", err)
		c.deliveries.Note(m, "warn", fmt.Sprintf("%s; next attempt in %s", err, due))
	})
	return func(m *message.Message) ([]*message.Message, error) {
		out, err := delayed(m)
		if err == nil || !c.deliveries.Cancelled(m.Context()) {
			return out, err
		}
		return nil, c.settleCancelled(m)
	}
}

// onError settles a failed attempt when that brings its job to the wanted
// state, and passes every other error on.
func (c chain) onError(next message.HandlerFunc, wanted job.State, tell func(*message.Message, job.Job, error)) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) {
		out, err := next(m)
		if err == nil || c.deliveries.Withdrawn(m.Context()) || c.deliveries.Cancelled(m.Context()) {
			return out, err
		}
		j, jobErr := c.deliveries.Job(m)
		if jobErr != nil {
			return nil, errors.Join(err, jobErr)
		}
		if failed, ok := errors.AsType[failedAttempt](err); ok {
			j.Keep(failed.partial)
		}
		if failErr := j.Fail(err, c.now()); failErr != nil {
			return nil, errors.Join(err, failErr)
		}
		if j.State() != wanted {
			return out, err
		}
		tell(m, j, err)
		return nil, c.deliveries.Settle(m, j, c.handler, err)
	}
}

func (c chain) settleCancelled(m *message.Message) error {
	j, err := c.deliveries.Job(m)
	if err != nil {
		return err
	}
	if err := j.Cancel(c.now()); err != nil {
		return err
	}
	c.deliveries.Note(m, "info", "cancelled while running")
	return c.deliveries.Settle(m, j, c.handler, nil)
}

// recover turns a panic into a failed attempt; its stack goes to the log alone.
func (c chain) recover(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) (out []*message.Message, err error) {
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("handler panicked", "job_id", m.UUID, "panic", p, "stack", string(debug.Stack()))
				err = fault.Transientf("internal error while handling the job")
			}
		}()
		return next(m)
	}
}

// timeout bounds an attempt. Watermill's own leaves the ended context on the
// message, on which everything above would then fail.
func (c chain) timeout(limit time.Duration) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(m *message.Message) ([]*message.Message, error) {
			outer := m.Context()
			ctx, cancel := context.WithTimeout(outer, limit)
			defer func() {
				cancel()
				m.SetContext(outer)
			}()
			m.SetContext(ctx)
			out, err := next(m)
			if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && outer.Err() == nil {
				err = asTimeout(err, limit)
			}
			return out, err
		}
	}
}

func asTimeout(err error, limit time.Duration) error {
	timeout := fault.Transientf("attempt took longer than %s: %w", limit, err)
	if failed, ok := errors.AsType[failedAttempt](err); ok {
		return failedAttempt{timeout, failed.partial}
	}
	return timeout
}

// end runs the attempt itself, and settles its job as completed.
func (c chain) end(run attempt) message.NoPublishHandlerFunc {
	return func(m *message.Message) error {
		j, err := c.deliveries.Job(m)
		if err != nil {
			return err
		}
		s := j.Snapshot()
		c.deliveries.NoteNow(m, "info", fmt.Sprintf("attempt %d of %d started", s.AttemptsMade, s.Retry.Attempts))
		result, runErr := run(m.Context(), j)
		raw, err := encodeResult(result)
		if err != nil {
			return fmt.Errorf("encoding result: %w", err)
		}
		if runErr != nil {
			return failedAttempt{runErr, raw}
		}
		if err := j.Complete(raw, c.now()); err != nil {
			return err
		}
		c.deliveries.Note(m, "info", "completed: "+string(raw))
		return c.deliveries.Settle(m, j, c.handler, nil)
	}
}

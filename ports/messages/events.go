package messages

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.opentelemetry.io/otel/attribute"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// The consumer groups of the event handlers.
const (
	SaveGroup    = "leadstream-save"
	HistoryGroup = "leadstream-history"
)

// eventTimeout bounds the handling of one event.
const eventTimeout = 20 * time.Second

// EventOptions is what the event router needs.
type EventOptions struct {
	App     *app.App
	Save    message.Subscriber // reads as SaveGroup
	History message.Subscriber // reads as HistoryGroup
	Stream  string
	Logger  *slog.Logger
}

// NewEventRouter lets events lead to what follows from them.
func NewEventRouter(o EventOptions) (*Router, error) {
	router, err := newRouter(o.Logger)
	if err != nil {
		return nil, err
	}
	e := events{o}
	router.handle("save_business_on_business_found", o.Stream, o.Save, e.on(business.FoundEvent, e.saveBusiness))
	router.handle("record_job_on_job_finished", o.Stream, o.History, e.on("job:updated", e.recordFinishedJob))
	return router, nil
}

type events struct{ EventOptions }

// on handles events of one type. One that can never be handled is logged and
// passed over, since the stream is public and anyone may write to it; any
// other failure leaves the event to be delivered again.
func (e events) on(eventType string, handle func(ctx context.Context, data json.RawMessage) error) message.NoPublishHandlerFunc {
	return func(m *message.Message) error {
		if m.Metadata.Get("type") != eventType {
			return nil
		}
		var envelope struct {
			Data json.RawMessage `json:"data"`
		}
		err := json.Unmarshal(m.Payload, &envelope)
		if err != nil {
			err = fault.Invalidf("reading the envelope: %w", err)
		} else {
			spanCtx, end := span(m, "on "+eventType, attribute.String("event.id", m.UUID))
			ctx, cancel := context.WithTimeout(spanCtx, eventTimeout)
			defer cancel()
			err = handle(ctx, envelope.Data)
			end(err)
		}
		if fault.Is(err, fault.Invalid) {
			e.Logger.Warn("event passed over", "type", eventType, "event_id", m.UUID, "error", err)
			return nil
		}
		return err
	}
}

func (e events) saveBusiness(ctx context.Context, data json.RawMessage) error {
	var found business.Found
	if err := json.Unmarshal(data, &found); err != nil {
		return fault.Invalidf("reading %s: %w", business.FoundEvent, err)
	}
	if err := found.Validate(); err != nil {
		return err
	}
	return e.App.SaveFoundBusiness(ctx, found, traceParent(ctx))
}

func (e events) recordFinishedJob(ctx context.Context, data json.RawMessage) error {
	var view app.JobView
	if err := json.Unmarshal(data, &view); err != nil {
		return fault.Invalidf("reading job:updated: %w", err)
	}
	state, err := job.ParseState(view.Status)
	if err != nil || !state.Finished() {
		return err
	}
	created, _ := time.Parse(app.TimeLayout, view.CreatedAt) // ours; the zero time if not
	finished, _ := time.Parse(app.TimeLayout, view.FinishedAt)
	return e.App.RecordFinishedJob(ctx, app.FinishedJob{
		JobID: view.JobID, Queue: view.Queue, Name: view.Name, State: view.Status, Data: view.Data, Result: view.Result,
		FailedReason: view.FailedReason, AttemptsMade: view.AttemptsMade, CreatedAt: created, FinishedAt: finished,
	})
}

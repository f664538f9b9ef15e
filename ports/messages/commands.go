package messages

import (
	"context"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// CommandOptions is what the command router needs.
type CommandOptions struct {
	App      *app.App
	Commands message.Subscriber
	Stream   string
	// Poison marks a message as never to succeed: acking it then moves it to
	// the poison stream.
	Poison func(m *message.Message, reason, handler string)
	Logger *slog.Logger
}

// NewCommandRouter takes commands of other services: a port like HTTP, for
// which the same use cases run.
func NewCommandRouter(o CommandOptions) (*Router, error) {
	router, err := newRouter(o.Logger)
	if err != nil {
		return nil, err
	}
	c := commands{o}
	router.handle("commands", o.Stream, o.Commands, c.handle)
	return router, nil
}

type commands struct{ CommandOptions }

// handle runs a command once. What can never be done goes to poison with its
// reason; while something we need is down, the command stays and is read again.
func (c commands) handle(m *message.Message) error {
	name := m.Metadata.Get("name")
	err := c.dispatch(m.Context(), name, m)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict:
		c.Logger.Warn("command given up", "command", name, "message_id", m.UUID, "error", err)
		c.Poison(m, err.Error(), "commands")
		return nil
	default:
		return err
	}
}

func (c commands) dispatch(ctx context.Context, name string, m *message.Message) error {
	if name == "" {
		return fault.Invalidf("entry has no field name")
	}
	command, err := job.Decode(name, m.Payload)
	if err != nil {
		return err
	}
	from := app.Origin{
		JobID: m.UUID, CorrelationID: m.Metadata.Get("correlation_id"), TraceParent: m.Metadata.Get("traceparent"),
	}
	switch cmd := command.(type) {
	case job.ScrapeBusinesses:
		_, err = c.App.QueueScrape(ctx, cmd, from)
	case job.EnrichBusiness:
		_, err = c.App.QueueEnrichment(ctx, cmd, from)
	case job.EnrichBatch:
		_, err = c.App.QueueEnrichmentBatch(ctx, cmd, from)
	case job.CancelJob:
		err = c.App.CancelJob(ctx, cmd.JobID)
	case job.RetryJob:
		err = c.App.RetryJob(ctx, cmd.JobID)
	default:
		err = fault.Invalidf("command %q cannot be sent here", name)
	}
	return err
}

package eventstream

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/propagation"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

var (
	_ app.Events      = (*Publisher)(nil)
	_ app.AlertTeller = (*Publisher)(nil)
)

// Publisher publishes what happened to businesses.
type Publisher struct {
	publisher message.Publisher
	now       app.Clock
}

// NewPublisher makes a publisher that owns the client: closing it closes the client.
func NewPublisher(client redis.UniversalClient, logger watermill.LoggerAdapter, now app.Clock) (*Publisher, error) {
	p, err := redisstream.NewPublisher(redisstream.PublisherConfig{
		Client: client, Marshaller: marshaller{}, DefaultMaxlen: MaxLen,
	}, logger)
	if err != nil {
		return nil, fmt.Errorf("creating the event publisher: %w", err)
	}
	return &Publisher{publisher: p, now: now}, nil
}

// PublishFound publishes that a scrape saw a place.
func (p *Publisher) PublishFound(ctx context.Context, found business.Found) error {
	return p.publish(ctx, business.FoundEvent, found, found.JobID)
}

// PublishBusiness publishes a lead's new state.
func (p *Publisher) PublishBusiness(ctx context.Context, eventType string, b business.Business) error {
	return p.publish(ctx, eventType, app.ViewBusiness(b), b.FirstSeenJob)
}

// TellAlert publishes that an alert is raised or cleared.
func (p *Publisher) TellAlert(ctx context.Context, eventType string, a app.AlertView) error {
	return p.publish(ctx, eventType, a, "")
}

func (p *Publisher) publish(ctx context.Context, eventType string, data any, correlationID string) error {
	m, err := newMessage(eventType, data, p.now(), correlationID)
	if err != nil {
		return err
	}
	propagation.TraceContext{}.Inject(ctx, propagation.MapCarrier(m.Metadata))
	m.SetContext(ctx)
	if err := p.publisher.Publish(Name, m); err != nil {
		return fault.Unavailablef("publishing %s: %w", eventType, err)
	}
	return nil
}

// Close closes the client.
func (p *Publisher) Close() error { return p.publisher.Close() }

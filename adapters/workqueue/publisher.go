package workqueue

import (
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/components/delay"
	"github.com/ThreeDotsLabs/watermill/message"
)

// Metadata keys that a published message may carry; the delay keys are those
// of Watermill's delay component.
const (
	NameKey          = "name"
	PriorityKey      = "priority"
	CorrelationIDKey = "correlation_id"
)

// Publisher is a message.Publisher: each message becomes a waiting job whose
// id is the message's UUID.
type Publisher struct {
	client *Client
	closed atomic.Bool
}

// NewPublisher makes a publisher.
func NewPublisher(client *Client) *Publisher { return &Publisher{client: client} }

// Publish accepts all messages or none.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	if p.closed.Load() {
		return errors.New("workqueue: publisher closed")
	}
	if len(messages) == 0 {
		return nil
	}
	entries := make([]Entry, len(messages))
	for i, m := range messages {
		entries[i] = entryOf(m)
	}
	_, err := p.client.Enqueue(messages[0].Context(), topic, entries...)
	return err
}

// Close ends publishing; the client stays open, it is the caller's.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}

func entryOf(m *message.Message) Entry {
	return Entry{
		ID: m.UUID, Name: m.Metadata.Get(NameKey), Payload: m.Payload, Priority: m.Metadata.Get(PriorityKey),
		CorrelationID: m.Metadata.Get(CorrelationIDKey), Metadata: maps.Clone(m.Metadata), Delay: delayOf(m),
	}
}

func delayOf(m *message.Message) time.Duration {
	if until, err := time.Parse(time.RFC3339, m.Metadata.Get(delay.DelayedUntilKey)); err == nil {
		return time.Until(until)
	}
	if d, err := time.ParseDuration(m.Metadata.Get(delay.DelayedForKey)); err == nil {
		return d
	}
	return 0
}

// Package eventstream carries events over watermill-redisstream on the public
// stream leadstream:events.
//
// An entry has the fields type and payload (the envelope {id, timestamp, type,
// data} that every reader outside is shown) beside Watermill's own, so that
// any consumer group of any service can read it with or without Watermill.
package eventstream

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/app"
)

// Name is the stream's public name.
const Name = "leadstream:events"

// MaxLen is about how many events are kept.
const MaxLen = 100_000

// TypeKey is the metadata key, and the entry's field, of an event's type.
const TypeKey = "type"

// Envelope is an event as every reader outside is shown it.
type Envelope struct {
	ID        string          `json:"id"`
	Timestamp string          `json:"timestamp"`
	Type      string          `json:"type"`
	Data      json.RawMessage `json:"data"`
}

// newMessage wraps data in an envelope.
func newMessage(eventType string, data any, at time.Time, correlationID string) (*message.Message, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, err)
	}
	// The microsecond in front tells a reader who looks for an id where on the
	// stream to begin.
	id := strconv.FormatInt(at.UnixMicro(), 10) + "-" + rand.Text()[:10]
	payload, err := json.Marshal(Envelope{ID: id, Timestamp: app.ViewTime(at), Type: eventType, Data: raw})
	if err != nil {
		return nil, fmt.Errorf("encoding the envelope of %s: %w", eventType, err)
	}
	m := message.NewMessage(id, payload)
	m.Metadata = message.Metadata{
		TypeKey: eventType, "name": eventType, "occurred_at": app.ViewTime(at), "correlation_id": correlationID,
	}
	return m, nil
}

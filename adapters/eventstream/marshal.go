package eventstream

import (
	"fmt"

	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
)

// MalformedKey marks, in a message's metadata, an entry that is no event; its
// value says why.
const MalformedKey = "malformed"

// marshaller writes Watermill's wire form with the event's type as a field of its own.
type marshaller struct {
	watermill redisstream.DefaultMarshallerUnmarshaller
}

func (m marshaller) Marshal(topic string, msg *message.Message) (map[string]any, error) {
	fields, err := m.watermill.Marshal(topic, msg)
	if err != nil {
		return nil, err
	}
	fields[TypeKey] = msg.Metadata.Get(TypeKey)
	return fields, nil
}

// Unmarshal never fails: an error would end redisstream's subscription for
// good, and anyone may write to the stream. What is no event is marked instead.
func (m marshaller) Unmarshal(values map[string]any) (*message.Message, error) {
	msg, err := m.watermill.Unmarshal(values)
	if err != nil {
		msg = message.NewMessage(uuid.NewString(), nil)
		msg.Metadata.Set(MalformedKey, err.Error())
		return msg, nil
	}
	if t, ok := values[TypeKey]; ok {
		msg.Metadata.Set(TypeKey, fmt.Sprint(t))
	}
	return msg, nil
}

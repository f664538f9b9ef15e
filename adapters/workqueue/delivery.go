package workqueue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// Causes of a delivery's context ending while its handler runs.
var (
	ErrCancelled   = errors.New("job cancelled")
	ErrInterrupted = errors.New("worker is shutting down")
	ErrLeaseLost   = errors.New("lease lost to another worker")
)

// Event is something to append to the event stream with a change of state.
type Event struct {
	Type string
	Data []byte // a JSON object
}

// Settlement is what acking a delivery writes. The zero Settlement completes the job.
type Settlement struct {
	State   string // next state; default StateCompleted
	Reason  string // why it failed or was delayed
	Result  []byte // JSON; nil leaves what is stored
	Delay   time.Duration
	Free    bool // the attempt does not count
	Handler string
	// Err is what the handler said, for Config.Events.
	Err error
}

// Delivery is one run of a job by one worker.
type Delivery struct {
	Record   Record
	priority string // the stream it came on
	entryID  string
	lost     bool // an earlier worker lost it

	cancel     context.CancelCauseFunc
	mu         sync.Mutex
	settlement Settlement
}

// Settle says what acking the message will write.
func (d *Delivery) Settle(s Settlement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settlement = s
}

func (d *Delivery) settled() Settlement {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.settlement
	setDefault(&s.State, StateCompleted)
	return s
}

type deliveryKey struct{}

// DeliveryOf finds the delivery that a message of a Subscriber belongs to.
func DeliveryOf(m *message.Message) (*Delivery, bool) {
	d, ok := m.Context().Value(deliveryKey{}).(*Delivery)
	return d, ok
}

func (d *Delivery) message(ctx context.Context) *message.Message {
	m := message.NewMessage(d.Record.ID, d.Record.Payload)
	for k, v := range d.Record.Metadata {
		m.Metadata.Set(k, v)
	}
	m.SetContext(context.WithValue(ctx, deliveryKey{}, d))
	return m
}

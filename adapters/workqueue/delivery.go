package workqueue

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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
	Record    Record
	entryID   string // its entry of the work stream
	created   string // its entry of the index
	view      string // the field v
	carried   []any  // names and values of what the entry carries beside it
	state     string // the field s, as the start of this run wrote it: the fence
	lost      bool   // an earlier worker lost it
	takeovers int64  // how many the queue had seen when it began

	ctx      context.Context // of its message
	cancel   context.CancelCauseFunc
	slotless bool  // ends without having run
	alone    bool  // its end is to be written by itself, since it spoiled a batch
	args     []any // its end, as settle.lua wants it

	mu         sync.Mutex
	settlement Settlement
	progress   string // newest progress message
}

func (d *Delivery) openContext(parent context.Context) {
	d.ctx, d.cancel = context.WithCancelCause(parent)
}

// run names this run among all of its topic.
func (d *Delivery) run() string { return d.state + " " + d.Record.ID }

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

func (d *Delivery) noteProgress(message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.progress = message
}

func (d *Delivery) progressMessage() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.progress
}

// encode writes down the end of the delivery for settle.lua.
func (d *Delivery) encode(events []Event) {
	s, r := d.settled(), &d.Record
	s.Reason = strings.ToValidUTF8(s.Reason, "�")
	if len(s.Result) > 0 && (!json.Valid(s.Result) || !utf8.Valid(s.Result)) {
		s.Result, _ = json.Marshal(string(s.Result)) // a text can always be encoded
	}
	var detail []byte
	// A result of an earlier attempt may be in more pieces than the new one.
	if s.State != StateCompleted || s.Free || len(r.Result) > 0 {
		detail, _ = json.Marshal(settlementDetail{stateLetter[s.State], s.Reason, s.Delay.Milliseconds(), s.Free, s.Handler}) // no field of it can fail
	}
	d.args = append(make([]any, 0, 10+len(d.carried)+2*len(events)),
		r.ID, d.entryID, d.state, s.Result, d.progressMessage(), detail, d.created, d.view, len(d.carried)/2, len(events))
	d.args = append(d.args, d.carried...)
	d.args = append(d.args, eventArgs(events)...)
}

type settlementDetail struct {
	To      string `json:"to"`
	Reason  string `json:"reason"`
	Delay   int64  `json:"delay"` // ms
	Free    bool   `json:"free"`
	Handler string `json:"handler"`
}

type deliveryKey struct{}

// DeliveryOf finds the delivery that a message of a Subscriber belongs to.
func DeliveryOf(m *message.Message) (*Delivery, bool) {
	d, ok := m.Context().Value(deliveryKey{}).(*Delivery)
	return d, ok
}

func (d *Delivery) message() *message.Message {
	m := message.NewMessage(d.Record.ID, d.Record.Payload)
	for k, v := range map[string]string{NameKey: d.Record.Name, CorrelationIDKey: d.Record.CorrelationID} {
		if v != "" {
			m.Metadata.Set(k, v)
		}
	}
	for k, v := range d.Record.Metadata {
		m.Metadata.Set(k, v)
	}
	m.SetContext(context.WithValue(d.ctx, deliveryKey{}, d))
	return m
}

// runKey names a run among those of this process.
type runKey struct {
	topic, id string
}

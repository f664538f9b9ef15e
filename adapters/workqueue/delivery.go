package workqueue

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
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
	view      string // the field v
	carried   []any  // names and values of what the entry carries and its end asks for
	state     string // the field s, as the start of this run wrote it: the fence
	lost      bool   // an earlier worker lost it
	takeovers int64  // how many the queue had seen when it began

	client   *Client
	ctx      context.Context // of its message
	cancel   context.CancelCauseFunc
	slotless bool  // ends without having run
	alone    bool  // its end is to be written by itself, since it spoiled a batch
	args     []any // its end, as endings.lua wants it

	mu         sync.Mutex
	settlement Settlement
	progress   string // newest progress message
	lines      [][]byte
	noting     sync.WaitGroup // notes on their way
}

func (d *Delivery) open(parent context.Context, client *Client) {
	d.client = client
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

// Log adds a line to the job's log that is written with the delivery's end.
func (d *Delivery) Log(line []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// noteWithin bounds how long a delivery's end waits for its notes.
const noteWithin = time.Second

// LogNow adds a line to the job's log at once; nobody waits for it but the
// delivery's end. One that cannot be written is missing from the log.
func (d *Delivery) LogNow(line []byte) {
	d.noting.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), noteWithin)
		defer cancel()
		if err := d.client.AppendLog(ctx, d.Record.Topic, d.Record.ID, line); err != nil {
			d.client.config.Logger.Debug("job log not written", "job_id", d.Record.ID, "error", err)
		}
	})
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

// encode writes down the end of the delivery for endings.lua.
func (d *Delivery) encode(events []Event) {
	s, r := d.settled(), &d.Record
	s.Reason = strings.ToValidUTF8(s.Reason, "\uFFFD")
	if len(s.Result) > 0 && (!json.Valid(s.Result) || !utf8.Valid(s.Result)) {
		s.Result, _ = json.Marshal(string(s.Result)) // a text can always be encoded
	}
	args := append(make([]any, 0, 12+len(d.carried)+2*len(events)), r.ID, d.entryID, d.state)
	// A result of an earlier attempt may be in more pieces than the new one.
	if s.State == StateCompleted && !s.Free && len(r.Result) == 0 {
		args = append(args, "", d.completedView(s), 0)
		args = append(args, d.carried...)
	} else {
		detail, _ := json.Marshal(settlementDetail{stateLetter[s.State], s.Reason, s.Delay.Milliseconds(), s.Free, s.Handler}) // no field of it can fail
		args = append(args, detail, "", 0)
	}
	if len(s.Result) > 0 {
		args = append(args, "r", s.Result)
	}
	for _, line := range d.lines {
		args = append(args, "log", line)
	}
	for _, e := range events {
		args = append(args, "+"+e.Type, e.Data)
	}
	args[settlementArgs-1] = len(args) - settlementArgs
	d.args = args
}

// settlementArgs come first of each end; the last of them counts the others.
const settlementArgs = 6

// completedView is the job as readers see it once it is completed, but for what
// Redis's clock has to say.
func (d *Delivery) completedView(s Settlement) []byte {
	r := &d.Record
	b := make([]byte, 0, 256+len(s.Result)+len(d.view))
	if plain(r.ID) { // otherwise d.view has it
		b = append(appendText(append(b, `"jobId":`...), r.ID), ',')
	}
	b = r.CreatedAt.AppendFormat(append(b, `"createdAt":"`...), timestamp)
	b = r.StartedAt.AppendFormat(append(b, `","startedAt":"`...), timestamp)
	b = strconv.AppendInt(append(b, `","attemptsMade":`...), int64(r.Attempts), 10)
	b = appendText(append(b, `,"progressMessage":`...), d.progressMessage())
	if len(s.Result) > 0 {
		b = append(append(b, `,"result":`...), s.Result...)
	}
	return append(append(b, ','), d.view...)
}

// timestamp is RFC 3339 with milliseconds, of a time that is UTC.
const timestamp = "2006-01-02T15:04:05.000Z"

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

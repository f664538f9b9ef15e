// Package ws is the port of live events: each process follows the event stream
// once, and sends every event on to the clients that want it.
package ws

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fasthttp/websocket"

	"leadstream/app"
)

const (
	// ringSize is how many events are kept in memory for clients that come back.
	ringSize = 5000
	// clientQueue is how many frames a client may be behind before it is
	// closed: above the 1,000 jobs that one batch makes in one step.
	clientQueue = 1024
	// closeGrace bounds how long the end of the feed waits for its clients' close frames.
	closeGrace = 3 * time.Second
)

// Event is one envelope, as it stands on the event stream.
type Event struct {
	ID    string
	Type  string
	Frame []byte // the JSON envelope, sent as it is
}

// outgoing is an event on its way to many clients: each dialect's frame is made once for all of them.
type outgoing struct {
	Event

	scope  scope
	frames [dialects]struct {
		once  sync.Once
		frame *websocket.PreparedMessage
		err   error
	}
}

func newOutgoing(e Event) *outgoing { return &outgoing{Event: e, scope: scopeOf(&e)} }

// frame is the event as a dialect's clients get it.
func (o *outgoing) frame(talk dialect) (*websocket.PreparedMessage, error) {
	f := &o.frames[talk.number()]
	f.once.Do(func() { f.frame, f.err = websocket.NewPreparedMessage(websocket.TextMessage, talk.packet(&o.Event)) })
	return f.frame, f.err
}

// ErrGap says that the event to continue after is no longer kept.
var ErrGap = errors.New("the event to continue after is no longer kept")

// Stream is what the feed follows.
type Stream interface {
	// Follow calls see with every event after the one with the id since
	// (empty: from now on), in order, until ctx ends or see fails. It answers
	// ErrGap when that one is no longer kept, and survives outages by itself.
	Follow(ctx context.Context, since string, see func(Event) error) error
}

// Feed hands the events of one stream to many clients, none of which can slow
// another: one that does not read is dropped.
type Feed struct {
	stream  Stream
	tallies Tallies
	log     *slog.Logger
	ping    time.Duration

	serving sync.WaitGroup // connections

	mu      sync.Mutex
	ring    ring
	clients map[*client]struct{}
	changed bool // jobs or leads have changed since the tallies were last told
	untold  bool // a client has come back, and not heard of the tallies while it was gone
	closed  bool
}

// NewFeed makes a feed.
func NewFeed(stream Stream, tallies Tallies, log *slog.Logger) *Feed {
	return &Feed{stream: stream, tallies: tallies, log: log, ping: pingEvery, ring: newRing(), clients: map[*client]struct{}{}}
}

// Run follows the stream until ctx ends, and then closes every client.
func (f *Feed) Run(ctx context.Context) error {
	telling, endTelling := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { f.tell(telling) })
	err := f.stream.Follow(ctx, "", func(e Event) error {
		f.publish(e)
		return nil
	})
	endTelling()
	wg.Wait()
	f.close()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (f *Feed) publish(e Event) {
	out := newOutgoing(e)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring.add(e)
	f.changed = f.changed || e.Type == "job:updated" || strings.HasPrefix(e.Type, "business:")
	for c := range f.clients {
		switch {
		case c.live:
			c.offer(out)
		case c.stood == e.ID && c.meet != nil:
			c.meet()
		}
	}
}

// enter adds a client that gets no events yet; false when the feed has ended.
func (f *Feed) enter(c *client) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.serving.Add(1)
	f.clients[c] = struct{}{}
	return true
}

// join makes a client live, and answers the events after since that are in
// memory in the same step, so that none comes twice or is left out. found is
// false when since is not in memory.
func (f *Feed) join(c *client, since string) (missed []Event, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if since != "" {
		if missed, found = f.ring.after(since); !found {
			return nil, false
		}
		f.untold = true
	}
	c.live, c.meet = true, nil
	return missed, true
}

// approach notes how far a client has caught up from the stream, and whether
// the feed has been there. If not, meet is called once it comes there.
func (f *Feed) approach(c *client, id string, meet func()) (met bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.stood, c.meet = id, meet
	return f.ring.has(id)
}

func (f *Feed) leave(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, c)
}

// close drops every client, and waits until they have been told.
func (f *Feed) close() {
	f.mu.Lock()
	f.closed = true
	for c := range f.clients {
		c.drop(closeGoingAway, reasonEnding)
	}
	f.mu.Unlock()
	told := make(chan struct{})
	go func() {
		defer close(told)
		f.serving.Wait()
	}()
	select {
	case <-told:
	case <-time.After(closeGrace):
	}
}

// marker parts the id of a stream's event from what a frame adds to it.
const marker = "/"

func newEvent(id, eventType string, data any) Event {
	frame, _ := json.Marshal(struct { // views of our own always encode
		ID        string `json:"id"`
		Timestamp string `json:"timestamp"`
		Type      string `json:"type"`
		Data      any    `json:"data"`
	}{id, app.ViewTime(time.Now()), eventType, data})
	return Event{ID: id, Type: eventType, Frame: frame}
}

// Package ws is the port of live events: each process follows the event stream
// once, and sends every event on to the clients that want it.
package ws

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"leadstream/app"
)

const (
	// ringSize is how many events are kept in memory for clients that come back.
	ringSize = 4096
	// clientQueue is how many frames a client may be behind before it is closed.
	clientQueue = 1024
	queueEvery  = time.Second
)

// Event is one envelope, as it stands on the event stream.
type Event struct {
	ID    string
	Type  string
	Frame []byte // the JSON envelope, sent as it is
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
	stream Stream
	queues func(context.Context) ([]app.QueueView, error)
	log    *slog.Logger

	mu      sync.Mutex
	ring    []Event
	clients map[*client]struct{}
	changed bool // jobs have changed since the queues were last told
	closed  bool
}

// NewFeed makes a feed; queues counts them for the queue:updated frames.
func NewFeed(stream Stream, queues func(context.Context) ([]app.QueueView, error), log *slog.Logger) *Feed {
	return &Feed{stream: stream, queues: queues, log: log, clients: map[*client]struct{}{}}
}

// Run follows the stream until ctx ends, and then closes every client.
func (f *Feed) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { f.tellQueues(ctx) })
	err := f.stream.Follow(ctx, "", func(e Event) error {
		f.publish(e)
		return nil
	})
	wg.Wait()
	f.close()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (f *Feed) publish(e Event) {
	scope := scopeOf(e)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ring) == ringSize {
		f.ring = append(f.ring[:0], f.ring[ringSize/4:]...) // a quarter at a time, so that it is seldom
	}
	f.ring = append(f.ring, e)
	f.changed = f.changed || e.Type == "job:updated"
	for c := range f.clients {
		c.offer(e, scope)
	}
}

// join adds a client, and answers the events after since that are in memory
// in the same step, so that none comes twice or is left out. found is false
// when since is not in memory.
func (f *Feed) join(c *client, since string) (missed []Event, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		c.drop(closeGoingAway, "server is shutting down")
		return nil, true
	}
	if since == "" {
		f.clients[c] = struct{}{}
		return nil, true
	}
	for i, v := range slices.Backward(f.ring) {
		if v.ID == since {
			f.clients[c] = struct{}{}
			return append([]Event{}, f.ring[i+1:]...), true
		}
	}
	return nil, false
}

func (f *Feed) leave(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clients, c)
}

func (f *Feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.clients {
		c.drop(closeGoingAway, "server is shutting down")
	}
}

// tellQueues sends queue:updated at most once a second while jobs change.
func (f *Feed) tellQueues(ctx context.Context) {
	tick := time.NewTicker(queueEvery)
	defer tick.Stop()
	last := map[string]app.QueueView{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !f.takeChanged() {
			continue
		}
		queues, err := f.queues(ctx)
		if err != nil {
			f.log.Debug("queues not counted", "error", err)
			f.setChanged()
			continue
		}
		for _, q := range queues {
			if before, told := last[q.Name]; !told || counts(before) != counts(q) {
				f.publishQueue(q)
				last[q.Name] = q
			}
		}
	}
}

func (f *Feed) takeChanged() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := f.changed && len(f.clients) > 0
	f.changed = f.changed && !changed
	return changed
}

func (f *Feed) setChanged() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = true
}

// publishQueue sends a frame that is not on the stream. Its id is that of the
// newest event with a mark behind it, so that a client can continue after it.
func (f *Feed) publishQueue(q app.QueueView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := ""
	if len(f.ring) > 0 {
		id = f.ring[len(f.ring)-1].ID
	}
	e := newEvent(id+marker+q.Name, "queue:updated", q)
	for c := range f.clients {
		c.offer(e, scope{})
	}
}

// counts is what makes a queue worth telling again.
func counts(q app.QueueView) [6]int {
	return [6]int{q.Waiting, q.Active, q.Delayed, q.Completed, q.Failed, q.Workers}
}

// marker parts the id of a stream's event from what a frame adds to it.
const marker = "/"

func newEvent(id, eventType string, data any) Event {
	frame, _ := json.Marshal(map[string]any{ // views of our own always encode
		"id": id, "timestamp": app.ViewTime(time.Now()), "type": eventType, "data": data,
	})
	return Event{ID: id, Type: eventType, Frame: frame}
}

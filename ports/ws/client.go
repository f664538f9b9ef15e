package ws

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Close codes of RFC 6455.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closePolicy    = 1008
	closeInternal  = 1011
	closeTryLater  = 1013

	reasonTooSlow = "reads too slowly"
	reasonEnding  = "server is shutting down"
	// maxReason is what a control frame's 125 bytes leave beside the code.
	maxReason = 123
	// helloWithin is how long a client of Socket.IO may take to say what it wants.
	helloWithin = 10 * time.Second
)

// client is one connection's queue of events.
type client struct {
	talk   dialect
	events chan *outgoing
	hellos chan string     // the event to continue after, once the client may listen
	ctx    context.Context // ends when the client is dropped
	cancel context.CancelFunc

	// What follows belongs to the feed, under its lock.
	live  bool   // gets events from the feed
	stood string // the event it has come to, while it catches up from the stream
	meet  func() // ends catching up: the feed has come to the same event

	mu     sync.Mutex
	filter filter
	code   int
	reason string
}

func newClient(talk dialect, f filter) *client {
	c := &client{talk: talk, events: make(chan *outgoing, clientQueue), hellos: make(chan string, 1), filter: f}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// hello lets the client listen, to what came after since; a second hello changes nothing.
func (c *client) hello(since string) {
	select {
	case c.hellos <- since:
	default:
	}
}

// ready waits for the hello, and drops a client that owes it.
func (c *client) ready() (since string, ok bool) {
	late := time.NewTimer(helloWithin)
	defer late.Stop()
	select {
	case since = <-c.hellos:
		return since, true
	case <-late.C:
		c.drop(closePolicy, "no CONNECT packet came")
	case <-c.ctx.Done():
	}
	return "", false
}

// send writes an event; a client that does not take it is dropped.
func (c *client) send(l *line, o *outgoing) {
	frame, err := o.frame(c.talk)
	if err != nil || l.writePrepared(frame) != nil {
		c.drop(closeTryLater, reasonTooSlow)
	}
}

// offer queues an event if the client wants it, and drops a client whose queue
// is full.
func (c *client) offer(o *outgoing) {
	if !c.wants(o) {
		return
	}
	select {
	case c.events <- o:
	default:
		c.drop(closeTryLater, reasonTooSlow)
	}
}

func (c *client) wants(o *outgoing) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.filter.wants(&o.Event, o.scope)
}

// drop ends the client once; the first reason stands.
func (c *client) drop(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		c.code, c.reason = code, shorten(reason)
		c.cancel()
	}
}

// want changes the client's filter.
func (c *client) want(wanted filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filter = wanted
}

// extend allows the client to be silent for another while; one that has been
// dropped has had its last.
func (c *client) extend(conn interface{ SetReadDeadline(t time.Time) error }, silence time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return nil
	}
	return conn.SetReadDeadline(time.Now().Add(silence))
}

func (c *client) dropped() bool { return c.ctx.Err() != nil }

func (c *client) end() (code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code, c.reason
}

// shorten makes a reason fit into a close frame, which is not sent otherwise.
func shorten(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason], "")
}

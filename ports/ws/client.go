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
)

// client is one connection's queue of frames.
type client struct {
	frames chan []byte
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

func newClient(f filter) *client {
	c := &client{frames: make(chan []byte, clientQueue), filter: f}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// offer queues an event's frame if the client wants it, and drops a client
// whose queue is full.
func (c *client) offer(e Event, s scope) {
	if !c.wants(e, s) {
		return
	}
	select {
	case c.frames <- e.Frame:
	default:
		c.drop(closeTryLater, reasonTooSlow)
	}
}

func (c *client) wants(e Event, s scope) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.filter.wants(e, s)
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

// hear changes the client's filter as it asks.
func (c *client) hear(raw []byte) {
	wanted, err := parseSubscribe(raw)
	if err != nil {
		c.drop(closePolicy, err.Error())
		return
	}
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

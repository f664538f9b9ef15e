package ws

import (
	"sync"
)

// Close codes of RFC 6455.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closePolicy    = 1008
	closeTryLater  = 1013
	reasonTooSlow  = "reads too slowly"
)

// client is one connection's queue of frames.
type client struct {
	frames chan []byte
	gone   chan struct{} // closed when the client is dropped

	mu     sync.Mutex
	filter filter
	code   int
	reason string
}

func newClient(f filter) *client {
	return &client{frames: make(chan []byte, clientQueue), gone: make(chan struct{}), filter: f}
}

// offer queues an event's frame if the client wants it, and drops a client
// whose queue is full.
func (c *client) offer(e Event, s scope) {
	c.mu.Lock()
	wants := c.filter.wants(e, s)
	c.mu.Unlock()
	if !wants {
		return
	}
	select {
	case c.frames <- e.Frame:
	default:
		c.drop(closeTryLater, reasonTooSlow)
	}
}

func (c *client) subscribe(f filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.filter = f
}

// drop ends the client once; the first reason stands.
func (c *client) drop(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		c.code, c.reason = code, reason
		close(c.gone)
	}
}

func (c *client) end() (code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code, c.reason
}

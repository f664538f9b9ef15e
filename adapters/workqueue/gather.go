package workqueue

import (
	"context"
	"runtime"
	"sync"

	"github.com/redis/go-redis/v9"
)

const (
	// flushesAtOnce is how many gathered calls are on their way at a time: one
	// in Redis's hands, one on the wire.
	flushesAtOnce = 2
	// gatherUpTo is how many jobs or notes one gathered call takes along.
	gatherUpTo = 500
)

// gatherer is the group commit of a script's calls on a topic: a call that
// finds none on its way goes at once, those that come meanwhile go together
// with the next.
type gatherer struct {
	client *Client
	gatherKey

	mu       sync.Mutex
	pending  []*sending
	inFlight int
}

type gatherKey struct {
	topic string
	act   act
}

// act is a script that does many callers' things in one call, one after the
// other, and answers a text for each.
type act struct {
	name   string
	script *redis.Script
}

// sending is one caller's part of a gathered call.
type sending struct {
	args    []any
	things  int
	answers []string
	err     error
	done    chan struct{}
}

func (c *Client) gatherer(topic string, a act) *gatherer {
	key := gatherKey{topic, a}
	if g, ok := c.gatherers.Load(key); ok {
		return g.(*gatherer) //nolint:forcetypeassert // nothing else is stored there
	}
	g, _ := c.gatherers.LoadOrStore(key, &gatherer{client: c, gatherKey: key})
	return g.(*gatherer) //nolint:forcetypeassert // nothing else is stored there
}

func (g *gatherer) send(ctx context.Context, args []any, things int) ([]string, error) {
	s := &sending{args: args, things: things, done: make(chan struct{})}
	g.mu.Lock()
	g.pending = append(g.pending, s)
	start := g.inFlight < flushesAtOnce
	if start {
		g.inFlight++
	}
	g.mu.Unlock()
	if start {
		go g.flushAll(context.WithoutCancel(ctx))
	}
	select {
	case <-s.done:
		return s.answers, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *gatherer) flushAll(ctx context.Context) {
	for batch := g.next(); len(batch) > 0; batch = g.next() {
		g.flush(ctx, batch)
	}
}

// next takes what has gathered; nothing ends the flush that asks.
func (g *gatherer) next() []*sending {
	runtime.Gosched() // callers that are about to come make it fuller
	g.mu.Lock()
	defer g.mu.Unlock()
	n, things := 0, 0
	for n < len(g.pending) && (n == 0 || things+g.pending[n].things <= gatherUpTo) {
		things += g.pending[n].things
		n++
	}
	if n == 0 {
		g.inFlight--
		return nil
	}
	batch := g.pending[:n:n]
	g.pending = g.pending[n:]
	return batch
}

func (g *gatherer) flush(ctx context.Context, batch []*sending) {
	args := batch[0].args
	for _, s := range batch[1:] {
		args = append(args, s.args...)
	}
	g.client.at(g.act.name)
	answer, err := g.client.run(ctx, g.act.script, g.topic, args...)
	g.client.at(g.act.name + "d")
	answers := stringSlice(answer)
	for _, s := range batch {
		if s.err = err; err == nil {
			s.answers, answers = answers[:s.things:s.things], answers[s.things:]
		}
		close(s.done)
	}
}

package workqueue

import (
	"context"
	"runtime"
	"sync"
)

const (
	// flushesAtOnce is how many gathered calls are on their way at a time: one
	// in Redis's hands, one on the wire.
	flushesAtOnce = 2
	// gatherUpTo is how many jobs one gathered call takes along.
	gatherUpTo = 500
)

// gatherer is a topic's group commit: a call that finds none on its way goes
// at once, those that come meanwhile go together with the next.
type gatherer struct {
	client *Client
	topic  string

	mu       sync.Mutex
	pending  []*sending
	inFlight int
}

// sending is one caller's part of a gathered call.
type sending struct {
	args    []any
	jobs    int
	answers []string
	err     error
	done    chan struct{}
}

func (c *Client) gatherer(topic string) *gatherer {
	if g, ok := c.gatherers.Load(topic); ok {
		return g.(*gatherer) //nolint:forcetypeassert // nothing else is stored there
	}
	g, _ := c.gatherers.LoadOrStore(topic, &gatherer{client: c, topic: topic})
	return g.(*gatherer) //nolint:forcetypeassert // nothing else is stored there
}

func (g *gatherer) send(ctx context.Context, args []any, jobs int) ([]string, error) {
	s := &sending{args: args, jobs: jobs, done: make(chan struct{})}
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
	n, jobs := 0, 0
	for n < len(g.pending) && (n == 0 || jobs+g.pending[n].jobs <= gatherUpTo) {
		jobs += g.pending[n].jobs
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
	g.client.at("enqueue")
	answer, err := g.client.run(ctx, enqueueScript, g.topic, args...)
	g.client.at("enqueued")
	answers := stringSlice(answer)
	for _, s := range batch {
		if s.err = err; err == nil {
			s.answers, answers = answers[:s.jobs:s.jobs], answers[s.jobs:]
		}
		close(s.done)
	}
}

package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// searchesPerBrowser is after how many searches a Chromium is replaced, since
// its memory only grows.
const searchesPerBrowser = 50

// endIdleAfter is when a Chromium ends that nobody uses: its memory is worth
// more than the second that the next one takes to start.
const endIdleAfter = 5 * time.Second

var errClosed = errors.New("the browser is closed")

// browserOptions is how Chromium is started and its tabs are opened.
type browserOptions struct {
	path          string // empty finds one
	proxy         string
	resolverRules string
	folder        string // profiles are made in it
	language      string
	searches      int           // of one Chromium
	idle          time.Duration // until an unused one ends
	started       func()        // is told of each
	log           *slog.Logger
}

// browsers hands out tabs of one Chromium at a time. A Chromium that has had
// its searches, or does not answer, is retired: its last tab ends it.
type browsers struct {
	options browserOptions
	mu      sync.Mutex
	current *chromium
	running map[*chromium]bool
	ending  sync.WaitGroup
	closed  bool
}

func newBrowsers(o browserOptions) *browsers {
	return &browsers{options: o, running: map[*chromium]bool{}}
}

// tab opens one; done closes it whatever became of ctx, and with it, unless
// others use it, a Chromium whose search has failed. One that has died since
// its last search is replaced unnoticed.
func (b *browsers) tab(ctx context.Context) (t *tab, done func(failed bool), err error) {
	for range 2 {
		var c *chromium
		if c, err = b.acquire(ctx); err != nil {
			return nil, nil, err
		}
		if t, err = c.open(ctx, b.options); err == nil {
			return t, func(failed bool) { b.release(c, t.close() != nil, failed) }, nil
		}
		b.release(c, ctx.Err() == nil, true)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, nil, fmt.Errorf("opening a tab: %w", err)
}

// acquire answers a Chromium that is up, which release has to be told of.
func (b *browsers) acquire(ctx context.Context) (*chromium, error) {
	c, err := b.take()
	if err != nil {
		return nil, err
	}
	select {
	case <-c.ready:
		err = c.err
	case <-ctx.Done():
		b.release(c, false, true)
		return nil, ctx.Err()
	}
	if err != nil {
		b.release(c, true, true)
		return nil, err
	}
	return c, nil
}

func (b *browsers) take() (*chromium, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errClosed
	}
	if b.current == nil {
		b.current = start(b.options)
		b.running[b.current] = true
		b.options.started()
	}
	c := b.current
	if c.idle != nil {
		c.idle.Stop()
	}
	c.users++
	if c.searches++; c.searches >= b.options.searches {
		b.retire(c)
	}
	return c, nil
}

// release gives a Chromium back; a broken one is not used again, nor is an
// unused one whose last search has failed, for that may be its own fault.
func (b *browsers) release(c *chromium, broken, failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.users--
	if broken && !c.retired {
		if c.err == nil { // otherwise its caller says why
			b.options.log.Warn("browser does not answer and is replaced")
		}
		b.retire(c)
	}
	switch {
	case c.users > 0:
	case failed && !c.retired:
		b.retire(c)
		b.end(c)
	case c.retired:
		b.end(c)
	default:
		c.idle = time.AfterFunc(b.options.idle, func() { b.endIdle(c) })
	}
}

func (b *browsers) endIdle(c *chromium) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.users == 0 && !c.retired {
		b.retire(c)
		b.end(c)
	}
}

func (b *browsers) retire(c *chromium) {
	c.retired = true
	if c.idle != nil {
		c.idle.Stop()
	}
	if b.current == c {
		b.current = nil
	}
}

// end takes its time, and nobody needs to wait for it.
func (b *browsers) end(c *chromium) {
	if b.running[c] {
		delete(b.running, c)
		b.ending.Go(c.end)
	}
}

// close ends every Chromium, those that are searching too, and waits for it.
func (b *browsers) close() {
	b.mu.Lock()
	b.closed = true
	for c := range b.running {
		b.retire(c)
		b.end(c)
	}
	b.mu.Unlock()
	b.ending.Wait()
}

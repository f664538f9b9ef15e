package googlemaps

import (
	"sync"
	"time"
)

const (
	firstBlockFor = 5 * time.Minute
	maxBlockFor   = 4 * time.Hour
)

// backoff says how long to leave the site alone that has taken searches for a
// robot's: twice as long with each block, until a search succeeds.
type backoff struct {
	mu     sync.Mutex
	blocks int // without a success since
}

// begin notes how things stand when a search starts.
func (b *backoff) begin() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.blocks
}

// blocked answers how long a search waits that began at that count. Searches
// that ran side by side are blocked once.
func (b *backoff) blocked(began int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blocks <= began {
		b.blocks++
	}
	wait := firstBlockFor
	for range b.blocks - 1 {
		if wait *= 2; wait >= maxBlockFor {
			return maxBlockFor
		}
	}
	return wait
}

func (b *backoff) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocks = 0
}

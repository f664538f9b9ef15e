package hunter

import (
	"sync"
	"time"
)

const (
	slowest   = 30 * time.Minute // to wait after any 403
	tooFast   = time.Minute      // to wait after a first 403 that does not say
	keyRefuse = 15 * time.Minute // until a refused key is tried again
)

// hold is why, and until when, Hunter is not asked. Safe for concurrent use.
type hold struct {
	now func() time.Time

	mu         sync.Mutex
	slowUntil  time.Time
	slowFor    time.Duration // grows with each 403 in a row
	keyUntil   time.Time
	keyRefused bool // and logged
	openUntil  time.Time
}

// slow notes a 403 and answers until when to wait. Those of requests that
// were under way together count once.
func (h *hold) slow(retryAfter time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if now.Before(h.slowUntil) {
		return h.slowUntil
	}
	h.slowFor = min(max(2*h.slowFor, tooFast), slowest)
	wait := h.slowFor
	if retryAfter > 0 {
		wait = min(retryAfter, slowest)
	}
	h.slowUntil = now.Add(wait)
	return h.slowUntil
}

func (h *hold) isSlow() (until time.Time, slow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slowUntil, h.now().Before(h.slowUntil)
}

// refuseKey notes a 401; it is news until the key is accepted.
func (h *hold) refuseKey() (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = !h.keyRefused
	h.keyUntil, h.keyRefused = h.now().Add(keyRefuse), true
	return news
}

func (h *hold) keyIsRefused() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now().Before(h.keyUntil)
}

// answered notes that Hunter did what it was asked.
func (h *hold) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slowFor, h.keyRefused = 0, false
}

// open notes that the breaker opened.
func (h *hold) open(length time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.openUntil = h.now().Add(length)
}

// halfOpens is when the breaker lets a request through again. Where one is
// already trying, its result may come any moment: wait a little.
func (h *hold) halfOpens() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if soon := h.now().Add(time.Second); h.openUntil.Before(soon) {
		return soon
	}
	return h.openUntil
}

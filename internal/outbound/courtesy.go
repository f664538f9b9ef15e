package outbound

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	firstHold = time.Minute
	// longestHold bounds every wait, also one that a service asks for.
	longestHold = time.Hour
)

// Courtesy remembers that a service does not want to be asked for a while.
// Refusals in a row that do not say for how long hold twice as long each, from
// a minute up to an hour. Safe for concurrent use.
type Courtesy struct {
	now func() time.Time

	mu    sync.Mutex
	until time.Time
	wait  time.Duration
}

// NewCourtesy holds nothing yet.
func NewCourtesy(now func() time.Time) *Courtesy { return &Courtesy{now: now} }

// Holds tells until when the service is not to be asked, if it is not.
func (c *Courtesy) Holds() (until time.Time, held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until, c.now().Before(c.until)
}

// Refused notes an answer such as 429, and tells when to ask again. Those to
// requests that were under way together count once.
func (c *Courtesy) Refused(header http.Header) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Before(c.until) {
		return c.until
	}
	c.wait = min(max(2*c.wait, firstHold), longestHold)
	wait := c.wait
	if told := retryAfter(header.Get("Retry-After"), now); told > 0 {
		wait = min(told, longestHold)
	}
	c.until = now.Add(wait)
	return c.until
}

// Answered notes that the service did what it was asked.
func (c *Courtesy) Answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait = 0
}

// retryAfter reads the header's two forms, seconds or a date; 0 when there is none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(longestHold/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

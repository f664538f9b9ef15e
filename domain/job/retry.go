package job

import (
	"time"

	"leadstream/domain/fault"
)

// maxBackoff bounds the doubling, so that a long series never waits for days.
const maxBackoff = time.Hour

// RetryPolicy says how often a job may start and how long it waits in between.
type RetryPolicy struct {
	Attempts int           // started attempts at most, at least 1
	Backoff  time.Duration // wait after the first failed attempt; doubles after each further one
}

// Delay is the wait after the given failed attempt, counted from 1.
func (p RetryPolicy) Delay(attempt int) time.Duration {
	delay := p.Backoff
	for ; attempt > 1 && delay < maxBackoff; attempt-- {
		delay *= 2
	}
	return min(delay, maxBackoff)
}

// Retryable reports whether an attempt that failed with err may succeed when
// run again: all but errors that say the input itself can never work.
func Retryable(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict:
		return false
	default:
		return true
	}
}

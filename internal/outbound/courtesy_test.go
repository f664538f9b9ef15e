package outbound_test

import (
	"net/http"
	"testing"
	"time"

	"leadstream/internal/outbound"
	"leadstream/internal/testenv"
)

func TestCourtesy(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	clock := testenv.NewClock(noon)
	c := outbound.NewCourtesy(clock.Now)
	silent := http.Header{}
	if _, held := c.Holds(); held {
		t.Error("held before any refusal")
	}
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		until := c.Refused(silent)
		if again := c.Refused(silent); !again.Equal(until) || until.Sub(clock.Now()) != want {
			t.Errorf("held for %s and %s, want %s", until.Sub(clock.Now()), again.Sub(clock.Now()), want)
		}
		if at, held := c.Holds(); !held || !at.Equal(until) {
			t.Errorf("held %v until %s", held, at)
		}
		clock.Advance(want)
		if _, held := c.Holds(); held {
			t.Error("held longer than was said")
		}
	}
	for range 10 {
		clock.Advance(c.Refused(silent).Sub(clock.Now()))
	}
	if wait := c.Refused(silent).Sub(clock.Now()); wait != time.Hour {
		t.Errorf("the longest wait is %s", wait)
	}
	clock.Advance(time.Hour)
	c.Answered()
	if wait := c.Refused(silent).Sub(clock.Now()); wait != time.Minute {
		t.Errorf("after an answer the wait begins with %s", wait)
	}
}

func TestCourtesyDoesAsItIsTold(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "86400": time.Hour, "9999999999999": time.Hour, "0": time.Minute, "-5": time.Minute, "soon": time.Minute,
		"Tue, 24 Nov 2026 12:00:30 GMT": 30 * time.Second, "Tue, 24 Nov 2026 11:00:00 GMT": time.Minute, "Wed, 25 Nov 2026 12:00:00 GMT": time.Hour,
	} {
		c := outbound.NewCourtesy(testenv.NewClock(noon).Now)
		if wait := c.Refused(http.Header{"Retry-After": {header}}).Sub(noon); wait != want {
			t.Errorf("%s holds for %s, want %s", header, wait, want)
		}
	}
}

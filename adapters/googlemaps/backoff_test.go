package googlemaps

import (
	"testing"
	"time"
)

func TestEachBlockWaitsLonger(t *testing.T) {
	t.Parallel()
	var b backoff
	for i, minutes := range []int{5, 10, 20, 40, 80, 160, 240, 240} {
		if got := b.blocked(b.begin()); got.Minutes() != float64(minutes) {
			t.Errorf("block %d waits %s", i+1, got)
		}
	}
	b.succeeded()
	first, second := b.begin(), b.begin()
	if got := []time.Duration{b.blocked(first), b.blocked(second), b.blocked(b.begin())}; got[0] != firstBlockFor || got[1] != firstBlockFor || got[2] != 2*firstBlockFor {
		t.Errorf("two side by side and one after wait %v", got)
	}
}

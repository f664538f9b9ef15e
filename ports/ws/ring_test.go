package ws

import (
	"fmt"
	"testing"
)

func TestRing(t *testing.T) {
	t.Parallel()
	for _, added := range []int{0, 1, 10, ringSize - 1, ringSize, ringSize + 1, 2*ringSize + 10} {
		r := newRing()
		for i := 1; i <= added; i++ {
			r.add(Event{ID: fmt.Sprint(i)})
		}
		kept := min(added, ringSize)
		if newest := r.newest(); added > 0 && newest != fmt.Sprint(added) || added == 0 && newest != "" {
			t.Errorf("of %d the newest is %q", added, newest)
		}
		if oldest := added - kept; r.has(fmt.Sprint(oldest)) || len(r.at) != kept {
			t.Errorf("of %d, %d has not been dropped; %d ids are known", added, oldest, len(r.at))
		}
		for _, back := range []int{0, 1, kept / 2, max(kept-1, 0)} {
			since := added - back
			events, found := r.after(fmt.Sprint(since))
			if known := since >= 1 && since > added-kept; found != known || known && len(events) != back {
				t.Errorf("after %d of %d: %d events, found %v", since, added, len(events), found)
			}
			for i, e := range events {
				if e.ID != fmt.Sprint(since+1+i) {
					t.Fatalf("after %d of %d, event %d is %s", since, added, i, e.ID)
				}
			}
		}
	}
}

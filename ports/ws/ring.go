package ws

import "slices"

// ring keeps the newest events, so that clients that come back within them
// need not be served from the stream.
type ring struct {
	events []Event        // in order from oldest on, around the end
	oldest int            // 0 until the ring is full
	at     map[string]int // where the event with an id stands
}

func newRing() ring { return ring{at: map[string]int{}} }

func (r *ring) add(e Event) {
	if len(r.events) < ringSize {
		r.at[e.ID] = len(r.events)
		r.events = append(r.events, e)
		return
	}
	if dropped := r.events[r.oldest].ID; r.at[dropped] == r.oldest {
		delete(r.at, dropped)
	}
	r.at[e.ID] = r.oldest
	r.events[r.oldest] = e
	r.oldest = (r.oldest + 1) % ringSize
}

func (r *ring) has(id string) bool {
	_, found := r.at[id]
	return found
}

// after copies the events that follow the one with the id; found is false
// when that one is not in the ring.
func (r *ring) after(id string) (events []Event, found bool) {
	i, found := r.at[id]
	if !found {
		return nil, false
	}
	if i < r.oldest { // behind the end, where the newest stand
		return slices.Clone(r.events[i+1 : r.oldest]), true
	}
	return slices.Concat(r.events[i+1:], r.events[:r.oldest]), true
}

// newest is the id of the last event; empty when there has been none.
func (r *ring) newest() string {
	if len(r.events) == 0 {
		return ""
	}
	return r.events[(r.oldest+len(r.events)-1)%len(r.events)].ID
}

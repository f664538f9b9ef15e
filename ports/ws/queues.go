package ws

import (
	"context"
	"time"

	"leadstream/app"
)

// queueEvery is how often clients may be told of the queues.
const queueEvery = time.Second

// tellQueues sends queue:updated while jobs change.
func (f *Feed) tellQueues(ctx context.Context) {
	pause := time.NewTimer(queueEvery)
	defer pause.Stop()
	told := map[string][6]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if changed, untold := f.takeChanges(); changed || untold {
			if untold {
				clear(told)
			}
			f.countQueues(ctx, told)
		}
		pause.Reset(queueEvery)
	}
}

// countQueues tells of the queues whose counts are not what was told last.
func (f *Feed) countQueues(ctx context.Context, told map[string][6]int) {
	queues, err := f.queues(ctx)
	if err != nil {
		f.log.Debug("queues not counted, trying again", "error", err)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed = true
		return
	}
	for _, q := range queues {
		counts := [6]int{q.Waiting, q.Active, q.Delayed, q.Completed, q.Failed, q.Workers}
		if before, known := told[q.Name]; !known || before != counts {
			f.publishQueue(q)
			told[q.Name] = counts
		}
	}
}

// takeChanges leaves the changes for later while there is nobody to tell.
func (f *Feed) takeChanges() (changed, untold bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.clients) == 0 {
		return false, false
	}
	changed, untold = f.changed, f.untold
	f.changed, f.untold = false, false
	return changed, untold
}

// publishQueue sends a frame that is not on the stream. Its id is that of the
// newest event with a mark behind it, so that a client can continue after it.
func (f *Feed) publishQueue(q app.QueueView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := newEvent(f.ring.newest()+marker+q.Name, "queue:updated", q)
	for c := range f.clients {
		if c.live {
			c.offer(&e, scope{})
		}
	}
}

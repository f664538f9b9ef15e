package ws

import (
	"context"
	"time"

	"leadstream/app"
)

const (
	// tellEvery is how often clients may be told of the queues and of the stats.
	tellEvery = time.Second
	// restFor bounds the share of the time that counting may take: after a
	// count that took long, this many times as long is waited.
	restFor = 10
)

// Tallies are counted for the frames queue:updated and stats:updated, which
// are not on the stream; nil counts nothing.
type Tallies struct {
	Queues func(context.Context) ([]app.QueueView, error)
	Stats  func(context.Context) (app.StatsView, error)
}

// told is what clients have been told last.
type told struct {
	queues map[string][6]int
	stats  app.StatsView
}

// tell counts while things change.
func (f *Feed) tell(ctx context.Context) {
	pause := time.NewTimer(tellEvery)
	defer pause.Stop()
	last := told{queues: map[string][6]int{}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		began := time.Now()
		if changed, untold := f.takeChanges(); changed || untold {
			if untold {
				last = told{queues: map[string][6]int{}}
			}
			if f.tellQueues(ctx, last.queues) != nil || f.tellStats(ctx, &last) != nil {
				f.putBackChanges()
			}
		}
		pause.Reset(max(tellEvery, restFor*time.Since(began)))
	}
}

// tellQueues tells of the queues whose counts are not what was told last.
func (f *Feed) tellQueues(ctx context.Context, last map[string][6]int) error {
	if f.tallies.Queues == nil {
		return nil
	}
	queues, err := f.tallies.Queues(ctx)
	if err != nil {
		f.log.Debug("queues not counted, trying again", "error", err)
		return err
	}
	for _, q := range queues {
		counts := [6]int{q.Waiting, q.Active, q.Delayed, q.Completed, q.Failed, q.Workers}
		if before, known := last[q.Name]; !known || before != counts {
			f.publishTally(q.Name, "queue:updated", q)
			last[q.Name] = counts
		}
	}
	return nil
}

// tellStats tells of the stats that are not what was told last.
func (f *Feed) tellStats(ctx context.Context, last *told) error {
	if f.tallies.Stats == nil {
		return nil
	}
	stats, err := f.tallies.Stats(ctx)
	if err != nil {
		f.log.Debug("stats not counted, trying again", "error", err)
		return err
	}
	if last.stats != stats {
		f.publishTally("stats", "stats:updated", stats)
		last.stats = stats
	}
	return nil
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

func (f *Feed) putBackChanges() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = true
}

// publishTally sends a frame that is not on the stream. Its id is that of the
// newest event with a mark behind it, so that a client can continue after it.
func (f *Feed) publishTally(name, eventType string, data any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := newEvent(f.ring.newest()+marker+name, eventType, data)
	out := &outgoing{Event: e}
	for c := range f.clients {
		if c.live {
			c.offer(out)
		}
	}
}

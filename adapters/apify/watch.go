package apify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"leadstream/app"
	"leadstream/domain/fault"
)

const (
	pageSize = 100
	// faultsInRow is how many faults of Apify in a row are waited out before a
	// run, which is paid for already, is given up.
	faultsInRow = 5
	abortWithin = 10 * time.Second
)

// watch follows one run.
type watch struct {
	source *Source
	run    run
	query  app.SearchQuery
	see    app.Sightings

	read   int             // items of the dataset
	broken int             // items that are no places
	seen   map[string]bool // by the place's key
	// faults in a row, of asking for items and of asking for the run's state
	unread, unseen int
}

// follow reads what the run finds until it has ended and everything is read,
// or enough is found.
func (w *watch) follow(ctx context.Context) error {
	wait, last := w.source.first, false
	for {
		ended, before := w.run.ended(), w.read
		err := w.readItems(ctx)
		switch {
		case err != nil && !w.waitsOut(ctx, err, &w.unread):
			return err
		case err == nil && (last || len(w.seen) >= w.query.MaxResults):
			return w.verdict()
		}
		last = err == nil && ended // the dataset is a little behind the run, so what follows its end is looked at once more
		if wait = min(wait*3/2, w.source.most); w.read > before || ended {
			wait = w.source.first
		}
		if err := w.pause(ctx, max(wait, w.untilAllowed(err))); err != nil {
			return err
		}
		if ended {
			continue
		}
		if err := w.look(ctx); err != nil {
			return err
		}
	}
}

// look asks how the run stands; a fault of Apify leaves it as it stood.
func (w *watch) look(ctx context.Context) error {
	state, err := w.source.client.state(ctx, w.run.ID)
	if err == nil {
		w.run, w.unseen = state, 0
		return nil
	}
	if !w.waitsOut(ctx, err, &w.unseen) {
		return err
	}
	return w.pause(ctx, w.untilAllowed(err))
}

// waitsOut reports whether a fault is Apify's and not yet the last to be borne.
func (w *watch) waitsOut(ctx context.Context, err error, inRow *int) bool {
	if ctx.Err() != nil || !fault.Is(err, fault.Transient) && !fault.Is(err, fault.Postponed) {
		return false
	}
	*inRow++
	if *inRow > faultsInRow {
		return false
	}
	w.see.Note("warn", fmt.Sprintf("%s; the run goes on", err))
	return true
}

// untilAllowed is how long Apify wants to be left alone, at most a minute.
func (w *watch) untilAllowed(err error) time.Duration {
	until, postponed := fault.PostponedUntil(err)
	if !postponed {
		return 0
	}
	return min(until.Sub(w.source.now()), time.Minute)
}

func (w *watch) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// readItems reads every page that is there.
func (w *watch) readItems(ctx context.Context) error {
	for {
		page, err := w.source.client.items(ctx, w.run.DatasetID, w.read, pageSize)
		if err != nil {
			return err
		}
		w.unread = 0
		for _, raw := range page {
			w.read++
			if err := w.tell(raw); err != nil || len(w.seen) >= w.query.MaxResults {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

func (w *watch) tell(raw json.RawMessage) error {
	p, ok := parseItem(raw)
	if !ok {
		w.broken++
		return nil
	}
	key := p.Identity().Key()
	if w.seen[key] {
		return nil
	}
	if err := w.see.Found(p); err != nil {
		return err
	}
	w.seen[key] = true
	return nil
}

// verdict says what the end of the run means for the search.
func (w *watch) verdict() error {
	if w.broken > 0 {
		w.see.Note("warn", fmt.Sprintf("%d items of apify were no places", w.broken))
	}
	switch {
	case len(w.seen) >= w.query.MaxResults, w.run.Status == "SUCCEEDED":
		return nil
	case w.run.Status == "ABORTED":
		return fault.Conflictf("the run was aborted at apify after %d places", len(w.seen))
	case w.run.Status == "TIMED-OUT":
		return fault.Transientf("apify ended the run for its time after %d places", len(w.seen))
	default:
		return fault.Transientf("the run failed at apify after %d places: %s", len(w.seen), short(w.run.StatusMessage))
	}
}

func short(message string) string {
	const most = 200
	if r := []rune(message); len(r) > most {
		return string(r[:most]) + "…"
	}
	return message
}

// end aborts a run that still goes on, which would go on costing.
func (w *watch) end(ctx context.Context) {
	if w.run.ended() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortWithin)
	defer cancel()
	if err := w.source.client.abort(ctx, w.run.ID); err != nil {
		w.source.log.Warn("run not aborted at apify", "run_id", w.run.ID, "error", err)
	}
}

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/schollz/progressbar/v3"

	"leadstream/app"
	"leadstream/domain/job"
)

const (
	lookEvery = 500 * time.Millisecond
	// lostFor is how long a service may be away, say for a restart: its jobs go on.
	lostFor = 30 * time.Second
)

// waiting follows one scrape.
type waiting struct {
	client *client
	jobID  string
	bar    bar
	lost   time.Time // since when nobody answers; zero while somebody does
}

// forJob waits until the job has ended.
func (w *waiting) forJob(ctx context.Context) (app.JobView, error) {
	for {
		var j app.JobView
		ok, err := w.ask(ctx, in("jobs", w.jobID), &j)
		if err != nil {
			return j, err
		}
		if ok {
			w.bar.show(j.Progress, cmp.Or(plain(j.ProgressMessage), j.Status))
			if state, err := job.ParseState(j.Status); err == nil && state.Finished() {
				return j, nil
			}
		}
		if err := w.pause(ctx); err != nil {
			return j, err
		}
	}
}

// forContacts waits until contacts of each new lead have been looked for, or
// nothing is left in the queue that would.
func (w *waiting) forContacts(ctx context.Context) error {
	for {
		total, pending, idle, err := w.pending(ctx)
		if err != nil || pending == 0 && total >= 0 || idle {
			return err
		}
		if total > 0 {
			w.bar.show(100*(total-pending)/total, fmt.Sprintf("Contacts of %d of %d leads looked for", total-pending, total))
		}
		if err := w.pause(ctx); err != nil {
			return err
		}
	}
}

// pending counts the job's leads, and those whose contacts are still to be
// looked for; a total of -1 says that nobody answers at the moment.
func (w *waiting) pending(ctx context.Context) (total, pending int, idle bool, err error) {
	var all, open struct {
		Total int `json:"total"`
	}
	var queues []app.QueueView
	businesses := asked(in("businesses"), "limit", "1", "job_id", w.jobID)
	for path, into := range map[string]any{businesses: &all, businesses + "&enrichment_status=pending": &open, in("queues"): &queues} {
		if ok, err := w.ask(ctx, path, into); !ok || err != nil {
			return -1, 0, false, err
		}
	}
	for _, q := range queues {
		if q.Name == job.Enrichment.String() {
			idle = q.Waiting+q.Active+q.Delayed == 0
		}
	}
	return all.Total, open.Total, idle, nil
}

// ask is false while the service is away, and an error when it stays away.
func (w *waiting) ask(ctx context.Context, path string, into any) (bool, error) {
	err := w.client.call(ctx, http.MethodGet, path, nil, into)
	if err == nil {
		w.lost = time.Time{}
		return true, nil
	}
	_, away := errors.AsType[unreachable](err)
	if no, ok := errors.AsType[refusal](err); ok {
		away = no.Status >= http.StatusInternalServerError
	}
	if !away {
		return false, err
	}
	if w.lost.IsZero() {
		w.lost = time.Now()
	}
	if time.Since(w.lost) > lostFor {
		return false, err
	}
	return false, nil
}

func (w *waiting) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(lookEvery):
		return nil
	}
}

// gaveUp says what becomes of the job when nobody waits any more.
func (w *waiting) gaveUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("no longer waiting; job %s goes on: see `leadstream jobs show %s`", w.jobID, w.jobID)
	}
	return err
}

// leads are those that a job was the first to see.
func (c *client) leads(ctx context.Context, jobID string) ([]app.BusinessView, error) {
	leads := []app.BusinessView{}
	for cursor := ""; ; {
		var page struct {
			Businesses []app.BusinessView `json:"businesses"`
			NextCursor string             `json:"nextCursor"`
		}
		path := asked(in("businesses"), "job_id", jobID, "limit", "500", "sort", "created_at", "cursor", cursor)
		var raw json.RawMessage
		if err := c.call(ctx, http.MethodGet, path, nil, &raw); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, fmt.Errorf("reading the leads: %w", err)
		}
		leads = append(leads, page.Businesses...)
		if cursor = page.NextCursor; cursor == "" {
			return leads, nil
		}
	}
}

// bar shows how far something is, on a terminal alone.
type bar struct{ bar *progressbar.ProgressBar }

func newBar(out io.Writer) bar {
	if !terminal(out) {
		return bar{}
	}
	return drawnBar(out)
}

func drawnBar(out io.Writer) bar {
	return bar{progressbar.NewOptions(100, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false))}
}

func (b bar) show(percent int, text string) {
	if b.bar == nil {
		return
	}
	b.bar.Describe(text)
	_ = b.bar.Set(min(percent, 99)) // at 100 it would be gone, before the contacts; undrawn is no reason to stop
}

func (b bar) end() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

package app

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// ScrapeResult is what a scrape achieved.
type ScrapeResult struct {
	Found   int      `json:"found"`
	Saved   int      `json:"saved"`
	Skipped int      `json:"skipped"`
	Partial bool     `json:"partial,omitempty"`
	Errors  []string `json:"errors,omitempty"`
}

// ScrapeBusinesses runs one attempt of a scrape: every place found becomes a
// business.Found event, and the attempt ends when each has been dealt with. An
// attempt that fails midway answers with what it has, marked partial.
func (a *App) ScrapeBusinesses(ctx context.Context, j job.Job, cmd job.ScrapeBusinesses) (ScrapeResult, error) {
	source, err := a.source(cmd.Source)
	if err != nil {
		return ScrapeResult{}, err
	}
	s := &scrape{app: a, ctx: ctx, job: j, cmd: cmd, seen: map[string]bool{}}
	s.progress(0, "Starting the search")
	err = source.Search(ctx, SearchQuery{
		BusinessType: cmd.BusinessType, Location: cmd.Location, RadiusKM: cmd.RadiusKM, MaxResults: cmd.MaxResults, Details: cmd.Details,
	}, s)
	return s.finish(err)
}

// scrape is one running attempt; it is the Sightings of its search.
type scrape struct {
	app       *App
	ctx       context.Context
	job       job.Job
	cmd       job.ScrapeBusinesses
	seen      map[string]bool
	percent   int
	reportErr error
}

// Reached reports the milestones that every search passes.
func (s *scrape) Reached(step SearchStep) {
	switch step {
	case SearchReady:
		s.progress(25, "Ready, opening the search")
	case SearchStarted:
		s.progress(50, "Results open, collecting places")
	}
}

// Found publishes a place the first time this attempt sees it.
func (s *scrape) Found(p business.Place) error {
	if err := p.Validate(); err != nil {
		return s.app.Reporter.Log(s.ctx, s.job, "warn", "ignored a place: "+err.Error())
	}
	key := p.Identity().Key()
	if s.seen[key] {
		return nil
	}
	err := s.app.Events.PublishFound(s.ctx, business.Found{
		JobID: s.job.ID(), BusinessType: s.cmd.BusinessType, Enrich: s.cmd.Enrich, Place: p, At: s.app.Now(),
	})
	if err != nil {
		return fmt.Errorf("publishing a found place: %w", err)
	}
	s.seen[key] = true
	s.foundProgress()
	return nil
}

// Note writes to the job's log.
func (s *scrape) Note(level, message string) {
	s.keep(s.app.Reporter.Log(s.ctx, s.job, level, message))
}

// foundProgress moves from 50 to 90 with the share of the wanted places that
// are there, and only says so when the bar moves.
func (s *scrape) foundProgress() {
	percent := 50 + 40*len(s.seen)/s.cmd.MaxResults
	if percent > s.percent {
		s.advance(min(percent, 89), fmt.Sprintf("Found %d of at most %d places", len(s.seen), s.cmd.MaxResults))
	}
}

// halfCollected is a percentage that every scrape passes, however few places
// make the bar jump.
const halfCollected = 75

func (s *scrape) advance(percent int, message string) {
	if s.percent < halfCollected && percent > halfCollected {
		s.progress(halfCollected, message)
	}
	s.progress(percent, message)
}

// progress never goes back.
func (s *scrape) progress(percent int, message string) {
	s.percent = max(s.percent, percent)
	percent = s.percent
	s.keep(s.app.Reporter.Report(s.ctx, s.job, job.NewProgress(percent, message)))
}

// keep remembers the first failure to report: a job that cannot be reported
// on has lost its store, which fails the attempt.
func (s *scrape) keep(err error) {
	if s.reportErr == nil {
		s.reportErr = err
	}
}

// finish waits for the places found, also those of a search that failed, so
// that the result counts what was kept.
func (s *scrape) finish(searchErr error) (ScrapeResult, error) {
	found := len(s.seen)
	if searchErr == nil {
		s.progress(halfCollected, fmt.Sprintf("Found %d places, saving", found))
	}
	tally, waitErr := s.waitUntilSaved(found)
	result := ScrapeResult{Found: tally.Counted(), Saved: tally.Saved, Skipped: tally.Skipped + tally.Invalid}
	if err := cmp.Or(searchErr, waitErr, s.reportErr); err != nil {
		result.Partial, result.Errors = result.Found > 0, []string{err.Error()}
		return result, err
	}
	s.progress(90, fmt.Sprintf("Saved %d new of %d places", tally.Saved, found))
	s.progress(100, fmt.Sprintf("Done: %d found, %d new", found, tally.Saved))
	return result, s.reportErr
}

// waitUntilSaved waits until every place of this attempt has been dealt with.
// Places of an earlier attempt are in the tally too, so it can hold more.
func (s *scrape) waitUntilSaved(found int) (Tally, error) {
	tick := time.NewTicker(s.app.TallyPoll)
	defer tick.Stop()
	for {
		tally, err := s.app.Tally.Tally(s.ctx, s.job.ID())
		if err != nil || tally.Counted() >= found {
			return tally, err
		}
		select {
		case <-s.ctx.Done():
			return tally, fault.Transientf("waiting for %d places to be saved: %w", found-tally.Counted(), context.Cause(s.ctx))
		case <-tick.C:
		}
	}
}

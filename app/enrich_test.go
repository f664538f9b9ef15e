package app_test

import (
	"context"
	"fmt"
	"testing"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

// answers is a provider that says what it is told to.
type answers struct {
	name     string
	findings app.Findings
	err      error
	asked    int
}

func (p *answers) Name() string { return p.name }

func (p *answers) Contacts(context.Context, business.Business) (app.Findings, error) {
	p.asked++
	return p.findings, p.err
}

var mail = []business.Contact{{Kind: business.Email, Value: "info@a.example", Confidence: 80}}

func TestWaterfall(t *testing.T) {
	t.Parallel()
	down := fault.Transientf("website answered 503")
	for _, tt := range []struct {
		name            string
		website, hunter answers
		attempt         int
		kind            fault.Kind
		status          business.EnrichmentStatus
		hunterAsked     int
	}{
		{"website knows", answers{findings: app.Findings{Contacts: mail, Outcome: "found"}}, answers{}, 1, 0, business.Enriched, 0},
		{"hunter on a miss", answers{findings: app.Findings{Outcome: "none"}},
			answers{findings: app.Findings{Contacts: mail, Outcome: "found"}}, 1, 0, business.Enriched, 1},
		{"nobody knows", answers{findings: app.Findings{Outcome: "none"}}, answers{findings: app.Findings{Outcome: "none"}}, 1, 0, business.NoContacts, 1},
		{"website down, hunter knows", answers{findings: app.Findings{Outcome: "error", Again: down}},
			answers{findings: app.Findings{Contacts: mail, Outcome: "found"}}, 1, 0, business.Enriched, 1},
		{"website down, hunter misses: again", answers{findings: app.Findings{Outcome: "error", Again: down}},
			answers{findings: app.Findings{Outcome: "none"}}, 1, fault.Transient, business.Pending, 1},
		{"website down on the last attempt", answers{findings: app.Findings{Outcome: "error", Again: down}},
			answers{findings: app.Findings{Outcome: "none"}}, 3, 0, business.NoContacts, 1},
		{"hunter fails", answers{findings: app.Findings{Outcome: "none"}}, answers{err: fault.Transientf("502")}, 3, fault.Transient, business.Pending, 1},
		{"hunter postpones", answers{findings: app.Findings{Outcome: "none"}}, answers{err: fault.Postpone(noon, "too fast")}, 1,
			fault.Postponed, business.Pending, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.add("a")
			tt.website.name, tt.hunter.name = "website", "hunter"
			a := w.app(t, &tt.website, &tt.hunter)
			_, err := a.EnrichBusiness(t.Context(), attempt(tt.attempt), job.EnrichBusiness{BusinessID: 1})
			if fault.KindOf(err) != tt.kind {
				t.Errorf("error %v", err)
			}
			if b := w.leads[0]; b.EnrichmentStatus != tt.status {
				t.Errorf("status %s, want %s", b.EnrichmentStatus, tt.status)
			}
			if tt.hunter.asked != tt.hunterAsked {
				t.Errorf("hunter asked %d times, want %d", tt.hunter.asked, tt.hunterAsked)
			}
		})
	}
}

func TestEnrichingAnUnknownBusinessIsNotFound(t *testing.T) {
	t.Parallel()
	_, err := newWorld().app(t).EnrichBusiness(t.Context(), attempt(1), job.EnrichBusiness{BusinessID: 9})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("error %v", err)
	}
}

func TestBatchTakesTheOldestThatHaveNoJob(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 6 {
		w.add(fmt.Sprintf("b%d", i))
	}
	w.leads[3].Contacts = mail
	a := w.app(t)
	if _, err := a.QueueEnrichment(t.Context(), job.EnrichBusiness{BusinessID: 2}, app.Origin{}); err != nil {
		t.Fatal(err)
	}
	batch, err := a.QueueEnrichmentBatch(t.Context(), job.EnrichBatch{Count: 3}, app.Origin{})
	if err != nil || batch.Total != 3 {
		t.Fatalf("batch %+v, %v", batch, err)
	}
	for id, priority := range map[int64]job.Priority{1: job.Normal, 2: job.High, 3: job.Normal, 4: job.Low} {
		s := w.jobs[w.unique[fmt.Sprintf("business:%d", id)]].Snapshot()
		if s.Priority != priority || (s.BatchID == batch.ID) != (id != 2) {
			t.Errorf("business %d: priority %s, batch %q", id, s.Priority, s.BatchID)
		}
	}
}

func TestBatchWithNothingPending(t *testing.T) {
	t.Parallel()
	batch, err := newWorld().app(t).QueueEnrichmentBatch(t.Context(), job.EnrichBatch{Count: 10}, app.Origin{})
	if err != nil || batch.Total != 0 || batch.ID != "" {
		t.Errorf("batch %+v, %v", batch, err)
	}
}

func TestBatchDeliveredAgainIsTheSameBatch(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.add("a", "b", "c", "d")
	a := w.app(t)
	for range 2 {
		batch, err := a.QueueEnrichmentBatch(t.Context(), job.EnrichBatch{Count: 2}, app.Origin{JobID: "cmd-1"})
		if err != nil || batch.Total != 2 || batch.ID != "batch-cmd-1" {
			t.Fatalf("batch %+v, %v", batch, err)
		}
	}
	if len(w.jobs) != 2 {
		t.Errorf("%d jobs, want 2", len(w.jobs))
	}
}

func TestJobThatFailedForGoodMarksItsBusiness(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.add("a", "b")
	w.leads[1].EnrichmentStatus = business.Enriched
	a := w.app(t)
	for id, want := range map[int64]business.EnrichmentStatus{1: business.EnrichmentFailed, 2: business.Enriched, 3: {}} {
		err := a.RecordFinishedJob(t.Context(), app.FinishedJob{
			JobID: fmt.Sprint(id), Queue: "enrichment", State: "failed", Data: fmt.Appendf(nil, `{"business_id":%d}`, id),
		})
		if err != nil {
			t.Errorf("business %d: %v", id, err)
		}
		if !want.IsZero() && w.leads[id-1].EnrichmentStatus != want {
			t.Errorf("business %d is %s, want %s", id, w.leads[id-1].EnrichmentStatus, want)
		}
	}
	if len(w.history) != 3 {
		t.Errorf("%d jobs in the history, want 3", len(w.history))
	}
}

// attempt is an enrichment in its n-th of three attempts.
func attempt(n int) job.Job {
	return job.Hydrate(job.Snapshot{ID: "e1", Queue: job.Enrichment, State: job.Active, AttemptsMade: n, Retry: job.RetryPolicy{Attempts: 3}})
}

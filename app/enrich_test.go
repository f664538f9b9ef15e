package app_test

import (
	"context"
	"fmt"
	"slices"
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

func (p *answers) Contacts(context.Context, app.ContactQuery) (app.Findings, error) {
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

// outage is one of some in a row.
type outage int

func (outage) Error() string  { return "503" }
func (o outage) Outages() int { return int(o) }

// TestAttemptIsKeptInAnOutage: a job that failed by itself loses an attempt; one
// that others share an outage with is put off.
func TestAttemptIsKeptInAnOutage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		attempt, outages int
		want             fault.Kind
	}{
		{1, 1, fault.Transient}, // the first of all
		{1, 2, fault.Postponed},
		{2, 2, fault.Transient},
		{2, 9, fault.Postponed},
		{3, 1, fault.Transient}, // the provider answered others in between
		{3, 3, fault.Transient}, // all its own
		{3, 4, fault.Postponed},
	} {
		w := newWorld()
		w.add("a")
		a := w.app(t, &answers{name: "hunter", err: fault.Transientf("asking: %w", outage(row.outages))})
		_, err := a.EnrichBusiness(t.Context(), attempt(row.attempt), job.EnrichBusiness{BusinessID: 1})
		if fault.KindOf(err) != row.want {
			t.Errorf("attempt %d, %d outages in a row: %v", row.attempt, row.outages, err)
		}
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

// TestWhatIsKnownStays: a lead with contacts does not lose its status to an
// enrichment that finds none, or fails.
func TestWhatIsKnownStays(t *testing.T) {
	t.Parallel()
	for _, before := range []business.EnrichmentStatus{business.Pending, business.Enriched, business.NoContacts} {
		w := newWorld()
		w.add("a")
		w.leads[0].EnrichmentStatus, w.leads[0].Contacts = before, mail
		a := w.app(t, &answers{name: "website", findings: app.Findings{Outcome: "none"}})
		if _, err := a.EnrichBusiness(t.Context(), attempt(1), job.EnrichBusiness{BusinessID: 1}); err != nil {
			t.Fatal(err)
		}
		if b := w.leads[0]; b.EnrichmentStatus != business.Enriched || len(b.Contacts) != 1 {
			t.Errorf("%s, nothing found: %s, %v", before, b.EnrichmentStatus, b.Contacts)
		}
		w.leads[0].EnrichmentStatus = before
		failed := app.FinishedJob{JobID: "e1", Queue: "enrichment", State: "failed", Data: []byte(`{"business_id":1}`)}
		if err := a.RecordFinishedJob(t.Context(), failed); err != nil {
			t.Fatal(err)
		}
		if b := w.leads[0]; b.EnrichmentStatus == business.EnrichmentFailed || len(b.Contacts) != 1 {
			t.Errorf("%s, failed: %s, %v", before, b.EnrichmentStatus, b.Contacts)
		}
	}
}

// verifier says what it is told to.
type verifier struct {
	verdict app.Verdict
	err     error
	asked   []string
}

func (*verifier) Name() string { return "verifier" }

func (v *verifier) Verify(_ context.Context, address string, _ bool) (app.Verdict, error) {
	v.asked = append(v.asked, address)
	return v.verdict, v.err
}

// TestBestAddressIsVerified asks for one address of a business, the likeliest.
func TestBestAddressIsVerified(t *testing.T) {
	t.Parallel()
	contact := func(value string, confidence int, verification string) business.Contact {
		return business.Contact{Kind: business.Email, Value: value, Confidence: confidence, Verification: verification}
	}
	phone := business.Contact{Kind: business.Phone, Value: "+17325550100", Confidence: 99}
	for _, tt := range []struct {
		name    string
		found   []business.Contact
		verdict app.Verdict
		asked   int
		kept    []string
	}{
		{"the likeliest", []business.Contact{phone, contact("b@a.example", 50, ""), contact("a@a.example", 90, "")}, app.Verdict{Outcome: "valid", Status: "valid"}, 1,
			[]string{"+17325550100 ", "b@a.example ", "a@a.example valid"}},
		{"no address", []business.Contact{phone}, app.Verdict{}, 0, []string{"+17325550100 "}},
		{"verified before", []business.Contact{contact("a@a.example", 90, "valid")}, app.Verdict{}, 0, []string{"a@a.example valid"}},
		{"not found out", []business.Contact{contact("a@a.example", 90, "")}, app.Verdict{Outcome: "quota_exhausted"}, 1, []string{"a@a.example "}},
		{"objected to", []business.Contact{contact("a@a.example", 90, ""), phone}, app.Verdict{Outcome: "claimed", Claimed: true}, 1, []string{"+17325550100 "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.add("a")
			a, v := w.app(t, &answers{name: "website", findings: app.Findings{Contacts: tt.found}}), &verifier{verdict: tt.verdict}
			a.Verifier = v
			result, err := a.EnrichBusiness(t.Context(), attempt(1), job.EnrichBusiness{BusinessID: 1})
			if err != nil || len(v.asked) != tt.asked || len(result.Providers) != 1+tt.asked || result.Contacts != len(tt.kept) {
				t.Errorf("%+v, %v; asked for %v", result, err, v.asked)
			}
			var kept []string
			for _, c := range w.leads[0].Contacts {
				kept = append(kept, c.Value+" "+c.Verification)
			}
			if !slices.Equal(kept, tt.kept) {
				t.Errorf("kept %q, want %q", kept, tt.kept)
			}
		})
	}
}

func TestCancelBatch(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 500 {
		w.add(fmt.Sprintf("b%d", i))
	}
	a := w.app(t)
	batch, err := a.QueueEnrichmentBatch(t.Context(), job.EnrichBatch{Count: 450}, app.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.QueueEnrichmentBatch(t.Context(), job.EnrichBatch{Count: 10}, app.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	w.finish("id-2")     // before it is asked for
	w.finishing = "id-9" // while the batch is cancelled
	if n, err := a.CancelBatch(t.Context(), batch.ID); err != nil || n != 448 {
		t.Errorf("%d cancelled, %v", n, err)
	}
	if b, _ := w.Batch(t.Context(), batch.ID); !b.Done() || b.Cancelled != 448 {
		t.Errorf("the batch stands at %+v", b)
	}
	if b, _ := w.Batch(t.Context(), other.ID); b.Waiting != 10 {
		t.Errorf("the other batch stands at %+v", b)
	}
	if _, err := a.CancelBatch(t.Context(), batch.ID); !fault.Is(err, fault.Conflict) {
		t.Errorf("again: %v", err)
	}
	if _, err := a.CancelBatch(t.Context(), "batch-gone"); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown: %v", err)
	}
}

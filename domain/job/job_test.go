package job_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"leadstream/domain/fault"
	"leadstream/domain/job"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newJob(t *testing.T) job.Job {
	t.Helper()
	j, err := job.New(job.Spec{
		ID: "j1", Command: job.EnrichBusiness{BusinessID: 7}, Priority: job.High,
		Retry: job.RetryPolicy{Attempts: 3, Backoff: 2 * time.Second}, CreatedAt: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func started(t *testing.T) job.Job {
	t.Helper()
	j := newJob(t)
	if err := j.Start(noon); err != nil {
		t.Fatal(err)
	}
	return j
}

func TestNewJobWaits(t *testing.T) {
	t.Parallel()
	s := newJob(t).Snapshot()
	if s.State != job.Waiting || s.Queue != job.Enrichment || s.Name != "enrich_business" || string(s.Data) != `{"business_id":7}` {
		t.Errorf("unexpected job %+v", s)
	}
	if s.CorrelationID != "j1" {
		t.Errorf("correlation id %q, want the job's own", s.CorrelationID)
	}
}

func TestJobIDs(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"mine": true, "A-1_2:3/4": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "two words": false, "line\n": false, "ümlaut": false,
	} {
		_, err := job.New(job.Spec{ID: id, Command: job.EnrichBusiness{BusinessID: 1}})
		if (err == nil) != ok {
			t.Errorf("id %q: error %v, want accepted %v", id, err, ok)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("id %q: %v is not Invalid", id, err)
		}
	}
}

func TestFailedAttemptsBackOff(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	now := noon
	for attempt, wait := range []time.Duration{2 * time.Second, 4 * time.Second} {
		mustStart(t, &j, now)
		if err := j.Fail(errors.New("no answer"), now); err != nil {
			t.Fatal(err)
		}
		s := j.Snapshot()
		if s.State != job.Delayed || !s.NextAttemptAt.Equal(now.Add(wait)) || s.AttemptsMade != attempt+1 {
			t.Fatalf("after attempt %d: %s, next at %s, %d attempts", attempt+1, s.State, s.NextAttemptAt, s.AttemptsMade)
		}
		now = s.NextAttemptAt
		j = moved(j, job.Waiting)
	}
	mustStart(t, &j, now)
	if err := j.Fail(errors.New("no answer"), now); err != nil {
		t.Fatal(err)
	}
	if s := j.Snapshot(); s.State != job.Failed || s.FailedReason != "no answer" || s.AttemptsMade != 3 {
		t.Errorf("after the last attempt: %+v", s)
	}
}

func TestErrorsThatEndAJobAtOnce(t *testing.T) {
	t.Parallel()
	for _, err := range []error{fault.Invalidf("bad"), fault.NotFoundf("gone"), fault.Conflictf("no")} {
		j := started(t)
		if ferr := j.Fail(err, noon); ferr != nil {
			t.Fatal(ferr)
		}
		if j.State() != job.Failed {
			t.Errorf("%v: job is %s, want failed", err, j.State())
		}
	}
}

func TestPostponedAttemptDoesNotCount(t *testing.T) {
	t.Parallel()
	j := started(t)
	until := noon.Add(time.Minute)
	if err := j.Fail(fault.Postpone(until, "too fast"), noon); err != nil {
		t.Fatal(err)
	}
	s := j.Snapshot()
	if s.State != job.Delayed || s.AttemptsMade != 0 || !s.NextAttemptAt.Equal(until) || s.Progress.Message != "too fast" || s.FailedReason != "" {
		t.Errorf("unexpected job %+v", s)
	}
}

func TestFinishedJobNeverChangesItsResult(t *testing.T) {
	t.Parallel()
	j := started(t)
	if err := j.Complete([]byte(`{"n":1}`), noon); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"complete": func() error { return j.Complete([]byte(`{}`), noon) },
		"fail":     func() error { return j.Fail(errors.New("x"), noon) },
		"cancel":   func() error { return j.Cancel(noon) },
		"start":    func() error { return j.Start(noon) },
		"requeue":  j.Requeue,
	} {
		if err := change(); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s of a completed job: %v, want a conflict", name, err)
		}
	}
	if s := j.Snapshot(); string(s.Result) != `{"n":1}` || s.Progress.Percent != 100 {
		t.Errorf("result %s at %d %%", s.Result, s.Progress.Percent)
	}
}

func TestRequeueStartsAnew(t *testing.T) {
	t.Parallel()
	j := started(t)
	if err := j.Fail(fault.Invalidf("bad"), noon); err != nil {
		t.Fatal(err)
	}
	if err := j.Requeue(); err != nil {
		t.Fatal(err)
	}
	if s := j.Snapshot(); s.State != job.Waiting || s.AttemptsMade != 0 || s.FailedReason != "" || !s.FinishedAt.IsZero() {
		t.Errorf("unexpected job %+v", s)
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	p := job.RetryPolicy{Attempts: 100, Backoff: 5 * time.Second}
	for attempt, want := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 3: 20 * time.Second, 90: time.Hour} {
		if got := p.Delay(attempt); got != want {
			t.Errorf("delay after attempt %d = %s, want %s", attempt, got, want)
		}
	}
}

func TestBatchProgress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		batch    job.Batch
		progress int
		done     bool
	}{
		{job.Batch{Total: 3}, 0, false},
		{job.Batch{Total: 3, Completed: 1}, 33, false},
		{job.Batch{Total: 3, Completed: 1, Failed: 1}, 67, false},
		{job.Batch{Total: 3, Completed: 1, Failed: 1, Cancelled: 1}, 100, true},
		{job.Batch{}, 100, true},
	} {
		if tt.batch.Progress() != tt.progress || tt.batch.Done() != tt.done {
			t.Errorf("%+v: %d %%, done %v", tt.batch, tt.batch.Progress(), tt.batch.Done())
		}
	}
}

func mustStart(t *testing.T, j *job.Job, at time.Time) {
	t.Helper()
	if err := j.Start(at); err != nil {
		t.Fatal(err)
	}
}

// moved is the job as its store would give it back in another state.
func moved(j job.Job, to job.State) job.Job {
	s := j.Snapshot()
	s.State = to
	return job.Hydrate(s)
}

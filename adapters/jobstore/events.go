package jobstore

import (
	"encoding/json"

	"leadstream/adapters/workqueue"
	"leadstream/domain/job"
)

// outcome is the data of "scraping:complete" and its kin, before the result's
// own fields are added.
type outcome struct {
	JobID      string `json:"jobId"`
	BusinessID int64  `json:"businessId,omitempty"`
	Success    bool   `json:"success,omitempty"`
	Error      string `json:"error,omitempty"`
	Attempt    int    `json:"attempt,omitempty"`
	WillRetry  *bool  `json:"willRetry,omitempty"`
}

// Events gives the events that go with a change of a job's state, beside
// job:updated: what the dashboards of scraping and enrichment listen to.
func Events(r workqueue.Record, s workqueue.Settlement) []workqueue.Event {
	o := outcome{JobID: r.ID, BusinessID: businessID(r)}
	switch {
	case s.State == workqueue.StateCompleted:
		o.Success = true
		return []workqueue.Event{event(r, "complete", merge(s.Result, o))}
	case s.State == workqueue.StateCancelled:
		return []workqueue.Event{event(r, "cancelled", outcome{JobID: r.ID})}
	case s.State == workqueue.StateFailed, s.State == workqueue.StateDelayed && !s.Free:
		willRetry := s.State == workqueue.StateDelayed
		o.Error, o.Attempt, o.WillRetry = s.Reason, r.Attempts, &willRetry
		return []workqueue.Event{event(r, "failed", o)}
	default:
		return nil
	}
}

// progressEvent tells how far a job is.
func progressEvent(r workqueue.Record, p job.Progress) workqueue.Event {
	return event(r, "progress", struct {
		JobID      string `json:"jobId"`
		BusinessID int64  `json:"businessId,omitempty"`
		Progress   int    `json:"progress"`
		Message    string `json:"message"`
	}{r.ID, businessID(r), p.Percent, p.Message})
}

func event(r workqueue.Record, kind string, data any) workqueue.Event {
	raw, err := json.Marshal(data)
	if err != nil { // only invalid stored results can cause it; the job's end must not be lost over them
		raw, _ = json.Marshal(outcome{JobID: r.ID})
	}
	return workqueue.Event{Type: r.Topic + ":" + kind, Data: raw}
}

// merge lays the fields of o over those of a result.
func merge(result json.RawMessage, o outcome) map[string]any {
	merged := map[string]any{}
	if len(result) > 0 {
		_ = json.Unmarshal(result, &merged) // a result that is no object adds no fields
	}
	merged["jobId"], merged["success"] = o.JobID, o.Success
	if o.BusinessID != 0 {
		merged["businessId"] = o.BusinessID
	}
	return merged
}

func businessID(r workqueue.Record) int64 {
	if r.Topic != job.Enrichment.String() {
		return 0
	}
	var payload struct {
		BusinessID int64 `json:"business_id"`
	}
	_ = json.Unmarshal(r.Payload, &payload) // a payload without one names none
	return payload.BusinessID
}

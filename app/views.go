package app

import (
	"encoding/json"
	"strings"
	"time"

	"leadstream/domain/business"
	"leadstream/domain/job"
)

// TimeLayout is how every time is written: RFC 3339 in UTC with milliseconds.
const TimeLayout = "2006-01-02T15:04:05.000Z07:00"

// JobView is a job as every reader outside is shown it: over HTTP, over
// WebSocket and on the event stream.
type JobView struct {
	JobID           string          `json:"jobId" doc:"Names the job"`
	Queue           string          `json:"queue" enum:"scraping,enrichment"`
	Name            string          `json:"name" doc:"The command's wire name" example:"scrape_businesses"`
	Status          string          `json:"status" enum:"waiting,delayed,active,completed,failed,cancelled"`
	Progress        int             `json:"progress" minimum:"0" maximum:"100"`
	ProgressMessage string          `json:"progressMessage"`
	Data            json.RawMessage `json:"data" doc:"The command's payload"`
	Result          json.RawMessage `json:"result,omitempty" doc:"What a finished job achieved"`
	FailedReason    string          `json:"failedReason,omitempty"`
	AttemptsMade    int             `json:"attemptsMade" doc:"Started attempts"`
	MaxAttempts     int             `json:"maxAttempts"`
	Priority        string          `json:"priority" enum:"high,normal,low"`
	BatchID         string          `json:"batchId,omitempty"`
	ParentJobID     string          `json:"parentJobId,omitempty" doc:"The scrape that led to this enrichment"`
	CreatedAt       string          `json:"createdAt" format:"date-time"`
	StartedAt       string          `json:"startedAt,omitempty" format:"date-time" doc:"Start of the newest attempt"`
	FinishedAt      string          `json:"finishedAt,omitempty" format:"date-time"`
	NextAttemptAt   string          `json:"nextAttemptAt,omitempty" format:"date-time" doc:"When a delayed job is due"`
	DurationMS      *int64          `json:"durationMs,omitempty" doc:"From start to finish of the last attempt, in milliseconds"`
}

// ViewJob shows a job.
func ViewJob(j job.Job) JobView {
	s := j.Snapshot()
	v := JobView{
		JobID: s.ID, Queue: s.Queue.String(), Name: s.Name, Status: s.State.String(),
		Progress: s.Progress.Percent, ProgressMessage: s.Progress.Message, Data: s.Data, Result: s.Result,
		FailedReason: s.FailedReason, AttemptsMade: s.AttemptsMade, MaxAttempts: s.Retry.Attempts,
		Priority: s.Priority.String(), BatchID: s.BatchID, ParentJobID: s.ParentID,
		CreatedAt: ViewTime(s.CreatedAt), StartedAt: ViewTime(s.StartedAt), FinishedAt: ViewTime(s.FinishedAt),
		NextAttemptAt: ViewTime(s.NextAttemptAt),
	}
	if !s.StartedAt.IsZero() && !s.FinishedAt.IsZero() {
		ms := s.FinishedAt.Sub(s.StartedAt).Milliseconds()
		v.DurationMS = &ms
	}
	return v
}

// ViewTime writes a time; the zero time is empty.
func ViewTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}

// BatchView is a batch as readers outside are shown it.
type BatchView struct {
	BatchID   string `json:"batchId"`
	Status    string `json:"status" enum:"processing,completed"`
	Total     int    `json:"total"`
	Completed int    `json:"completed"`
	Failed    int    `json:"failed"`
	Cancelled int    `json:"cancelled"`
	Active    int    `json:"active"`
	Waiting   int    `json:"waiting"`
	Delayed   int    `json:"delayed"`
	Progress  int    `json:"progress" minimum:"0" maximum:"100" doc:"Finished share in whole percent"`
}

// ViewBatch shows a batch.
func ViewBatch(b job.Batch) BatchView {
	status := "processing"
	if b.Done() {
		status = "completed"
	}
	return BatchView{b.ID, status, b.Total, b.Completed, b.Failed, b.Cancelled, b.Active, b.Waiting, b.Delayed, b.Progress()}
}

// QueueView is a queue as readers outside are shown it.
type QueueView struct {
	Name                 string    `json:"name" enum:"scraping,enrichment"`
	Paused               bool      `json:"paused"`
	Waiting              int       `json:"waiting"`
	Active               int       `json:"active"`
	Delayed              int       `json:"delayed"`
	Completed            int       `json:"completed" doc:"Still kept"`
	Failed               int       `json:"failed" doc:"Still kept"`
	Concurrency          int       `json:"concurrency" doc:"Job slots over all live workers"`
	Rate                 *RateView `json:"rate,omitempty"`
	Workers              int       `json:"workers" doc:"Live worker processes"`
	OldestWaitingSeconds float64   `json:"oldestWaitingSeconds"`
	FailureRate          float64   `json:"failureRate" doc:"Failed of the finished jobs still kept, 0 to 1"`
}

// RateView is a throttle as readers outside are shown it.
type RateView struct {
	Limit         int `json:"limit"`
	WindowSeconds int `json:"windowSeconds"`
	UsedInWindow  int `json:"usedInWindow"`
}

// ViewQueue shows a queue.
func ViewQueue(q QueueStatus) QueueView {
	return QueueView{
		q.Name, q.Paused, q.Waiting, q.Active, q.Delayed, q.Completed, q.Failed, q.Concurrency, ViewRate(q.Rate),
		q.Workers, q.OldestWaitingSeconds, q.FailureRate,
	}
}

// ViewRate shows a throttle; nil where there is none.
func ViewRate(r *Rate) *RateView {
	if r == nil {
		return nil
	}
	return &RateView{r.Limit, int(r.Window.Seconds()), r.UsedInWindow}
}

// BusinessView is a lead as readers outside are shown it: what is not known is null.
type BusinessView struct {
	ID               int64          `json:"id"`
	Name             string         `json:"name"`
	Address          *string        `json:"address"`
	Street           *string        `json:"street"`
	City             *string        `json:"city"`
	State            *string        `json:"state"`
	PostalCode       *string        `json:"postal_code"`
	Country          *string        `json:"country"`
	Phone            *string        `json:"phone" doc:"E.164 where it could be understood"`
	PhoneNational    *string        `json:"phone_national" doc:"The same number as it is written within its country"`
	Website          *string        `json:"website"`
	Category         *string        `json:"category"`
	Categories       []string       `json:"categories"`
	Rating           *float64       `json:"rating"`
	ReviewsCount     *int           `json:"reviews_count"`
	Price            *string        `json:"price"`
	OpeningHours     []DayHoursView `json:"opening_hours"`
	Latitude         *float64       `json:"latitude"`
	Longitude        *float64       `json:"longitude"`
	PlaceID          *string        `json:"place_id"`
	CID              *string        `json:"cid"`
	GoogleMapsURL    *string        `json:"google_maps_url"`
	OSMURL           *string        `json:"osm_url" doc:"Its page at OpenStreetMap" example:"https://www.openstreetmap.org/node/1"`
	Attribution      *string        `json:"attribution" doc:"Whom to name wherever the lead is shown, by its source's licence" example:"© OpenStreetMap contributors"`
	BusinessType     *string        `json:"business_type" doc:"What was searched for when it was found"`
	Status           string         `json:"status" enum:"open,permanently_closed,temporarily_closed"`
	EnrichmentStatus string         `json:"enrichment_status" enum:"pending,enriched,no_contacts,failed"`
	Contacts         []ContactView  `json:"contacts"`
	FirstSeenJob     *string        `json:"first_seen_job"`
	Notes            *string        `json:"notes"`
	Tags             []string       `json:"tags"`
	CreatedAt        string         `json:"created_at" format:"date-time"`
	UpdatedAt        string         `json:"updated_at" format:"date-time"`
}

// DayHoursView is one day's opening hours.
type DayHoursView struct {
	Day   string   `json:"day"`
	Hours []string `json:"hours" doc:"In the source's own words"`
	// Weekday and Periods are what a machine can make of Day and Hours.
	Weekday *string      `json:"weekday" doc:"sunday to saturday; null where the source's word for the day is not known" example:"monday"`
	Periods []PeriodView `json:"periods" nullable:"true" doc:"When it is open: none on a day when it is closed; null where the hours are not understood"`
}

// PeriodView is a time without a break in which a business is open.
type PeriodView struct {
	Opens  string `json:"opens" doc:"On a clock of 24 hours" example:"08:00"`
	Closes string `json:"closes" doc:"Up to 24:00; what is before opens is on the next day" example:"18:00"`
}

// ContactView is one way to reach a business, with where it was found.
type ContactView struct {
	ID           int64  `json:"id"`
	Kind         string `json:"kind" enum:"email,phone,social"`
	Value        string `json:"value"`
	Name         string `json:"name,omitempty"`
	Position     string `json:"position,omitempty"`
	Role         string `json:"role" enum:"generic,personal"`
	Confidence   int    `json:"confidence" minimum:"0" maximum:"100"`
	Provider     string `json:"provider"`
	SourceURL    string `json:"source_url,omitempty"`
	Verification string `json:"verification,omitempty"`
}

// ViewBusiness shows a lead.
func ViewBusiness(b business.Business) BusinessView {
	p := b.Place
	v := BusinessView{
		ID: b.ID, Name: p.Name, Address: known(p.Address), Street: known(p.Street), City: known(p.City),
		State: known(p.State), PostalCode: known(p.PostalCode), Country: known(p.Country), Phone: known(p.Phone), PhoneNational: known(p.PhoneNational),
		Website: known(p.Website), Category: known(p.Category), Categories: list(p.Categories), Rating: p.Rating,
		ReviewsCount: p.ReviewsCount, Price: known(p.Price), OpeningHours: []DayHoursView{}, Latitude: p.Latitude,
		Longitude: p.Longitude, PlaceID: known(p.PlaceID), CID: known(p.CID), GoogleMapsURL: known(p.MapURL),
		OSMURL: osmURL(p.OSMID), Attribution: known(p.Attribution),
		BusinessType: known(b.BusinessType), Status: p.Status, EnrichmentStatus: b.EnrichmentStatus.String(),
		Contacts: []ContactView{}, FirstSeenJob: known(b.FirstSeenJob), Notes: known(b.Notes), Tags: list(b.Tags),
		CreatedAt: ViewTime(b.CreatedAt), UpdatedAt: ViewTime(b.UpdatedAt),
	}
	if v.Status == "" {
		v.Status = business.Open
	}
	for _, d := range p.OpeningHours {
		v.OpeningHours = append(v.OpeningHours, viewDayHours(d))
	}
	for _, c := range b.Contacts {
		v.Contacts = append(v.Contacts, viewContact(c))
	}
	return v
}

func viewDayHours(d business.DayHours) DayHoursView {
	v := DayHoursView{Day: d.Day, Hours: list(d.Hours)}
	if day, names := d.Weekday(); names {
		v.Weekday = known(strings.ToLower(day.String()))
	}
	periods, understood := d.Periods()
	if !understood {
		return v
	}
	v.Periods = make([]PeriodView, len(periods))
	for i, p := range periods {
		v.Periods[i] = PeriodView{p.Opens.String(), p.Closes.String()}
	}
	return v
}

func viewContact(c business.Contact) ContactView {
	return ContactView{c.ID, c.Kind.String(), c.Value, c.Name, c.Position, c.Role(), c.Confidence, c.Provider, c.SourceURL, c.Verification}
}

func osmURL(id string) *string {
	if id == "" {
		return nil
	}
	return known("https://www.openstreetmap.org/" + id)
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

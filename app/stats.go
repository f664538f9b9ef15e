package app

import (
	"context"
	"time"

	"leadstream/domain/business"
	"leadstream/domain/job"
)

// throughputWindow is over how long throughput is taken.
const throughputWindow = time.Hour

// Counts tells how much there is in the database.
type Counts interface {
	// Count counts all, and what came or ended since each of the two times.
	Count(ctx context.Context, today, lately time.Time) (Totals, error)
}

// Totals is how much there is in the database.
type Totals struct {
	Businesses       map[string]int // by enrichment status
	BusinessesToday  int
	BusinessesLately int
	EnrichedToday    int // businesses that got a contact today
	Contacts         int
	ContactsToday    int
	JobsToday        map[string]int // finished runs by state
	JobsLately       int
}

// StatsView is how the whole service does, as readers outside are shown it.
type StatsView struct {
	Businesses BusinessStats   `json:"businesses"`
	Contacts   ContactStats    `json:"contacts"`
	Jobs       JobStats        `json:"jobs"`
	Throughput ThroughputStats `json:"throughput"`
	Today      TodayStats      `json:"today"`
}

// BusinessStats counts leads by what is known of their contacts.
type BusinessStats struct {
	Total      int `json:"total"`
	Pending    int `json:"pending"`
	Enriched   int `json:"enriched"`
	NoContacts int `json:"noContacts"`
	Failed     int `json:"failed"`
}

// ContactStats counts contacts.
type ContactStats struct {
	Total int `json:"total"`
}

// JobStats counts the jobs that the queues hold, over both.
type JobStats struct {
	Waiting   int `json:"waiting"`
	Delayed   int `json:"delayed"`
	Active    int `json:"active"`
	Completed int `json:"completed" doc:"Still kept"`
	Failed    int `json:"failed" doc:"Still kept"`
	Cancelled int `json:"cancelled" doc:"Still kept"`
}

// TodayStats counts since midnight, UTC.
type TodayStats struct {
	Since         string `json:"since" format:"date-time" doc:"Midnight, UTC"`
	Businesses    int    `json:"businesses" doc:"Found for the first time"`
	Enriched      int    `json:"enriched" doc:"That got a contact"`
	Contacts      int    `json:"contacts"`
	JobsCompleted int    `json:"jobsCompleted"`
	JobsFailed    int    `json:"jobsFailed"`
	JobsCancelled int    `json:"jobsCancelled"`
}

// ThroughputStats counts over a sliding window.
type ThroughputStats struct {
	WindowSeconds int     `json:"windowSeconds"`
	Jobs          int     `json:"jobs" doc:"Finished"`
	Businesses    int     `json:"businesses" doc:"Found for the first time"`
	JobsPerMinute float64 `json:"jobsPerMinute"`
}

// Stats tells how the whole service does.
func (a *App) Stats(ctx context.Context) (StatsView, error) {
	now := a.Now().UTC()
	today := now.Truncate(24 * time.Hour)
	totals, err := a.Counts.Count(ctx, today, now.Add(-throughputWindow))
	if err != nil {
		return StatsView{}, err
	}
	jobs, err := a.jobStats(ctx)
	if err != nil {
		return StatsView{}, err
	}
	view := StatsView{Jobs: jobs, Contacts: ContactStats{totals.Contacts}}
	view.Businesses = BusinessStats{
		Pending: totals.Businesses[business.Pending.String()], Enriched: totals.Businesses[business.Enriched.String()],
		NoContacts: totals.Businesses[business.NoContacts.String()], Failed: totals.Businesses[business.EnrichmentFailed.String()],
	}
	for _, n := range totals.Businesses {
		view.Businesses.Total += n
	}
	view.Today = TodayStats{
		ViewTime(today), totals.BusinessesToday, totals.EnrichedToday, totals.ContactsToday,
		totals.JobsToday[job.Completed.String()], totals.JobsToday[job.Failed.String()], totals.JobsToday[job.Cancelled.String()],
	}
	view.Throughput = ThroughputStats{
		int(throughputWindow.Seconds()), totals.JobsLately, totals.BusinessesLately, float64(totals.JobsLately) / throughputWindow.Minutes(),
	}
	return view, nil
}

func (a *App) jobStats(ctx context.Context) (JobStats, error) {
	queues, err := a.Steering.Queues(ctx)
	if err != nil {
		return JobStats{}, err
	}
	var s JobStats
	for _, q := range queues {
		s.Waiting += q.Waiting
		s.Delayed += q.Delayed
		s.Active += q.Active
		s.Completed += q.Completed
		s.Failed += q.Failed
		s.Cancelled += q.Cancelled
	}
	return s, nil
}

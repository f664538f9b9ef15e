// Package app is everything Leadstream can do, one use case a file:
//
//	requests that become jobs   QueueScrape, QueueEnrichment, QueueEnrichmentBatch
//	taking them back            CancelBatch
//	what workers do             ScrapeBusinesses, EnrichBusiness
//	what events lead to         SaveFoundBusiness, RecordFinishedJob
//	steering jobs and queues    CancelJob, RetryJob, RetryFailedJobs, PauseQueue, ResumeQueue
//	the poison queue            Poison, PoisonEntry, RequeuePoison, RequeueAllPoison, DiscardPoison
//	reading                     Job, Jobs, JobLogs, Batch, Queues, Businesses, Business, EnrichmentQuota, Stats, Health
//	exporting                   ExportBusinesses
//	watching                    CheckAlerts
//	keeping leads               AnnotateBusiness, DeleteBusiness
//
// It knows the domain and the small interfaces of needs.go, nothing else.
package app

import (
	"time"

	"leadstream/domain/job"
)

// App runs the use cases on what it was given.
type App struct{ Needs }

// Needs is what the use cases require of the outside.
type Needs struct {
	Queue     JobQueue
	Reader    JobReader
	Control   JobControl
	Reporter  JobReporter
	Tally     PlaceTally
	Steering  QueueControl
	Dead      PoisonQueue
	Events    Events
	Leads     Businesses
	History   JobHistory
	Export    LeadExport
	Counts    Counts
	Outcomes  JobOutcomes
	Alerts    AlertBook
	Tellers   []AlertTeller
	Requests  RequestMemory     // nil remembers none
	Sources   map[string]Source // by the name a request may choose
	Providers []ContactProvider // asked in order, the next only on a miss
	Verifier  AddressVerifier   // of the best address found; nil verifies none
	Monitors  []ProviderMonitor
	QuotaOf   QuotaReader
	Checks    []HealthCheck
	Warnings  []string // told to whoever asks for the health
	Now       Clock
	NewID     IDs
	Policies  map[job.Queue]job.RetryPolicy
	// DefaultSource is the source of a request that names none.
	DefaultSource string
	// TallyPoll is how often a scrape looks whether its places are saved; default 50 ms.
	TallyPoll time.Duration
}

// New makes the application.
func New(needs Needs) *App {
	if needs.TallyPoll == 0 {
		needs.TallyPoll = 50 * time.Millisecond
	}
	return &App{Needs: needs}
}

// Origin is where a request came from and how its job is to be known.
type Origin struct {
	JobID         string // chosen by the caller; empty lets the app choose
	ParentID      string // the job this one follows from
	CorrelationID string
	TraceParent   string
}

func (a *App) jobID(o Origin) string {
	if o.JobID != "" {
		return o.JobID
	}
	return a.NewID()
}

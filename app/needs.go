package app

import (
	"context"
	"encoding/json"
	"time"

	"leadstream/domain/business"
	"leadstream/domain/job"
)

// JobQueue accepts jobs.
type JobQueue interface {
	// Enqueue accepts all jobs or none, in one atomic step. A job whose id is
	// taken, or whose unique key an unfinished job holds, is not accepted
	// again: its Enqueued names the job that stands already.
	Enqueue(ctx context.Context, jobs ...job.Job) ([]Enqueued, error)
	// Unqueued filters unique keys down to those no unfinished job holds.
	Unqueued(ctx context.Context, queue job.Queue, keys []string) ([]string, error)
}

// Enqueued is what became of one job that was offered to a queue.
type Enqueued struct {
	JobID string
	New   bool
}

// JobReader answers what is known of jobs. Unknown ids are NotFound.
type JobReader interface {
	Job(ctx context.Context, id string) (job.Job, error)
	Jobs(ctx context.Context, filter JobFilter) (JobPage, error)
	JobLogs(ctx context.Context, id string, limit int, cursor string) (LogPage, error)
	Batch(ctx context.Context, id string) (job.Batch, error)
}

// JobControl changes jobs at a person's wish. Unknown ids are NotFound, a
// state that forbids the wish is Conflict.
type JobControl interface {
	CancelJob(ctx context.Context, id string) error
	RetryJob(ctx context.Context, id string) error
	// RetryFailed lets every failed job of a queue (all queues when zero) run again and says how many.
	RetryFailed(ctx context.Context, queue job.Queue) (int, error)
}

// JobReporter tells the world how a running job gets on.
type JobReporter interface {
	Report(ctx context.Context, j job.Job, progress job.Progress) error
	Log(ctx context.Context, j job.Job, level, message string) error
}

// PlaceTally counts what became of the places a scrape found, each once
// however often its event is delivered.
type PlaceTally interface {
	CountPlace(ctx context.Context, jobID, placeKey string, outcome PlaceOutcome) error
	Tally(ctx context.Context, jobID string) (Tally, error)
}

// QueueControl shows and steers whole queues.
type QueueControl interface {
	Queues(ctx context.Context) ([]QueueStatus, error)
	SetPaused(ctx context.Context, queue job.Queue, paused bool) error
}

// PoisonQueue holds what failed for good or never was a valid command. Queue
// names are "commands" and the names of job.Queues.
type PoisonQueue interface {
	Poison(ctx context.Context, filter PoisonFilter) (PoisonPage, error)
	PoisonEntry(ctx context.Context, id string) (PoisonEntry, error)
	RequeuePoison(ctx context.Context, id string) error
	RequeueAllPoison(ctx context.Context, queue string) (int, error)
	DiscardPoison(ctx context.Context, id string) error
}

// Events publishes what happened to businesses.
type Events interface {
	PublishFound(ctx context.Context, found business.Found) error
	PublishBusiness(ctx context.Context, eventType string, b business.Business) error
}

// Businesses is the database of leads. Unknown ids are NotFound.
type Businesses interface {
	// SaveFound keeps a found place once: a known one is completed with what
	// it lacked and created is false.
	SaveFound(ctx context.Context, found business.Found) (saved business.Business, created bool, err error)
	Business(ctx context.Context, id int64) (business.Business, error)
	List(ctx context.Context, filter BusinessFilter) (BusinessPage, error)
	// PendingEnrichment lists businesses nobody has looked for contacts of,
	// oldest first, from after the given id.
	PendingEnrichment(ctx context.Context, afterID int64, limit int) ([]business.Business, error)
	// SaveEnrichment sets the status and adds the contacts; a contact that is
	// known already is one row.
	SaveEnrichment(ctx context.Context, id int64, status business.EnrichmentStatus, contacts []business.Contact) (business.Business, error)
	Annotate(ctx context.Context, id int64, a Annotation) (business.Business, error)
	Delete(ctx context.Context, id int64) error
}

// JobHistory keeps finished jobs for good.
type JobHistory interface {
	// RecordJob keeps one run of a finished job; the same run twice is one row.
	RecordJob(ctx context.Context, j FinishedJob) error
}

// Source finds businesses somewhere.
type Source interface {
	// Search tells see of each place as it is found, until q.MaxResults or
	// the source has no more. An error after some places means the list is
	// not complete.
	Search(ctx context.Context, q SearchQuery, see Sightings) error
}

// UsableSource is a Source that knows beforehand whether it can work at all:
// one that lacks its key says so before a job is made.
type UsableSource interface {
	Source
	// Usable is Invalid, with the setting to mend, when no search can succeed.
	Usable() error
}

// Sightings hears of a running search.
type Sightings interface {
	Reached(step SearchStep)
	Found(p business.Place) error // an error ends the search
	Note(level, message string)   // for the job's log: "info", "warn" or "error"
}

// ContactProvider finds contacts of a business.
type ContactProvider interface {
	Name() string
	// Contacts answers what was found. An error fails the attempt (Transient)
	// or postpones it (Postponed).
	Contacts(ctx context.Context, q ContactQuery) (Findings, error)
}

// AddressVerifier asks whether a mailbox takes mail.
type AddressVerifier interface {
	Name() string
	// Verify never fails an enrichment: what keeps it from an answer is the
	// verdict's outcome. Its error is ctx's own.
	Verify(ctx context.Context, address string, force bool) (Verdict, error)
}

// ProviderMonitor tells how a contact provider gets on, over all processes.
type ProviderMonitor interface {
	ProviderState(ctx context.Context) (ProviderState, error)
}

// QuotaReader tells how much of a paid provider's month is used.
type QuotaReader interface {
	Quota(ctx context.Context) (Quota, error)
}

// HealthCheck tests one thing the service cannot work without.
type HealthCheck struct {
	Name  string
	Check func(ctx context.Context) error
}

// Clock tells the time.
type Clock func() time.Time

// IDs makes ids that no one else makes, later ones sorting later.
type IDs func() string

// SearchQuery is what a source is asked for.
type SearchQuery struct {
	BusinessType string
	Location     string
	RadiusKM     float64
	MaxResults   int
	Details      bool // look closer at places that lack a website or phone
}

// SearchStep is a milestone every search passes.
type SearchStep int

// The milestones, in order.
const (
	SearchReady   SearchStep = iota // the browser or client is up
	SearchStarted                   // the results are open
)

// ContactQuery is what a contact provider is asked.
type ContactQuery struct {
	Business business.Business
	Force    bool // ask anew, though an answer about the domain is kept
}

// Verdict is what a verifier has to say of an address.
type Verdict struct {
	Outcome string // what it found, or why it has nothing to say
	Status  string // for Contact.Verification; empty when nothing was found out
	Claimed bool   // its owner has objected: the address must not be kept
}

// ProviderState is how a contact provider stands, over all processes.
type ProviderState struct {
	Provider string
	Breaker  string    // "closed", "half_open" or "open"
	Until    time.Time // when an open breaker lets a request through
	Warning  string    // what a person has to mend, such as a refused key; empty when nothing
}

// Findings is what a provider has to say of a business.
type Findings struct {
	Contacts []business.Contact
	Outcome  string // "found", "none", or why nothing could be found
	// Again is why another attempt may find more, when the provider's own
	// fault does not deserve to fail the job: a business's website being down.
	Again error
}

// PlaceOutcome is what became of a found place.
type PlaceOutcome string

// The outcomes of a found place.
const (
	PlaceSaved   PlaceOutcome = "saved"
	PlaceSkipped PlaceOutcome = "skipped" // was known already
	PlaceInvalid PlaceOutcome = "invalid"
)

// Tally is how many places of a scrape came to which end.
type Tally struct{ Saved, Skipped, Invalid int }

// Counted is how many places have come to an end.
func (t Tally) Counted() int { return t.Saved + t.Skipped + t.Invalid }

// JobFilter selects jobs; zero fields do not restrict.
type JobFilter struct {
	Queue   job.Queue
	State   job.State
	BatchID string
	Limit   int
	Cursor  string
}

// JobPage is one page of jobs, newest first (by finish for failed ones).
type JobPage struct {
	Jobs       []job.Job
	Total      int
	NextCursor string
}

// LogLine is one line of a job's log.
type LogLine struct {
	Timestamp time.Time
	Level     string
	Message   string
}

// LogPage is one page of a job's log, oldest first.
type LogPage struct {
	Lines      []LogLine
	Total      int
	NextCursor string
}

// QueueStatus is how a queue stands.
type QueueStatus struct {
	Name                 string
	Paused               bool
	Waiting              int
	Active               int
	Delayed              int
	Completed            int
	Failed               int
	Cancelled            int
	Concurrency          int // job slots over all live workers
	Rate                 *Rate
	Workers              int // live worker processes
	OldestWaitingSeconds float64
	FailureRate          float64 // failed of the finished jobs still kept, 0 to 1
}

// Rate is a limit of starts in a sliding window.
type Rate struct {
	Limit        int
	Window       time.Duration
	UsedInWindow int
}

// PoisonFilter selects poison entries; an empty queue is all.
type PoisonFilter struct {
	Queue  string
	Limit  int
	Cursor string
}

// PoisonPage is one page of poison entries, newest first.
type PoisonPage struct {
	Entries    []PoisonEntry
	Total      int
	NextCursor string
}

// PoisonEntry is a message that was given up.
type PoisonEntry struct {
	ID       string
	Queue    string
	JobID    string
	Name     string
	Payload  string
	Reason   string
	Handler  string
	Attempts int
	At       time.Time
	Metadata map[string]string
}

// BusinessFilter selects businesses; zero fields do not restrict.
type BusinessFilter struct {
	Text             string // part of name, address or category
	City             string
	BusinessType     string
	EnrichmentStatus business.EnrichmentStatus
	JobID            string
	HasEmail         bool
	HasPhone         bool
	HasWebsite       bool
	Sort             string // "created_at", "name", "rating", each also with a leading "-"; default "-created_at"
	Limit            int
	Cursor           string
}

// BusinessPage is one page of businesses.
type BusinessPage struct {
	Businesses []business.Business
	Total      int
	NextCursor string
}

// Annotation is what people add to a lead; nil leaves as it is.
type Annotation struct {
	Notes *string
	Tags  *[]string
}

// FinishedJob is a job's last word for the history.
type FinishedJob struct {
	JobID        string
	Queue        string
	Name         string
	State        string
	Data         json.RawMessage
	Result       json.RawMessage
	FailedReason string
	AttemptsMade int
	CreatedAt    time.Time
	FinishedAt   time.Time
}

// Quota is the state of a paid provider's month.
type Quota struct {
	Provider string
	Month    string // 2026-11
	Used     int
	Limit    int
	ResetsAt time.Time
}

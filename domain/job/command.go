package job

import (
	"fmt"
	"math"
	"strings"

	"leadstream/domain/fault"
)

// Bounds and defaults of the commands, as the API documents them.
const (
	DefaultRadiusKM   = 1.0
	MaxRadiusKM       = 50.0
	DefaultMaxResults = 50
	MaxMaxResults     = 500
	DefaultBatchCount = 10
	MaxBatchCount     = 1000
	maxTextLength     = 200
)

// Wire names of the commands; a version may follow, as in "scrape_businesses.v1".
const (
	ScrapeBusinessesName = "scrape_businesses"
	EnrichBusinessName   = "enrich_business"
	EnrichBatchName      = "enrich_batch"
	CancelJobName        = "cancel_job"
	RetryJobName         = "retry_job"
)

// Command is a request that runs as a job.
type Command interface {
	Name() string
	Queue() Queue
}

// ScrapeBusinesses asks for the businesses of a kind around a place.
type ScrapeBusinesses struct {
	Location     string
	BusinessType string // empty finds any business
	RadiusKM     float64
	MaxResults   int
	Enrich       bool // look for the contacts of each new business afterwards
	Priority     Priority
	Source       string // empty is the configured one
	Details      bool   // open the page of each place that lacks its website or phone
}

// Name is the command's wire name.
func (ScrapeBusinesses) Name() string { return ScrapeBusinessesName }

// Queue is where the command runs.
func (ScrapeBusinesses) Queue() Queue { return Scraping }

// NewScrapeBusinesses is a command with every default in place.
func NewScrapeBusinesses(location string) ScrapeBusinesses {
	return ScrapeBusinesses{Location: location, RadiusKM: DefaultRadiusKM, MaxResults: DefaultMaxResults, Enrich: true, Priority: Normal}
}

// Validate reports every faulty field at once.
func (c ScrapeBusinesses) Validate() error {
	var faults []fault.Field
	add := func(location, message string, value any) {
		faults = append(faults, fault.Field{Location: location, Message: message, Value: value})
	}
	if strings.TrimSpace(c.Location) == "" {
		add("location", "must not be empty", c.Location)
	}
	if len(c.Location) > maxTextLength {
		add("location", fmt.Sprintf("must have at most %d bytes", maxTextLength), c.Location)
	}
	if len(c.BusinessType) > maxTextLength {
		add("business_type", fmt.Sprintf("must have at most %d bytes", maxTextLength), c.BusinessType)
	}
	if !(c.RadiusKM > 0 && c.RadiusKM <= MaxRadiusKM) || math.IsNaN(c.RadiusKM) {
		add("radius", fmt.Sprintf("must be above 0 and at most %g km", MaxRadiusKM), c.RadiusKM)
	}
	if c.MaxResults < 1 || c.MaxResults > MaxMaxResults {
		add("max_results", fmt.Sprintf("must be 1 to %d", MaxMaxResults), c.MaxResults)
	}
	return invalid(faults)
}

// EnrichBusiness asks for the contacts of one known business.
type EnrichBusiness struct {
	BusinessID int64
	Force      bool // ask anew, though answers about the domain are kept
}

// Name is the command's wire name.
func (EnrichBusiness) Name() string { return EnrichBusinessName }

// Queue is where the command runs.
func (EnrichBusiness) Queue() Queue { return Enrichment }

// UniqueKey keeps a business from standing in the queue twice.
func (c EnrichBusiness) UniqueKey() string { return fmt.Sprintf("business:%d", c.BusinessID) }

// Validate reports every faulty field at once.
func (c EnrichBusiness) Validate() error {
	if c.BusinessID < 1 {
		return fault.NewInvalid(fault.Field{Location: "business_id", Message: "must be at least 1", Value: c.BusinessID})
	}
	return nil
}

// EnrichBatch asks for the contacts of the oldest businesses that have none looked for yet.
type EnrichBatch struct {
	Count int
}

// Validate reports every faulty field at once.
func (c EnrichBatch) Validate() error {
	if c.Count < 1 || c.Count > MaxBatchCount {
		return fault.NewInvalid(fault.Field{Location: "count", Message: fmt.Sprintf("must be 1 to %d", MaxBatchCount), Value: c.Count})
	}
	return nil
}

// CancelJob asks that a job stop, or not start at all.
type CancelJob struct{ JobID string }

// RetryJob asks that a failed or cancelled job run again.
type RetryJob struct{ JobID string }

// Validate reports every faulty field at once.
func (c CancelJob) Validate() error { return requireJobID(c.JobID) }

// Validate reports every faulty field at once.
func (c RetryJob) Validate() error { return requireJobID(c.JobID) }

func requireJobID(id string) error {
	if id == "" {
		return fault.NewInvalid(fault.Field{Location: "job_id", Message: "must not be empty", Value: id})
	}
	return nil
}

func invalid(faults []fault.Field) error {
	if len(faults) == 0 {
		return nil
	}
	return fault.NewInvalid(faults...)
}

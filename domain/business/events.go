package business

import (
	"time"

	"leadstream/domain/fault"
)

// Wire names of the business events on the event stream.
const (
	FoundEvent   = "business:found"
	CreatedEvent = "business:created"
	UpdatedEvent = "business:updated"
)

// Found says that a scrape saw a place; saving it is what follows.
type Found struct {
	JobID        string
	BusinessType string
	Enrich       bool // look for contacts once it is saved
	Place        Place
	At           time.Time
}

// Validate reports an event that names no job or a place that cannot be kept.
func (f Found) Validate() error {
	if f.JobID == "" {
		return fault.NewInvalid(fault.Field{Location: "jobId", Message: "must not be empty"})
	}
	return f.Place.Validate()
}

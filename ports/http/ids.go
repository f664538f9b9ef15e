package http

import (
	"net/url"

	"github.com/danielgtaylor/huma/v2"
)

// Ids that stand in paths. Those of jobs may be chosen by other services, from
// any printable characters, so they come escaped; the router leaves them so.
type (
	jobID struct {
		ID string `path:"id" doc:"The job's id"`
	}
	scrapeJobID struct {
		ID string `path:"jobId" doc:"The job's id"`
	}
	batchID struct {
		ID string `path:"batchId" doc:"The batch's id"`
	}
	poisonID struct {
		ID string `path:"id" doc:"The entry's id" example:"scraping:1764000000000-0"`
	}
	businessID struct {
		ID int64 `path:"id" minimum:"1" doc:"The business's id"`
	}
)

// Resolve unescapes the id.
func (i *jobID) Resolve(huma.Context) []error { return unescape(&i.ID, "path.id") }

// Resolve unescapes the id.
func (i *scrapeJobID) Resolve(huma.Context) []error { return unescape(&i.ID, "path.jobId") }

// Resolve unescapes the id.
func (i *batchID) Resolve(huma.Context) []error { return unescape(&i.ID, "path.batchId") }

// Resolve unescapes the id.
func (i *poisonID) Resolve(huma.Context) []error { return unescape(&i.ID, "path.id") }

func unescape(id *string, location string) []error {
	plain, err := url.PathUnescape(*id)
	if err != nil {
		return []error{&huma.ErrorDetail{Location: location, Message: "is not escaped as paths are", Value: *id}}
	}
	*id = plain
	return nil
}

// jobLocation is where a job's state is read.
func jobLocation(id string) string { return "/api/jobs/" + url.PathEscape(id) }

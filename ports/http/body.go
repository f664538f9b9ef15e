package http

import (
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/domain/job"
)

// rawBody is the body of a request that is a command: the domain decodes it,
// as it does the same command from a Redis stream, so both are judged alike.
type rawBody struct {
	RawBody []byte `contentType:"application/json"`
}

// The commands' bodies as the document shows them.
type (
	scrapeBody struct {
		Location     string  `json:"location" minLength:"1" maxLength:"200" doc:"Place to search around" example:"Freehold, NJ"`
		BusinessType string  `json:"business_type,omitempty" maxLength:"200" doc:"What to search for; without, any business" example:"plumbing"`
		Radius       float64 `json:"radius,omitempty" exclusiveMinimum:"0" maximum:"50" default:"1" doc:"Kilometres around the location"`
		MaxResults   int     `json:"max_results,omitempty" minimum:"1" maximum:"500" default:"50"`
		Enrich       bool    `json:"enrich,omitempty" default:"true" doc:"Look for contacts of each new business afterwards"`
		Priority     string  `json:"priority,omitempty" enum:"high,normal,low" default:"normal"`
		Source       string  `json:"source,omitempty" doc:"Where to search; without, the configured source" enum:"google_maps,apify,osm" example:"google_maps"`
		Details      bool    `json:"details,omitempty" default:"false" doc:"Open the page of each place that lacks its website or phone: slower, more complete"`
	}
	enrichBody struct {
		Force bool `json:"force,omitempty" doc:"Ask anew, though answers about the domain are kept for 30 days"`
	}
	batchBody struct {
		Count int `json:"count,omitempty" minimum:"1" maximum:"1000" default:"10" doc:"Businesses at most, oldest first"`
	}
)

// describeBody puts a command's schema into the document.
func describeBody(api huma.API, o *huma.Operation, body any, required bool) {
	registry := api.OpenAPI().Components.Schemas
	path := api.OpenAPI().Paths[o.Path]
	path.Post.RequestBody.Required = required
	path.Post.RequestBody.Content["application/json"] = &huma.MediaType{
		Schema: registry.Schema(reflect.TypeOf(body), true, ""),
	}
}

// decodeCommand decodes a command's body.
func decodeCommand[C any](ctx context.Context, h handlers, name string, body []byte) (C, error) {
	var zero C
	decoded, err := job.Decode(name, body)
	if err != nil {
		return zero, h.answer(ctx, err, "body.")
	}
	cmd, _ := decoded.(C) // Decode answers the type that belongs to the name
	return cmd, nil
}

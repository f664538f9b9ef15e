package http

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
	"leadstream/domain/business"
)

type businessList struct {
	Businesses []app.BusinessView `json:"businesses"`
	Total      int                `json:"total"`
	NextCursor *string            `json:"nextCursor" doc:"Gives the next page; null on the last"`
}

type businessAnswer struct{ Body app.BusinessView }

// LeadFilter selects leads, in listings and downloads alike. Its name is
// exported for huma to look into it where it is embedded.
type LeadFilter struct {
	Text             string   `query:"q" maxLength:"200" doc:"Part of name, address or category"`
	City             string   `query:"city" maxLength:"200"`
	BusinessType     string   `query:"business_type" maxLength:"200"`
	EnrichmentStatus string   `query:"enrichment_status" enum:"pending,enriched,no_contacts,failed"`
	JobID            string   `query:"job_id" maxLength:"128" doc:"The scrape that first saw it"`
	Has              []string `query:"has" enum:"email,phone,website" doc:"What must be known of it"`
	Sort             string   `query:"sort" enum:"created_at,-created_at,updated_at,-updated_at,name,-name,rating,-rating" default:"-created_at"`
}

type businessQuery struct {
	LeadFilter

	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
}

func (q LeadFilter) filter() app.BusinessFilter {
	f := app.BusinessFilter{
		Text: q.Text, City: q.City, BusinessType: q.BusinessType, JobID: q.JobID, Sort: q.Sort,
		HasEmail: slices.Contains(q.Has, "email"), HasPhone: slices.Contains(q.Has, "phone"), HasWebsite: slices.Contains(q.Has, "website"),
	}
	f.EnrichmentStatus, _ = business.ParseEnrichmentStatus(q.EnrichmentStatus) // the schema lets only statuses pass, or nothing
	return f
}

func (h handlers) registerBusinesses(api huma.API) {
	type listAnswer struct{ Body businessList }
	register(api, get("list-businesses", "/api/businesses", "businesses", "List leads", 400, 503),
		func(ctx context.Context, in *businessQuery) (*listAnswer, error) {
			filter := in.filter()
			filter.Limit, filter.Cursor = in.Limit, in.Cursor
			page, err := h.app.Businesses(ctx, filter)
			if err != nil {
				return nil, h.answer(ctx, err, "query.")
			}
			list := businessList{Businesses: []app.BusinessView{}, Total: page.Total, NextCursor: cursor(page.NextCursor)}
			for _, b := range page.Businesses {
				list.Businesses = append(list.Businesses, app.ViewBusiness(b))
			}
			return &listAnswer{list}, nil
		})

	h.registerExport(api)
	register(api, get("get-business", "/api/businesses/{id}", "businesses", "One lead with its contacts", 400, 404, 503),
		func(ctx context.Context, in *businessID) (*businessAnswer, error) {
			b, err := h.app.Business(ctx, in.ID)
			return h.businessAnswer(ctx, b, err)
		})

	type annotate struct {
		ID   int64 `path:"id" minimum:"1" doc:"The business's id"`
		Body struct {
			Notes *string   `json:"notes,omitempty" maxLength:"10000" doc:"Free text"`
			Tags  *[]string `json:"tags,omitempty" maxItems:"50" doc:"Replaces all tags"`
		}
	}
	register(api, huma.Operation{
		OperationID: "annotate-business", Method: http.MethodPatch, Path: "/api/businesses/{id}", Tags: []string{"businesses"},
		Summary: "Set notes and tags of a lead", Errors: []int{400, 404, 503},
	}, func(ctx context.Context, in *annotate) (*businessAnswer, error) {
		b, err := h.app.AnnotateBusiness(ctx, in.ID, app.Annotation{Notes: in.Body.Notes, Tags: in.Body.Tags})
		return h.businessAnswer(ctx, b, err)
	})

	register(api, huma.Operation{
		OperationID: "delete-business", Method: http.MethodDelete, Path: "/api/businesses/{id}", Tags: []string{"businesses"},
		Summary: "Forget a lead and its contacts", Errors: []int{400, 404, 503},
	}, func(ctx context.Context, in *businessID) (*messageAnswer, error) {
		if err := h.app.DeleteBusiness(ctx, in.ID); err != nil {
			return nil, h.answer(ctx, err, "path.")
		}
		return &messageAnswer{message{fmt.Sprintf("Business %d deleted", in.ID)}}, nil
	})
}

func (h handlers) businessAnswer(ctx context.Context, b business.Business, err error) (*businessAnswer, error) {
	if err != nil {
		return nil, h.answer(ctx, err, "body.")
	}
	return &businessAnswer{app.ViewBusiness(b)}, nil
}

package http

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
)

type poisonView struct {
	ID       string            `json:"id" example:"scraping:1764000000000-0"`
	Queue    string            `json:"queue" enum:"commands,scraping,enrichment"`
	JobID    string            `json:"jobId,omitempty"`
	Name     string            `json:"name,omitempty"`
	Payload  string            `json:"payload" doc:"As it was received, whatever it was"`
	Reason   string            `json:"reason"`
	Handler  string            `json:"handler,omitempty"`
	Attempts int               `json:"attempts"`
	FailedAt string            `json:"failedAt" format:"date-time"`
	Metadata map[string]string `json:"metadata"`
}

type poisonList struct {
	Entries    []poisonView `json:"entries"`
	Total      int          `json:"total"`
	NextCursor *string      `json:"nextCursor"`
}

func viewPoison(e app.PoisonEntry) poisonView {
	return poisonView{e.ID, e.Queue, e.JobID, e.Name, e.Payload, e.Reason, e.Handler, e.Attempts, app.ViewTime(e.At), e.Metadata}
}

func (h handlers) registerPoison(api huma.API) {
	type listQuery struct {
		Queue  string `query:"queue" enum:"commands,scraping,enrichment" doc:"Without, all three"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" doc:"nextCursor of the page before"`
	}
	type listAnswer struct{ Body poisonList }
	register(api, get("list-poison", "/api/poison", "poison", "List what failed for good or never was a valid command", 400, 503),
		func(ctx context.Context, in *listQuery) (*listAnswer, error) {
			page, err := h.app.Poison(ctx, app.PoisonFilter{Queue: in.Queue, Limit: in.Limit, Cursor: in.Cursor})
			if err != nil {
				return nil, h.answer(ctx, err, "query.")
			}
			list := poisonList{Entries: []poisonView{}, Total: page.Total, NextCursor: cursor(page.NextCursor)}
			for _, e := range page.Entries {
				list.Entries = append(list.Entries, viewPoison(e))
			}
			return &listAnswer{list}, nil
		})

	type requeueQuery struct {
		Queue string `query:"queue" enum:"commands,scraping,enrichment" doc:"Without, all three"`
	}
	type requeued struct {
		Body struct {
			Requeued int `json:"requeued"`
		}
	}
	register(api, post("requeue-all-poison", "/api/poison/requeue", "poison", "Let everything run again", 400, 503),
		func(ctx context.Context, in *requeueQuery) (*requeued, error) {
			n, err := h.app.RequeueAllPoison(ctx, in.Queue)
			if err != nil {
				return nil, h.answer(ctx, err, "query.")
			}
			answer := &requeued{}
			answer.Body.Requeued = n
			return answer, nil
		})
	h.registerPoisonEntry(api)
}

func (h handlers) registerPoisonEntry(api huma.API) {
	type entryAnswer struct{ Body poisonView }
	register(api, get("get-poison", "/api/poison/{id}", "poison", "One entry", 404, 503),
		func(ctx context.Context, in *poisonID) (*entryAnswer, error) {
			e, err := h.app.PoisonEntry(ctx, in.ID)
			if err != nil {
				return nil, h.answer(ctx, err, "path.")
			}
			return &entryAnswer{viewPoison(e)}, nil
		})

	register(api, post("requeue-poison", "/api/poison/{id}/requeue", "poison", "Let it run again", 404, 409, 503),
		func(ctx context.Context, in *poisonID) (*messageAnswer, error) {
			if err := h.app.RequeuePoison(ctx, in.ID); err != nil {
				return nil, h.answer(ctx, err, "path.")
			}
			return &messageAnswer{message{fmt.Sprintf("Poison entry %s requeued", in.ID)}}, nil
		})

	register(api, huma.Operation{
		OperationID: "discard-poison", Method: http.MethodDelete, Path: "/api/poison/{id}", Tags: []string{"poison"},
		Summary: "Drop an entry for good; its job stays failed", Errors: []int{404, 503},
	}, func(ctx context.Context, in *poisonID) (*messageAnswer, error) {
		if err := h.app.DiscardPoison(ctx, in.ID); err != nil {
			return nil, h.answer(ctx, err, "path.")
		}
		return &messageAnswer{message{fmt.Sprintf("Poison entry %s discarded", in.ID)}}, nil
	})
}

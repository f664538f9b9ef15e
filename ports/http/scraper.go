package http

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
	"leadstream/domain/job"
)

type accepted struct {
	JobID   string `json:"jobId"`
	Status  string `json:"status" example:"waiting"`
	Message string `json:"message"`
}

type scrapeAnswer struct {
	Location string `header:"Location" doc:"Where the job's state is read"`
	Body     accepted
}

type jobAnswer struct{ Body app.JobView }

func (h handlers) registerScraper(api huma.API) {
	scrape := huma.Operation{
		OperationID: "queue-scrape", Method: http.MethodPost, Path: "/api/scraper/scrape", Tags: []string{"scraper"},
		Summary: "Find businesses", Description: "Accepts a search, which runs in the background.",
		DefaultStatus: http.StatusAccepted, SkipValidateBody: true, Errors: []int{400, 429, 503},
	}
	register(api, scrape, func(ctx context.Context, in *rawBody) (*scrapeAnswer, error) {
		cmd, err := decodeCommand[job.ScrapeBusinesses](ctx, h, job.ScrapeBusinessesName, in.RawBody)
		if err != nil {
			return nil, err
		}
		j, err := h.app.QueueScrape(ctx, cmd, originOf(ctx))
		if err != nil {
			return nil, h.answer(ctx, err, "body.")
		}
		return &scrapeAnswer{
			Location: jobLocation(j.ID()),
			Body:     accepted{j.ID(), j.State().String(), "Scraping job queued"},
		}, nil
	})
	describeBody(api, &scrape, scrapeBody{}, true)

	register(api, huma.Operation{
		OperationID: "scrape-status", Method: http.MethodGet, Path: "/api/scraper/status/{jobId}", Tags: []string{"scraper"},
		Summary: "How a scrape stands", Errors: []int{404, 503},
	}, func(ctx context.Context, in *scrapeJobID) (*jobAnswer, error) { return h.readJob(ctx, in.ID) })
}

func (h handlers) readJob(ctx context.Context, id string) (*jobAnswer, error) {
	j, err := h.app.Job(ctx, id)
	if err != nil {
		return nil, h.answer(ctx, err, "path.")
	}
	return &jobAnswer{app.ViewJob(j)}, nil
}

package http

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
)

type enrichmentAccepted struct {
	JobID      string `json:"jobId"`
	BusinessID int64  `json:"businessId"`
	Status     string `json:"status" example:"waiting"`
	Message    string `json:"message"`
}

type enrichmentAnswer struct {
	Location string `header:"Location" doc:"Where the job's state is read"`
	Body     enrichmentAccepted
}

type batchAccepted struct {
	BatchID   string `json:"batchId,omitempty"`
	TotalJobs int    `json:"totalJobs"`
	Status    string `json:"status,omitempty" enum:"processing"`
	Message   string `json:"message"`
}

type enrichmentRequest struct {
	ID      int64  `path:"id" minimum:"1" doc:"The business's id"`
	RawBody []byte `contentType:"application/json"`
}

type batchCancelledBody struct {
	BatchID   string `json:"batchId"`
	Cancelled int    `json:"cancelled" doc:"Jobs that had not finished"`
	Message   string `json:"message"`
}

type batchCancelled struct{ Body batchCancelledBody }

type batchAnswer struct {
	Status int
	Body   batchAccepted
}

type quotaView struct {
	Provider  string        `json:"provider"`
	Month     string        `json:"month" example:"2026-11"`
	Used      int           `json:"used"`
	Limit     int           `json:"limit"`
	Remaining int           `json:"remaining"`
	ResetsAt  string        `json:"resetsAt" format:"date-time"`
	Rate      *app.RateView `json:"rate,omitempty" doc:"The throttle of enrichments, over all processes"`
}

func (h handlers) registerEnrichment(api huma.API) {
	batch := huma.Operation{
		OperationID: "queue-enrichment-batch", Method: http.MethodPost, Path: "/api/enrichment/batch", Tags: []string{"enrichment"},
		Summary: "Enrich the oldest pending businesses", DefaultStatus: http.StatusAccepted, SkipValidateBody: true,
		Description: "Answers 202 with the batch, or 200 when no business is pending.", Errors: []int{400, 429, 503},
	}
	register(api, batch, h.queueBatch)
	describeBody(api, &batch, batchBody{}, false)
	alike(api.OpenAPI().Paths[batch.Path].Post, http.StatusAccepted, http.StatusOK)

	one := huma.Operation{
		OperationID: "queue-enrichment", Method: http.MethodPost, Path: "/api/enrichment/{id}", Tags: []string{"enrichment"},
		Summary: "Find the contacts of one business", DefaultStatus: http.StatusAccepted, SkipValidateBody: true, Errors: []int{400, 404, 429, 503},
		Description: "Runs with high priority. A business that is in the queue already keeps its job.",
	}
	register(api, one, h.queueEnrichment)
	describeBody(api, &one, enrichBody{}, false)

	register(api, huma.Operation{
		OperationID: "cancel-enrichment-batch", Method: http.MethodDelete, Path: "/api/enrichment/batch/{batchId}", Tags: []string{"enrichment"},
		Summary: "Cancel what is left of a batch", Errors: []int{404, 409, 503},
	}, h.cancelBatch)

	type batchStatus struct{ Body app.BatchView }
	register(api, huma.Operation{
		OperationID: "enrichment-batch-status", Method: http.MethodGet, Path: "/api/enrichment/batch/{batchId}/status", Tags: []string{"enrichment"},
		Summary: "How a batch stands", Errors: []int{404, 503},
	}, func(ctx context.Context, in *batchID) (*batchStatus, error) {
		b, err := h.app.Batch(ctx, in.ID)
		if err != nil {
			return nil, h.answer(ctx, err, "path.")
		}
		return &batchStatus{app.ViewBatch(b)}, nil
	})

	type quotaAnswer struct{ Body quotaView }
	register(api, huma.Operation{
		OperationID: "enrichment-quota", Method: http.MethodGet, Path: "/api/enrichment/quota", Tags: []string{"enrichment"},
		Summary: "What is used of the paid provider's month", Errors: []int{503},
	}, func(ctx context.Context, _ *struct{}) (*quotaAnswer, error) {
		q, rate, err := h.app.EnrichmentQuota(ctx)
		if err != nil {
			return nil, h.answer(ctx, err, "")
		}
		return &quotaAnswer{quotaView{
			q.Provider, q.Month, q.Used, q.Limit, max(q.Limit-q.Used, 0), app.ViewTime(q.ResetsAt), app.ViewRate(rate),
		}}, nil
	})
}

func (h handlers) queueEnrichment(ctx context.Context, in *enrichmentRequest) (*enrichmentAnswer, error) {
	force, err := h.forced(ctx, in)
	if err != nil {
		return nil, err
	}
	j, err := h.app.QueueEnrichment(ctx, job.EnrichBusiness{BusinessID: in.ID, Force: force}, originOf(ctx))
	if err != nil {
		return nil, h.answer(ctx, err, "path.")
	}
	return &enrichmentAnswer{
		Location: jobLocation(j.ID()),
		Body:     enrichmentAccepted{j.ID(), in.ID, j.State().String(), "Enrichment job queued"},
	}, nil
}

// forced reads the body, which only may say that answers be asked for anew:
// the business is named by the path.
func (h handlers) forced(ctx context.Context, in *enrichmentRequest) (bool, error) {
	if len(in.RawBody) == 0 {
		return false, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(in.RawBody, &fields); err != nil || fields == nil {
		return false, h.answer(ctx, fault.Invalidf("the body must be a JSON object"), "body.")
	}
	if id, named := fields["business_id"]; named {
		return false, h.answer(ctx, fault.NewInvalid(fault.Field{Location: "business_id", Message: "unknown field", Value: id}), "body.")
	}
	fields["business_id"] = strconv.AppendInt(nil, in.ID, 10)
	payload, err := json.Marshal(fields)
	if err != nil {
		return false, h.answer(ctx, err, "body.")
	}
	cmd, err := decodeCommand[job.EnrichBusiness](ctx, h, job.EnrichBusinessName, payload)
	return cmd.Force, err
}

func (h handlers) cancelBatch(ctx context.Context, in *batchID) (*batchCancelled, error) {
	n, err := h.app.CancelBatch(ctx, in.ID)
	if err != nil {
		return nil, h.answer(ctx, err, "path.")
	}
	return &batchCancelled{batchCancelledBody{in.ID, n, fmt.Sprintf("Batch %s: %d jobs cancelled", in.ID, n)}}, nil
}

func (h handlers) queueBatch(ctx context.Context, in *rawBody) (*batchAnswer, error) {
	body := in.RawBody
	if len(body) == 0 {
		body = []byte("{}") // every field has a default
	}
	cmd, err := decodeCommand[job.EnrichBatch](ctx, h, job.EnrichBatchName, body)
	if err != nil {
		return nil, err
	}
	b, err := h.app.QueueEnrichmentBatch(ctx, cmd, originOf(ctx))
	if err != nil {
		return nil, h.answer(ctx, err, "body.")
	}
	if b.Total == 0 {
		return &batchAnswer{http.StatusOK, batchAccepted{Message: "No pending businesses to enrich"}}, nil
	}
	return &batchAnswer{http.StatusAccepted, batchAccepted{b.ID, b.Total, "processing", fmt.Sprintf("%d enrichment jobs queued", b.Total)}}, nil
}

package http

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"leadstream/app"
	"leadstream/domain/job"
)

type jobList struct {
	Jobs       []app.JobView `json:"jobs"`
	Total      int           `json:"total"`
	NextCursor *string       `json:"nextCursor" doc:"Gives the next page; null on the last"`
}

type jobListAnswer struct{ Body jobList }

type message struct {
	Message string `json:"message"`
}

type messageAnswer struct{ Body message }

type logView struct {
	Timestamp string `json:"timestamp" format:"date-time"`
	Level     string `json:"level" enum:"debug,info,warn,error"`
	Message   string `json:"message"`
}

type logList struct {
	JobID      string    `json:"jobId"`
	Logs       []logView `json:"logs"`
	Total      int       `json:"total"`
	NextCursor *string   `json:"nextCursor"`
}

type jobLogsQuery struct {
	ID     string `path:"id" doc:"The job's id"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
}

// Resolve unescapes the id.
func (q *jobLogsQuery) Resolve(huma.Context) []error { return unescape(&q.ID, "path.id") }

func (h handlers) registerJobs(api huma.API) {
	type listQuery struct {
		Queue   string `query:"queue" enum:"scraping,enrichment"`
		Status  string `query:"status" enum:"waiting,delayed,active,completed,failed,cancelled"`
		BatchID string `query:"batchId"`
		Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor  string `query:"cursor" doc:"nextCursor of the page before"`
	}
	register(api, get("list-jobs", "/api/jobs", "jobs", "List jobs, newest first; 404 is an unknown batch", 400, 404, 503),
		func(ctx context.Context, in *listQuery) (*jobListAnswer, error) {
			filter := app.JobFilter{BatchID: in.BatchID, Limit: in.Limit, Cursor: in.Cursor}
			filter.Queue, _ = job.ParseQueue(in.Queue)  // the schema lets only queues pass, or nothing
			filter.State, _ = job.ParseState(in.Status) // and only states
			return h.listJobs(ctx, filter)
		})

	type failedQuery struct {
		Queue string `query:"queue" enum:"scraping,enrichment"`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	}
	register(api, get("list-failed-jobs", "/api/jobs/failed", "jobs", "List failed jobs, newest failure first", 400, 503),
		func(ctx context.Context, in *failedQuery) (*jobListAnswer, error) {
			queue, _ := job.ParseQueue(in.Queue)
			return h.listJobs(ctx, app.JobFilter{Queue: queue, State: job.Failed, Limit: in.Limit})
		})

	register(api, get("get-job", "/api/jobs/{id}", "jobs", "How a job stands", 404, 503),
		func(ctx context.Context, in *jobID) (*jobAnswer, error) { return h.readJob(ctx, in.ID) })

	type logsAnswer struct{ Body logList }
	register(api, get("job-logs", "/api/jobs/{id}/logs", "jobs", "What happened to a job, oldest first", 400, 404, 503),
		func(ctx context.Context, in *jobLogsQuery) (*logsAnswer, error) {
			page, err := h.app.JobLogs(ctx, in.ID, in.Limit, in.Cursor)
			if err != nil {
				return nil, h.answer(ctx, err, "query.")
			}
			list := logList{JobID: in.ID, Logs: []logView{}, Total: page.Total, NextCursor: cursor(page.NextCursor)}
			for _, l := range page.Lines {
				list.Logs = append(list.Logs, logView{app.ViewTime(l.Timestamp), l.Level, l.Message})
			}
			return &logsAnswer{list}, nil
		})
	h.registerJobControl(api)
}

func (h handlers) registerJobControl(api huma.API) {
	type failedRetry struct {
		Queue string `query:"queue" enum:"scraping,enrichment" doc:"Without, every queue"`
	}
	type retried struct {
		Body struct {
			Retried int `json:"retried"`
		}
	}
	register(api, post("retry-failed-jobs", "/api/jobs/failed/retry", "jobs", "Let every failed job run again", 400, 503),
		func(ctx context.Context, in *failedRetry) (*retried, error) {
			queue, _ := job.ParseQueue(in.Queue)
			n, err := h.app.RetryFailedJobs(ctx, queue)
			if err != nil {
				return nil, h.answer(ctx, err, "query.")
			}
			answer := &retried{}
			answer.Body.Retried = n
			return answer, nil
		})

	register(api, post("retry-job", "/api/jobs/{id}/retry", "jobs", "Let a failed or cancelled job run again", 404, 409, 503),
		func(ctx context.Context, in *jobID) (*messageAnswer, error) {
			if err := h.app.RetryJob(ctx, in.ID); err != nil {
				return nil, h.answer(ctx, err, "path.")
			}
			return &messageAnswer{message{fmt.Sprintf("Job %s retry queued", in.ID)}}, nil
		})

	register(api, huma.Operation{
		OperationID: "cancel-job", Method: http.MethodDelete, Path: "/api/jobs/{id}", Tags: []string{"jobs"},
		Summary: "Cancel a job", Description: "A waiting or delayed one is gone from the queue at once; a running one stops within a second.",
		Errors: []int{404, 409, 503},
	}, func(ctx context.Context, in *jobID) (*messageAnswer, error) {
		if err := h.app.CancelJob(ctx, in.ID); err != nil {
			return nil, h.answer(ctx, err, "path.")
		}
		return &messageAnswer{message{fmt.Sprintf("Job %s cancelled", in.ID)}}, nil
	})
}

func (h handlers) listJobs(ctx context.Context, filter app.JobFilter) (*jobListAnswer, error) {
	page, err := h.app.Jobs(ctx, filter)
	if err != nil {
		return nil, h.answer(ctx, err, "query.")
	}
	list := jobList{Jobs: []app.JobView{}, Total: page.Total, NextCursor: cursor(page.NextCursor)}
	for _, j := range page.Jobs {
		list.Jobs = append(list.Jobs, app.ViewJob(j))
	}
	return &jobListAnswer{list}, nil
}

func cursor(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

func get(id, path, tag, summary string, errors ...int) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{tag}, Summary: summary, Errors: errors}
}

func post(id, path, tag, summary string, errors ...int) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Tags: []string{tag}, Summary: summary, Errors: append(errors, http.StatusTooManyRequests)}
}

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadstream/app"
	"leadstream/domain/job"
)

func newJobs(environ []string) *cobra.Command {
	o := &connection{environ: environ}
	cmd := group("jobs", "Show and steer jobs", newJobsList(o), newJobsShow(o), newJobsLogs(o), newJobsRetry(o), newJobsCancel(o))
	o.bind(cmd)
	return cmd
}

// jobPage is GET /api/jobs.
type jobPage struct {
	Jobs       []app.JobView `json:"jobs"`
	Total      int           `json:"total"`
	NextCursor string        `json:"nextCursor"`
}

func newJobsList(o *connection) *cobra.Command {
	var queue, status, batch, cursor string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List jobs, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := asked(in("jobs"), "queue", queue, "status", status, "batchId", batch, "cursor", cursor, "limit", count(limit))
			return show(cmd, o, path, func(page jobPage) error {
				rows := [][]string{}
				for _, j := range page.Jobs {
					rows = append(rows, []string{
						j.JobID, j.Queue, j.Status, fmt.Sprintf("%d%%", j.Progress), fmt.Sprintf("%d/%d", j.AttemptsMade, j.MaxAttempts), j.Priority,
						moment(j.CreatedAt), short(describe(j)),
					})
				}
				if err := table(cmd.OutOrStdout(), []string{"ID", "QUEUE", "STATUS", "DONE", "ATTEMPTS", "PRIORITY", "CREATED", "WHAT"}, rows); err != nil {
					return err
				}
				return more(cmd, len(page.Jobs), page.Total, page.NextCursor)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&queue, "queue", "", "only this queue: "+queueNames())
	flags.StringVar(&status, "status", "", "only this status: "+strings.Join(statusNames, ", "))
	flags.StringVar(&batch, "batch", "", "only the jobs of this batch")
	flags.IntVar(&limit, "limit", 50, "at most so many, 1 to 200")
	flags.StringVar(&cursor, "cursor", "", "go on where a page before ended")
	complete(cmd, "queue", strings.Split(queueNames(), ", "))
	complete(cmd, "status", statusNames)
	return cmd
}

var statusNames = []string{"waiting", "delayed", "active", "completed", "failed", "cancelled"}

func queueNames() string {
	names := []string{}
	for _, q := range job.Queues() {
		names = append(names, q.String())
	}
	return strings.Join(names, ", ")
}

// describe says what a job is about.
func describe(j app.JobView) string {
	var data struct {
		Location     string `json:"location"`
		BusinessType string `json:"business_type"`
		Source       string `json:"source"`
		BusinessID   int64  `json:"business_id"`
	}
	_ = json.Unmarshal(j.Data, &data) // what cannot be read is not described
	switch {
	case data.Location != "":
		return fmt.Sprintf("%s near %s (%s)", cmp.Or(data.BusinessType, "businesses"), data.Location, data.Source)
	case data.BusinessID != 0:
		return fmt.Sprintf("contacts of business %d", data.BusinessID)
	default:
		return j.Name
	}
}

func newJobsShow(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one job", Args: cobra.ExactArgs(1), ValidArgsFunction: jobIDs(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, o, in("jobs", args[0]), func(j app.JobView) error {
				duration := ""
				if j.DurationMS != nil {
					duration = (time.Duration(*j.DurationMS) * time.Millisecond).String()
				}
				return facts(cmd.OutOrStdout(), "Job", j.JobID, "What", describe(j), "Queue", j.Queue, "Status", j.Status,
					"Done", strings.TrimSpace(fmt.Sprintf("%d%% %s", j.Progress, j.ProgressMessage)), "Attempts", fmt.Sprintf("%d of %d", j.AttemptsMade, j.MaxAttempts),
					"Priority", j.Priority, "Batch", j.BatchID, "Follows from", j.ParentJobID, "Created", moment(j.CreatedAt), "Started", moment(j.StartedAt),
					"Finished", moment(j.FinishedAt), "Next attempt", moment(j.NextAttemptAt), "Took", duration, "Why it failed", j.FailedReason,
					"Data", string(j.Data), "Result", string(j.Result))
			})
		},
	}
}

// logPage is GET /api/jobs/{id}/logs.
type logPage struct {
	Logs []struct {
		Timestamp string `json:"timestamp"`
		Level     string `json:"level"`
		Message   string `json:"message"`
	} `json:"logs"`
	NextCursor string `json:"nextCursor"`
}

func newJobsLogs(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "logs ID", Short: "Print a job's log, oldest first", Args: cobra.ExactArgs(1), ValidArgsFunction: jobIDs(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.open()
			if err != nil {
				return err
			}
			for cursor := ""; ; {
				var raw json.RawMessage
				if err := c.call(cmd.Context(), http.MethodGet, asked(in("jobs", args[0], "logs"), "limit", "1000", "cursor", cursor), nil, &raw); err != nil {
					return err
				}
				var page logPage
				if err := json.Unmarshal(raw, &page); err != nil {
					return fmt.Errorf("reading the log: %w", err)
				}
				for _, line := range page.Logs {
					if err := printLine(cmd, o, line, fmt.Sprintf("%s  %-5s  %s\n", moment(line.Timestamp), line.Level, plain(line.Message))); err != nil {
						return err
					}
				}
				if cursor = page.NextCursor; cursor == "" {
					return nil
				}
			}
		},
	}
}

// printLine prints one line of many: JSON for programs, each on its own.
func printLine(cmd *cobra.Command, o *connection, value any, text string) error {
	if o.asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(value)
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), text)
	return err
}

func newJobsRetry(o *connection) *cobra.Command {
	var failed bool
	var queue string
	cmd := &cobra.Command{
		Use: "retry ID… | --failed", Short: "Let failed or cancelled jobs run again", ValidArgsFunction: jobIDs(o),
		Args: func(_ *cobra.Command, args []string) error { return idsOr(args, failed, "--failed") },
		RunE: func(cmd *cobra.Command, args []string) error {
			if failed {
				return act(cmd, o, http.MethodPost, asked(in("jobs", "failed", "retry"), "queue", queue))
			}
			return each(cmd, o, args, func(id string) (string, string) { return http.MethodPost, in("jobs", id, "retry") })
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "every failed job")
	cmd.Flags().StringVar(&queue, "queue", "", "with --failed, only this queue: "+queueNames())
	complete(cmd, "queue", strings.Split(queueNames(), ", "))
	return cmd
}

func newJobsCancel(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "cancel ID…", Short: "Cancel jobs; a running one stops within a second", Args: cobra.MinimumNArgs(1), ValidArgsFunction: jobIDs(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(cmd, o, args, func(id string) (string, string) { return http.MethodDelete, in("jobs", id) })
		},
	}
}

// jobIDs completes the ids of the newest jobs.
func jobIDs(o *connection) cobra.CompletionFunc {
	return completeIDs(o, in("jobs"), func(page jobPage) []string {
		ids := []string{}
		for _, j := range page.Jobs {
			ids = append(ids, cobra.CompletionWithDesc(j.JobID, j.Status+": "+short(describe(j))))
		}
		return ids
	})
}

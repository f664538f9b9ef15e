package main

import (
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func newPoison(environ []string) *cobra.Command {
	o := &connection{environ: environ}
	cmd := group("poison", "Show and mend what failed for good or never was a valid command",
		newPoisonList(o), newPoisonShow(o), newPoisonRequeue(o), newPoisonDiscard(o))
	o.bind(cmd)
	return cmd
}

// poisonEntry is one of GET /api/poison.
type poisonEntry struct {
	ID       string            `json:"id"`
	Queue    string            `json:"queue"`
	JobID    string            `json:"jobId"`
	Name     string            `json:"name"`
	Payload  string            `json:"payload"`
	Reason   string            `json:"reason"`
	Handler  string            `json:"handler"`
	Attempts int               `json:"attempts"`
	FailedAt string            `json:"failedAt"`
	Metadata map[string]string `json:"metadata"`
}

type poisonPage struct {
	Entries    []poisonEntry `json:"entries"`
	Total      int           `json:"total"`
	NextCursor string        `json:"nextCursor"`
}

func poisonQueues() string { return "commands, " + queueNames() }

func newPoisonList(o *connection) *cobra.Command {
	var queue, cursor string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List poison entries, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := asked(in("poison"), "queue", queue, "cursor", cursor, "limit", count(limit))
			return show(cmd, o, path, func(page poisonPage) error {
				rows := [][]string{}
				for _, e := range page.Entries {
					rows = append(rows, []string{e.ID, e.Queue, e.JobID, e.Name, count(e.Attempts), moment(e.FailedAt), short(e.Reason)})
				}
				if err := table(cmd.OutOrStdout(), []string{"ID", "QUEUE", "JOB", "NAME", "ATTEMPTS", "FAILED", "WHY"}, rows); err != nil {
					return err
				}
				return more(cmd, len(page.Entries), page.Total, page.NextCursor)
			})
		},
	}
	cmd.Flags().StringVar(&queue, "queue", "", "only this queue: "+poisonQueues())
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many, 1 to 200")
	cmd.Flags().StringVar(&cursor, "cursor", "", "go on where a page before ended")
	complete(cmd, "queue", strings.Split(poisonQueues(), ", "))
	return cmd
}

func newPoisonShow(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one entry with its payload", Args: cobra.ExactArgs(1), ValidArgsFunction: poisonIDs(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, o, in("poison", args[0]), func(e poisonEntry) error {
				return facts(cmd.OutOrStdout(), "Entry", e.ID, "Queue", e.Queue, "Job", e.JobID, "Name", e.Name, "Why", e.Reason, "Handler", e.Handler,
					"Attempts", count(e.Attempts), "Failed", moment(e.FailedAt), "Payload", e.Payload)
			})
		},
	}
}

func newPoisonRequeue(o *connection) *cobra.Command {
	var all bool
	var queue string
	cmd := &cobra.Command{
		Use: "requeue ID… | --all", Short: "Let entries run again", ValidArgsFunction: poisonIDs(o),
		Args: func(_ *cobra.Command, args []string) error { return idsOr(args, all, "--all") },
		RunE: func(cmd *cobra.Command, args []string) error {
			if all {
				return act(cmd, o, http.MethodPost, asked(in("poison", "requeue"), "queue", queue))
			}
			return each(cmd, o, args, func(id string) (string, string) { return http.MethodPost, in("poison", id, "requeue") })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every entry")
	cmd.Flags().StringVar(&queue, "queue", "", "with --all, only this queue: "+poisonQueues())
	complete(cmd, "queue", strings.Split(poisonQueues(), ", "))
	return cmd
}

func newPoisonDiscard(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "discard ID…", Short: "Drop entries for good; their jobs stay failed", Args: cobra.MinimumNArgs(1), ValidArgsFunction: poisonIDs(o),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(cmd, o, args, func(id string) (string, string) { return http.MethodDelete, in("poison", id) })
		},
	}
}

// poisonIDs completes the ids of the newest entries.
func poisonIDs(o *connection) cobra.CompletionFunc {
	return completeIDs(o, in("poison"), func(page poisonPage) []string {
		ids := []string{}
		for _, e := range page.Entries {
			ids = append(ids, cobra.CompletionWithDesc(e.ID, short(e.Reason)))
		}
		return ids
	})
}

package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadstream/app"
)

func newQueues(environ []string) *cobra.Command {
	o := &connection{environ: environ}
	cmd := group("queues", "Show, pause and resume queues", newQueuesList(o),
		newQueuesSteer(o, "pause", "Keep new jobs from starting, in every process; running ones finish"),
		newQueuesSteer(o, "resume", "Let jobs start again"))
	o.bind(cmd)
	return cmd
}

func newQueuesList(o *connection) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show how each queue stands", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return show(cmd, o, in("queues"), func(queues []app.QueueView) error {
				rows := [][]string{}
				for _, q := range queues {
					rows = append(rows, queueRow(q))
				}
				header := []string{"QUEUE", "STATE", "WAITING", "ACTIVE", "DELAYED", "COMPLETED", "FAILED", "WORKERS", "SLOTS", "STARTS", "OLDEST"}
				return table(cmd.OutOrStdout(), header, rows)
			})
		},
	}
}

func queueRow(q app.QueueView) []string {
	state, starts, oldest := "running", "", ""
	if q.Paused {
		state = "paused"
	}
	if q.Rate != nil {
		starts = fmt.Sprintf("%d of %d/%s", q.Rate.UsedInWindow, q.Rate.Limit, time.Duration(q.Rate.WindowSeconds)*time.Second)
	}
	if q.Waiting > 0 {
		oldest = time.Duration(q.OldestWaitingSeconds * float64(time.Second)).Round(time.Second).String()
	}
	return []string{
		q.Name, state, count(q.Waiting), count(q.Active), count(q.Delayed), count(q.Completed), count(q.Failed), count(q.Workers),
		count(q.Concurrency), starts, oldest,
	}
}

func newQueuesSteer(o *connection, verb, short string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " QUEUE…", Short: short, Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(strings.Split(queueNames(), ", "), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			return each(cmd, o, args, func(name string) (string, string) { return http.MethodPost, in("queues", name, verb) })
		},
	}
}

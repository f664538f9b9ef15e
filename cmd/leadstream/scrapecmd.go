package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"leadstream/app"
	"leadstream/config"
	"leadstream/domain/job"
	"leadstream/ports/export"
)

// scrape is what the command was asked for.
type scrape struct {
	o *connection

	what, near, priority, source, output string
	radius                               float64
	max                                  int
	noEnrich, wait, details              bool
}

func newScrape(environ []string) *cobra.Command {
	s := &scrape{o: &connection{environ: environ}}
	cmd := &cobra.Command{
		Use: "scrape [WHAT] --near PLACE", Short: "Find businesses: queue a scrape, and with --wait or --output follow it to its end",
		Example: `  leadstream scrape plumbing --near "Freehold, NJ" --max 20 --wait
  leadstream scrape dentist --near "Freehold, NJ" --output csv > leads.csv`,
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.what = strings.Join(args, "")
			if err := s.check(); err != nil {
				return usageError{err}
			}
			return s.run(cmd)
		},
	}
	s.flags(cmd)
	s.o.bind(cmd)
	return cmd
}

func (s *scrape) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.near, "near", "", "place to search around (required)")
	flags.Float64Var(&s.radius, "radius", job.DefaultRadiusKM, "kilometres around the place, at most 50")
	flags.IntVar(&s.max, "max", job.DefaultMaxResults, "places at most, 1 to 500")
	flags.StringVar(&s.source, "source", "", "where to search: "+strings.Join(config.Sources, ", ")+" (default the service's SCRAPER_SOURCE)")
	flags.StringVar(&s.priority, "priority", job.Normal.String(), "high, normal or low")
	flags.BoolVar(&s.noEnrich, "no-enrich", false, "do not look for contacts afterwards")
	flags.BoolVar(&s.details, "details", false, "open the page of each place that lacks its website or phone: slower, more complete")
	flags.BoolVar(&s.wait, "wait", false, "wait until the scrape, and the search for contacts, have ended")
	flags.StringVar(&s.output, "output", "", "wait, then print the new leads as csv or json")
	complete(cmd, "source", config.Sources)
	complete(cmd, "priority", []string{"high", "normal", "low"})
	complete(cmd, "output", []string{"csv", "json"})
	complete(cmd, "near", nil)
}

func (s *scrape) check() error {
	switch {
	case s.near == "":
		return errors.New("--near is missing: the place to search around")
	case s.output != "" && s.output != "csv" && s.output != "json":
		return fmt.Errorf("--output must be csv or json, not %q", s.output)
	case s.output != "" && s.o.asJSON:
		return errors.New("--json prints the job, --output the leads: choose one")
	default:
		return nil
	}
}

func (s *scrape) run(cmd *cobra.Command) error {
	c, err := s.o.open()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := c.call(cmd.Context(), http.MethodPost, in("scraper", "scrape"), s.body(), &raw); err != nil {
		return err
	}
	var accepted struct {
		JobID string `json:"jobId"`
	}
	if err := json.Unmarshal(raw, &accepted); err != nil || accepted.JobID == "" {
		return fmt.Errorf("%s does not answer as Leadstream does", c.base)
	}
	if !s.wait && s.output == "" {
		return printLine(cmd, s.o, raw, fmt.Sprintf("Queued as job %s\n", accepted.JobID))
	}
	return s.follow(cmd, c, accepted.JobID)
}

// body is the request; what was not given is the service's to choose.
func (s *scrape) body() map[string]any {
	body := map[string]any{"location": s.near, "radius": s.radius, "max_results": s.max, "priority": s.priority, "enrich": !s.noEnrich}
	if s.what != "" {
		body["business_type"] = s.what
	}
	if s.details {
		body["details"] = true
	}
	if s.source != "" {
		body["source"] = s.source
	}
	return body
}

// follow waits for the job's end, and prints what it is asked to. A job that
// did not complete is the command's error, after what it found.
func (s *scrape) follow(cmd *cobra.Command, c *client, id string) error {
	w := &waiting{client: c, jobID: id, bar: newBar(cmd.ErrOrStderr())}
	j, err := w.forJob(cmd.Context())
	if err == nil && !s.noEnrich {
		err = w.forContacts(cmd.Context())
	}
	w.bar.end()
	if err != nil {
		return w.gaveUp(cmd.Context(), err)
	}
	if err := s.print(cmd, c, j); err != nil {
		return err
	}
	switch j.Status {
	case job.Completed.String():
		return nil
	case job.Cancelled.String():
		return fmt.Errorf("job %s was cancelled", id)
	default:
		return fmt.Errorf("job %s %s: %s", id, j.Status, plain(j.FailedReason))
	}
}

func (s *scrape) print(cmd *cobra.Command, c *client, j app.JobView) error {
	var result app.ScrapeResult
	_ = json.Unmarshal(j.Result, &result) // a job that failed early has none
	if s.output != "" {
		leads, err := c.leads(cmd.Context(), j.JobID)
		if err != nil {
			return err
		}
		if result.Skipped > 0 {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d places were known already and are not among the new leads\n", result.Skipped, result.Found)
		}
		return writeFound(cmd.OutOrStdout(), s.output, leads)
	}
	if s.o.asJSON {
		raw, err := json.Marshal(j)
		if err != nil {
			return fmt.Errorf("writing the job: %w", err)
		}
		return printJSON(cmd.OutOrStdout(), raw)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "Job %s %s: %d found, %d new, %d known already\n", j.JobID, j.Status, result.Found, result.Saved, result.Skipped)
	return err
}

// writeFound writes leads as leadstream export does.
func writeFound(out io.Writer, format string, leads []app.BusinessView) error {
	kind, err := export.Parse(format, "leadstream")
	if err != nil {
		return err
	}
	encoder, err := kind.Encoder(out)
	if err != nil {
		return err
	}
	for _, lead := range leads {
		if err := encoder.Write(lead); err != nil {
			return fmt.Errorf("writing the leads: %w", err)
		}
	}
	return encoder.Close()
}

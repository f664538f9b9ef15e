// Command client drives the main job through the generated client: it queues
// a scrape, waits for its end, and lists what was found.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"leadstream/e2e/generated"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := drive(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func drive(ctx context.Context, url string) error {
	c, err := generated.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	kind, most, enrich, key := "plumbing", int64(5), false, "the-only-one"
	body := generated.ScrapeBody{Location: "Freehold, NJ", BusinessType: &kind, MaxResults: &most, Enrich: &enrich}
	queued, err := c.QueueScrapeWithResponse(ctx, &generated.QueueScrapeParams{IdempotencyKey: &key}, body)
	if err != nil || queued.JSON202 == nil {
		return fmt.Errorf("queueing: %w %s", err, queued.Body)
	}
	for status := queued.JSON202.Status; status != "completed"; {
		job, err := c.GetJobWithResponse(ctx, queued.JSON202.JobId, &generated.GetJobParams{})
		if err != nil || job.JSON200 == nil {
			return fmt.Errorf("reading: %w %s", err, job.Body)
		}
		if status = string(job.JSON200.Status); status == "failed" {
			return fmt.Errorf("the scrape failed: %s", job.Body)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	listed, err := c.ListBusinessesWithResponse(ctx, &generated.ListBusinessesParams{JobId: &queued.JSON202.JobId})
	if err != nil || listed.JSON200 == nil {
		return fmt.Errorf("listing: %w %s", err, listed.Body)
	}
	missing, err := c.GetJobWithResponse(ctx, "nobody's", &generated.GetJobParams{})
	if err != nil || missing.ApplicationproblemJSON404 == nil {
		return fmt.Errorf("a missing job: %w %s", err, missing.Body)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"listed": len(listed.JSON200.Businesses), "total": listed.JSON200.Total})
}

package main

import (
	"time"

	"github.com/spf13/cobra"

	"leadstream/app"
	"leadstream/domain/job"
	"leadstream/internal/sandbox"
)

// demoFeedDelay makes the results come about as fast as the real site's.
const demoFeedDelay = 1500 * time.Millisecond

// demo serves everything on a fresh data folder against the town.
func demo(cmd *cobra.Command, environ []string, dir string, scrape bool) error {
	town, err := sandbox.Start(cmd.Context(), sandbox.Options{FeedDelay: demoFeedDelay})
	if err != nil {
		return err
	}
	defer func() { _ = town.Close() }()
	settings := append(append([]string{"DATA_DIR=" + dir}, demoSettings...), town.Settings()...)
	c, err := loadConfig(append(environ, settings...))
	if err != nil {
		return err
	}
	r, err := parseRoles("all", "scraping,enrichment")
	if err != nil {
		return err
	}
	log := newLogger(c, cmd.ErrOrStderr())
	return serve(cmd.Context(), c, r, log, func(p *parts, url string) {
		cmd.Printf("\n  The dashboard is at %s\n  Its town is invented; Ctrl-C ends it all.\n\n", url)
		if !scrape {
			return
		}
		first := job.NewScrapeBusinesses("Freehold, NJ")
		first.BusinessType = "plumbing"
		if _, err := p.requests.QueueScrape(cmd.Context(), first, app.Origin{}); err != nil {
			log.Error("the first scrape was not queued", "error", err)
		}
	})
}

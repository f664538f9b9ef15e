package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"leadstream/config"
	"leadstream/internal/sandbox"
)

func newSandbox() *cobra.Command {
	var addr string
	var delay time.Duration
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve the stand-in town alone, and print the settings that point at it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			town, err := sandbox.Start(cmd.Context(), sandbox.Options{Addr: addr, FeedDelay: delay, Logger: newLogger(config.Config{LogLevel: "info"}, cmd.ErrOrStderr())})
			if err != nil {
				return err
			}
			for _, line := range town.Settings() {
				cmd.Println(line)
			}
			<-cmd.Context().Done()
			return town.Close()
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:4010", "address to listen on")
	cmd.Flags().DurationVar(&delay, "feed-delay", 0, "how long each page of results takes")
	return cmd
}

// demoSettings are what makes a demo lively: results that come as one watches,
// and enrichment faster than a real provider would allow.
var demoSettings = []string{"ENRICHMENT_RATE_LIMIT=60/1m", "SCRAPER_SOURCE=google_maps"}

func newDemo(environ []string) *cobra.Command {
	var scrape bool
	cmd := &cobra.Command{
		Use: "demo", Short: "Run everything against the stand-in town: no account, no internet", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "leadstream-demo-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			return demo(cmd, environ, dir, scrape)
		},
	}
	cmd.Flags().BoolVar(&scrape, "scrape", true, "begin with a scrape of plumbing near Freehold, NJ")
	return cmd
}

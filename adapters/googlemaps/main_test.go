package googlemaps_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"leadstream/adapters/googlemaps"
	"leadstream/app"
	"leadstream/domain/business"
)

// The environment of a child that searches, as a worker of its own.
const (
	childDataDir = "SEARCH_CHILD_DATA_DIR"
	childRules   = "SEARCH_CHILD_RULES"
	childBrowser = "SEARCH_CHILD_BROWSER"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDataDir); dir != "" {
		os.Exit(searchAsChild(dir))
	}
	goleak.VerifyTestMain(m)
}

// searchAsChild searches until it is signalled, and closes as the program does.
func searchAsChild(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	source, err := googlemaps.New(googlemaps.Options{
		BaseURL: "http://maps.example", DataDir: dir, ResolverRules: os.Getenv(childRules), ChromiumPath: os.Getenv(childBrowser), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_ = source.Search(ctx, app.SearchQuery{BusinessType: "plumbing", Location: "Freehold, NJ", RadiusKM: 5, MaxResults: 100}, childSightings{})
	<-ctx.Done()
	_ = source.Close()
	return 0
}

// childSightings says on standard output when the search is in its middle.
type childSightings struct{}

func (childSightings) Reached(step app.SearchStep) {
	if step == app.SearchStarted {
		fmt.Println("searching")
	}
}

func (childSightings) Note(string, string) {}

func (childSightings) Found(business.Place) error { return nil }

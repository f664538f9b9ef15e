package e2e

import (
	"testing"
	"time"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestShutdown ends the program as a supervisor does, in the middle of a
// scrape: one that can finish within the grace does, and is counted once.
func TestShutdown(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{FeedDelay: 500 * time.Millisecond})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=1/1h", "SHUTDOWN_GRACE=40s")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 60})
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) > 0 }, "the scrape is in its middle")
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := browsers(dataDirOf(s.env)); len(left) > 0 {
		t.Errorf("browsers are left: %v", left)
	}
	s.start()
	if j := s.job(id); j["status"] != "completed" || j["attemptsMade"] != 1.0 || j["result"].(map[string]any)["saved"] != 60.0 {
		t.Errorf("the scrape ended as %v", j)
	}
}

// TestShutdownWithoutGrace hands a running scrape back: it goes on after the
// restart, and no attempt is used.
func TestShutdownWithoutGrace(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{FeedDelay: time.Second})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=1/1h", "SHUTDOWN_GRACE=100ms")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 60})
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) > 0 }, "the scrape is in its middle")
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.start()
	if j := s.reaches(id, "completed", soon); j["attemptsMade"] != 1.0 || j["result"].(map[string]any)["found"] != 60.0 {
		t.Errorf("the scrape ended as %v", j)
	}
}

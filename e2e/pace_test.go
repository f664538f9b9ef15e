package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestFirstLeadIsSeenWhileTheScrapeGoesOn has replies that take three seconds:
// what the first brings is saved, and shown, within two seconds of it.
func TestFirstLeadIsSeenWhileTheScrapeGoesOn(t *testing.T) {
	t.Parallel()
	const feedDelay = 3 * time.Second
	world := town(t, sandbox.Options{FeedDelay: feedDelay})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=1/1m")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 50, "enrich": false})
	testenv.Eventually(t, soon, func() bool { return world.Stats().Kinds["map_reply"] > 0 }, "the first reply is asked for")
	replied := time.Now().Add(feedDelay)
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) > 0 }, "a lead is shown")
	if late := time.Since(replied); late > 2*time.Second {
		t.Errorf("the first lead is shown %s after its reply", late)
	}
	j := s.job(id)
	if progress, _ := j["progress"].(float64); j["status"] != "active" || progress <= 50 || progress >= 90 || !strings.Contains(text(j["progressMessage"]), "Found ") {
		t.Errorf("meanwhile the scrape is %v at %v: %v", j["status"], j["progress"], j["progressMessage"])
	}
	s.reaches(id, "completed", soon)
}

// TestRadiusAndDetailsOverHTTP asks for a small circle, and a closer look.
func TestRadiusAndDetailsOverHTTP(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	world.Faults().Set(sandbox.Switches{MapThin: true})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=1/1m")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "florist", "radius": 0.5, "max_results": 50, "enrich": false, "details": true})
	j := s.reaches(id, "completed", soon)
	truth := map[string]sandbox.Business{}
	for _, b := range world.Town().Find("florist near Freehold, NJ") {
		truth[b.CID] = b
	}
	leads := s.businesses()
	if found, _ := j["result"].(map[string]any)["found"].(float64); int(found) != len(leads) || len(leads) == 0 || len(leads) >= len(truth) {
		t.Errorf("%v found, %d leads of %d florists", found, len(leads), len(truth))
	}
	for _, lead := range leads {
		if b := truth[text(lead["cid"])]; text(lead["phone"]) != b.Phone || text(lead["website"]) != b.Website() {
			t.Errorf("%s is saved as %v", b.Name, lead)
		}
	}
	logs := s.get("/api/jobs/" + id + "/logs").body
	if all := strings.Join(messages(logs), "\n"); !strings.Contains(all, "outside the radius of 0.5 km") {
		t.Errorf("the job's log says %q", all)
	}
}

func messages(logs map[string]any) []string {
	var list []string
	lines, _ := logs["logs"].([]any)
	for _, line := range lines {
		list = append(list, text(line.(map[string]any)["message"]))
	}
	return list
}

// TestBlockedScrapeWaitsAndIsCounted has the map take everybody for a robot.
func TestBlockedScrapeWaitsAndIsCounted(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	world.Faults().Set(sandbox.Switches{MapBlock: true})
	s := serve(t, world, nil)
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "florist", "max_results": 5})
	j := s.reaches(id, "delayed", soon)
	due, err := time.Parse(time.RFC3339, text(j["nextAttemptAt"]))
	if wait := time.Until(due); err != nil || wait < 4*time.Minute || wait > 6*time.Minute || !strings.Contains(fmt.Sprint(j), "blocked") {
		t.Errorf("%v from now, %v: %v", wait, err, j)
	}
	metrics := s.page("/metrics")
	if !strings.Contains(metrics, "leadstream_googlemaps_blocks_total 1\n") {
		t.Errorf("metrics %s", tail(metrics, 40))
	}
}

// page is what a path that is not JSON answers.
func (s *service) page(path string) string {
	s.t.Helper()
	response, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

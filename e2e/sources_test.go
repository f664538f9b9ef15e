package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestOtherSources asks each by name, and follows its places to the database.
func TestOtherSources(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil)
	osm := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "radius": 50, "max_results": 20, "enrich": false, "source": "osm"})
	result := s.reaches(osm, "completed", soon)["result"].(map[string]any)
	if result["found"] != 20.0 || result["saved"] != 20.0 {
		t.Errorf("osm: %v", result)
	}
	mails := 0
	for _, b := range s.businesses() {
		if b["attribution"] != "© OpenStreetMap contributors" || !strings.HasPrefix(text(b["osm_url"]), "https://www.openstreetmap.org/") || b["google_maps_url"] != nil {
			t.Errorf("osm: %v", b)
		}
		mails += len(b["contacts"].([]any))
	}
	if mails == 0 {
		t.Error("osm: no contact that the map shows was kept")
	}
	apify := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 120, "enrich": false, "source": "apify"})
	result = s.reaches(apify, "completed", soon)["result"].(map[string]any)
	if found := len(world.Town().Find("plumbing near Freehold, NJ")); result["found"] != float64(found) || result["saved"].(float64)+result["skipped"].(float64) != float64(found) {
		t.Errorf("apify: %v, want %d found", result, found)
	}
	if result["skipped"].(float64) < 10 {
		t.Errorf("apify: %v; businesses known from OpenStreetMap by name and address were saved again", result)
	}
}

func TestSourceThatCannotWork(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "APIFY_TOKEN=", "SCRAPER_SOURCE=osm")
	for source, want := range map[string]string{"yellow_pages": "apify, google_maps, osm", "apify": "APIFY_TOKEN"} {
		a := s.call(http.MethodPost, "/api/scraper/scrape", map[string]any{"location": "Freehold, NJ", "source": source})
		raw, _ := json.Marshal(a.body)
		if a.status != http.StatusBadRequest || !strings.Contains(string(raw), want) || !strings.Contains(string(raw), "body.source") {
			t.Errorf("%s: %d %s", source, a.status, raw)
		}
	}
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "max_results": 1, "enrich": false})
	if data := s.reaches(id, "completed", soon)["data"].(map[string]any); data["source"] != "osm" {
		t.Errorf("the source of a request that names none is %v", data["source"])
	}
}

// TestOtherSourcesNeedNoBrowser serves where none is installed.
func TestOtherSourcesNeedNoBrowser(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "SCRAPER_SOURCE=osm", "CHROMIUM_PATH=/nowhere/chromium")
	if a := s.call(http.MethodGet, "/readyz", nil); a.status != http.StatusOK {
		t.Errorf("ready: %d %v", a.status, a.body)
	}
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "max_results": 3, "enrich": false})
	s.reaches(id, "completed", soon)
	id = s.scrape(map[string]any{"location": "Freehold, NJ", "max_results": 3, "source": "google_maps"})
	testenv.Eventually(t, soon, func() bool { return s.job(id)["attemptsMade"] == 1.0 && s.job(id)["status"] == "delayed" }, "the one that needs it fails")
}

// TestCancelEndsWhatCosts cancels a job whose run goes on at Apify.
func TestCancelEndsWhatCosts(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	world.Faults().Set(sandbox.Switches{ApifyEndless: true})
	s := serve(t, world, nil, "SCRAPER_SOURCE=apify")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 60, "enrich": false})
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) > 0 }, "places are found")
	if a := s.call(http.MethodDelete, "/api/jobs/"+id, nil); a.status != http.StatusOK {
		t.Fatalf("%d %v", a.status, a.body)
	}
	testenv.Eventually(t, soon, func() bool { return world.ApifyRuns("ABORTED") == 1 }, "the run is aborted")
	s.reaches(id, "cancelled", soon)
	if strings.Contains(s.logs.String(), sandbox.APIKey+"\"") || strings.Contains(s.logs.String(), "Bearer") {
		t.Error("the token is in the log")
	}
}

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestScrapeIsSavedAndEnriched follows one request through the whole pipeline
// and compares what came of it with the truth.
func TestScrapeIsSavedAndEnriched(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{SlowBy: 100 * time.Millisecond})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=0")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 30})
	j := s.reaches(id, "completed", soon)
	result := j["result"].(map[string]any)
	if result["found"] != 30.0 || result["saved"] != 30.0 || result["skipped"] != 0.0 || j["progress"] != 100.0 {
		t.Errorf("result %v at %v", result, j["progress"])
	}
	testenv.Eventually(t, 3*soon, func() bool {
		q := s.queue("enrichment")
		return q["waiting"] == 0.0 && q["active"] == 0.0 && q["delayed"] == 0.0
	}, "every enrichment has ended")
	leads := map[string]map[string]any{}
	for _, b := range s.businesses() {
		leads[b["name"].(string)] = b
	}
	truth := world.Town().Find("plumbing near Freehold, NJ")[:30]
	if len(leads) != len(truth) {
		t.Fatalf("%d leads, want %d", len(leads), len(truth))
	}
	for _, b := range truth {
		checkLead(t, b, leads[b.Name], id)
	}
	again := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 30, "enrich": false})
	if r := s.reaches(again, "completed", soon)["result"].(map[string]any); r["saved"] != 0.0 || r["skipped"] != 30.0 {
		t.Errorf("the same scrape again: %v", r)
	}
	if n := len(s.businesses()); n != 30 {
		t.Errorf("%d leads after the same scrape again", n)
	}
}

func checkLead(t *testing.T, b sandbox.Business, lead map[string]any, jobID string) {
	t.Helper()
	if lead == nil {
		t.Errorf("%s is missing", b.Name)
		return
	}
	if lead["cid"] != b.CID || lead["place_id"] != b.PlaceID || text(lead["phone"]) != b.Phone || text(lead["phone_national"]) != b.PhoneNational() || text(lead["website"]) != b.Website() ||
		lead["city"] != b.City || lead["first_seen_job"] != jobID || lead["business_type"] != "plumbing" || text(lead["address"]) != b.Address() {
		t.Errorf("%s is saved as %v", b.Name, lead)
	}
	if hours := fmt.Sprint(lead["opening_hours"]); !b.Closed &&
		!strings.HasPrefix(hours, "[map[day:Monday hours:[8 AM–6 PM] periods:[map[closes:18:00 opens:08:00]] weekday:monday] ") {
		t.Errorf("%s is open %s", b.Name, hours)
	}
	values := []string{}
	for _, c := range lead["contacts"].([]any) {
		values = append(values, c.(map[string]any)["value"].(string))
	}
	expected := []string{}
	for _, c := range b.Contacts {
		expected = append(expected, c.Value)
	}
	if len(expected) == 0 { // the next provider is asked on a miss alone
		for _, p := range b.Hunter {
			expected = append(expected, p.Email)
		}
	}
	slices.Sort(values)
	slices.Sort(expected)
	if !slices.Equal(values, expected) {
		t.Errorf("%s (%s website): contacts %v, want %v; contacts hide in %v", b.Name, b.Site, values, expected, b.Contacts)
	}
	status := "enriched"
	if len(expected) == 0 {
		status = "no_contacts"
	}
	if lead["enrichment_status"] != status {
		t.Errorf("%s (%s website) is %v, want %s", b.Name, b.Site, lead["enrichment_status"], status)
	}
}

func text(v any) string {
	s, _ := v.(string) // null is no text
	return s
}

// TestKillInMidScrape kills the program while it scrapes. What was answered
// with an id goes on by itself, no place is twice, and no browser is left.
func TestKillInMidScrape(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{FeedDelay: time.Second})
	s := serve(t, world, nil, "JOB_LEASE=2s", "ENRICHMENT_RATE_LIMIT=2/1m")
	dataDir := dataDirOf(s.env)
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 70})
	accepted := []string{id}
	for range 5 {
		accepted = append(accepted, s.scrape(map[string]any{"location": "Howell", "business_type": "dentist", "max_results": 5}))
	}
	testenv.Eventually(t, soon, func() bool { return len(s.businesses()) >= 20 }, "the scrape is in its middle")
	if j := s.job(id); j["status"] != "active" {
		t.Fatalf("the scrape is %v", j["status"])
	}
	s.kill()
	testenv.Eventually(t, soon, func() bool { return len(browsers(dataDir)) == 0 }, "no browser is left: %v", browsers(dataDir))
	s.start()
	for _, id := range accepted {
		s.reaches(id, "completed", 2*soon)
	}
	if j := s.job(id); j["result"].(map[string]any)["found"] != 70.0 || j["attemptsMade"] != 1.0 {
		t.Errorf("the scrape ended as %v after %v attempts", j["result"], j["attemptsMade"])
	}
	seen := map[string]bool{}
	for _, b := range s.businesses() {
		if seen[b["cid"].(string)] {
			t.Errorf("%v is there twice", b["name"])
		}
		seen[b["cid"].(string)] = true
	}
	for _, b := range world.Town().Find("plumbing near Freehold, NJ")[:70] {
		if !seen[b.CID] {
			t.Errorf("%s is missing", b.Name)
		}
	}
	if profiles, _ := filepath.Glob(filepath.Join(dataDir, "browser", "*")); len(profiles) > 1 {
		t.Errorf("profiles of dead browsers are left: %v", profiles)
	}
}

// browsers lists processes that have a folder in their command line and are browsers.
func browsers(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), "--user-data-dir="+dir) {
			found = append(found, file)
		}
	}
	return found
}

func dataDirOf(env []string) string {
	value := ""
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, "DATA_DIR="); ok {
			value = v
		}
	}
	return value
}

// TestProviderThatFailsTwice lets Hunter fail twice: the third attempt
// completes, after waits of two and four seconds.
func TestProviderThatFailsTwice(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=0")
	id := s.oneLead(world, func(b sandbox.Business) bool { return b.Site == sandbox.Silent && len(b.Hunter) > 0 })
	world.Faults().Set(sandbox.Switches{HunterFailNext: 2, HunterFailWith: 502})
	a := s.call(http.MethodPost, fmt.Sprintf("/api/enrichment/%d", id), nil)
	if a.status != http.StatusAccepted {
		t.Fatalf("%d %v", a.status, a.body)
	}
	var starts []time.Time
	jobID := a.body["jobId"].(string)
	testenv.Eventually(t, soon, func() bool {
		j := s.job(jobID)
		if at, err := time.Parse(time.RFC3339, text(j["startedAt"])); err == nil && !slices.ContainsFunc(starts, at.Equal) {
			starts = append(starts, at)
		}
		return j["status"] == "completed"
	}, "the third attempt completes")
	if j := s.job(jobID); j["attemptsMade"] != 3.0 || j["result"].(map[string]any)["contacts"] != 1.0 {
		t.Errorf("ended as %v", j)
	}
	if len(starts) != 3 {
		t.Fatalf("%d starts were seen", len(starts))
	}
	for i, want := range []time.Duration{2 * time.Second, 4 * time.Second} {
		// From start to start, so that the time of the attempt itself is in it.
		if gap := starts[i+1].Sub(starts[i]); gap < want || gap > want+2500*time.Millisecond {
			t.Errorf("attempt %d came %s after the one before, want about %s", i+2, gap, want)
		}
	}
}

// TestProviderThatAlwaysFails ends a job in the poison queue with its reason,
// from where a retry by the API lets it run again.
func TestProviderThatAlwaysFails(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "ENRICHMENT_RATE_LIMIT=0", "ENRICHMENT_BACKOFF=200ms")
	id := s.oneLead(world, func(b sandbox.Business) bool { return b.Site == sandbox.Silent && len(b.Hunter) > 0 })
	world.Faults().Set(sandbox.Switches{HunterStatus: 500})
	jobID := s.call(http.MethodPost, fmt.Sprintf("/api/enrichment/%d", id), nil).body["jobId"].(string)
	j := s.reaches(jobID, "failed", soon)
	if j["attemptsMade"] != 3.0 || !strings.Contains(text(j["failedReason"]), "500") {
		t.Errorf("failed as %v", j)
	}
	poison := s.get("/api/poison?queue=enrichment").body
	if poison["total"] != 1.0 {
		t.Fatalf("poison queue %v", poison)
	}
	entry := poison["entries"].([]any)[0].(map[string]any)
	if entry["jobId"] != jobID || !strings.Contains(text(entry["reason"]), "500") || entry["attempts"] != 3.0 || entry["payload"] != fmt.Sprintf(`{"business_id":%d}`, id) {
		t.Errorf("poison entry %v", entry)
	}
	failed := s.get("/api/jobs/failed").body
	if failed["total"] != 1.0 || failed["jobs"].([]any)[0].(map[string]any)["jobId"] != jobID {
		t.Errorf("failed jobs %v", failed)
	}
	testenv.Eventually(t, soon, func() bool {
		return s.get(fmt.Sprintf("/api/businesses/%d", id)).body["enrichment_status"] == "failed"
	}, "the lead is marked as failed")
	world.Faults().Set(sandbox.Switches{})
	if a := s.call(http.MethodPost, "/api/jobs/"+jobID+"/retry", nil); a.status != http.StatusOK || a.body["message"] != "Job "+jobID+" retry queued" {
		t.Fatalf("retry: %d %v", a.status, a.body)
	}
	if j := s.reaches(jobID, "completed", soon); j["attemptsMade"] != 1.0 {
		t.Errorf("after the retry: %v", j)
	}
	if left := s.get("/api/poison?queue=enrichment").body["total"]; left != 0.0 {
		t.Errorf("%v poison entries after the retry", left)
	}
	if lines := s.get("/api/jobs/" + jobID + "/logs").body["logs"].([]any); len(lines) < 8 {
		t.Errorf("the log has %d lines", len(lines))
	}
}

// oneLead scrapes one business that is as wanted, without enriching it.
func (s *service) oneLead(world *sandbox.Server, wanted func(sandbox.Business) bool) int64 {
	s.t.Helper()
	businesses := world.Town().Businesses()
	i := slices.IndexFunc(businesses, wanted)
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": businesses[i].Name, "max_results": 1, "enrich": false})
	s.reaches(id, "completed", soon)
	return int64(s.businesses()[0]["id"].(float64))
}

// TestThrottleOverTwoWorkers lets two processes work on thirty enrichments.
func TestThrottleOverTwoWorkers(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{SlowBy: 100 * time.Millisecond})
	redis := testenv.Redis(t)
	shared := []string{"REDIS_URL=" + redis.URL(), "DATABASE_URL=" + testenv.Postgres(t), "ENRICHMENT_RATE_LIMIT=10/4s"}
	api := serve(t, world, []string{"--role", "api"}, shared...)
	for range 2 {
		serve(t, world, []string{"--role", "worker"}, shared...)
	}
	id := api.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 30, "enrich": false})
	api.reaches(id, "completed", soon)
	a := api.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": 30})
	if a.status != http.StatusAccepted || a.body["totalJobs"] != 30.0 {
		t.Fatalf("batch: %d %v", a.status, a.body)
	}
	path := "/api/enrichment/batch/" + a.body["batchId"].(string) + "/status"
	testenv.Eventually(t, 3*soon, func() bool { return api.get(path).body["status"] == "completed" }, "the batch is done")
	if b := api.get(path).body; b["total"] != 30.0 || b["completed"] != 30.0 || b["progress"] != 100.0 {
		t.Errorf("batch %v", b)
	}
	var starts []time.Time
	for _, j := range api.get("/api/jobs?queue=enrichment&limit=200").body["jobs"].([]any) {
		at, err := time.Parse(time.RFC3339, text(j.(map[string]any)["startedAt"]))
		if err != nil {
			t.Fatal(err)
		}
		starts = append(starts, at)
	}
	slices.SortFunc(starts, time.Time.Compare)
	for i := 10; i < len(starts); i++ {
		if gap := starts[i].Sub(starts[i-10]); gap < 4*time.Second-time.Millisecond {
			t.Errorf("starts %d and %d are %s apart: more than ten in four seconds", i-10, i, gap)
		}
	}
	if empty := api.call(http.MethodPost, "/api/enrichment/batch", nil); empty.status != http.StatusOK ||
		empty.body["message"] != "No pending businesses to enrich" || empty.body["totalJobs"] != 0.0 {
		t.Errorf("a batch with nothing pending: %d %v", empty.status, empty.body)
	}
}

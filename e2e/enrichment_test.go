package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadstream/adapters/database"
	"leadstream/domain/business"
	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// withLeads is a data folder whose database has a lead for each website.
func withLeads(t *testing.T, websites ...string) (dataDir string) {
	t.Helper()
	dataDir = t.TempDir()
	db, err := database.Open(database.Options{DataDir: dataDir, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, website := range websites {
		found := business.Found{JobID: "seed", Place: business.Place{Name: fmt.Sprintf("Lead %d", i), Address: fmt.Sprintf("%d Main St", i), Website: website}, At: time.Now()}
		if _, _, err := db.SaveFound(context.Background(), found); err != nil {
			t.Fatal(err)
		}
	}
	return dataDir
}

// silentSites are websites that show nothing, of businesses that Hunter knows.
func silentSites(world *sandbox.Server, n int) (websites []string) {
	for _, b := range world.Town().Businesses() {
		if b.Site == sandbox.Silent && len(b.Hunter) > 0 && len(websites) < n {
			websites = append(websites, b.Website())
		}
	}
	return websites
}

// TestOutageAmidTwoHundredJobs takes Hunter away in the middle of a batch. All
// jobs complete once it is back, and no attempt is lost but the one that showed
// that something is wrong.
func TestOutageAmidTwoHundredJobs(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{SlowBy: 50 * time.Millisecond})
	const jobs, failures = 200, 10
	websites := silentSites(world, 20)
	for i := len(websites); i < jobs; i++ {
		websites = append(websites, fmt.Sprintf("http://gone-%d.example/", i)) // dead, and not known to Hunter
	}
	world.Faults().Set(sandbox.Switches{WebsiteDelayMS: 50}) // so that there is a middle
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, websites...), "ENRICHMENT_RATE_LIMIT=0", "ENRICHMENT_BACKOFF=200ms", "ENRICHMENT_CRAWL_DELAY=1ms",
		"BREAKER_FAILURES="+fmt.Sprint(failures), "BREAKER_OPEN_FOR=400ms", "JOBS_KEEP_COMPLETED=1000")
	a := s.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": jobs})
	if a.status != http.StatusAccepted || a.body["totalJobs"] != float64(jobs) {
		t.Fatalf("%d %v", a.status, a.body)
	}
	path := "/api/enrichment/batch/" + text(a.body["batchId"]) + "/status"
	completed := func() float64 { return s.get(path).body["completed"].(float64) }
	testenv.Eventually(t, 3*soon, func() bool { return completed() >= 30 }, "the batch is under way")
	world.Faults().Set(sandbox.Switches{WebsiteDelayMS: 50, HunterStatus: http.StatusServiceUnavailable})
	testenv.Eventually(t, soon, func() bool { return s.metric(`leadstream_provider_breaker_state{provider="hunter"}`) == "2" }, "the breaker is open")
	tried := world.Hits("hunter.example")
	testenv.Eventually(t, soon, func() bool { return world.Hits("hunter.example") >= tried+3 }, "Hunter is tried in vain for a while")
	if n := completed(); n >= jobs {
		t.Fatalf("%v jobs were completed before the outage", n)
	}
	world.Faults().Set(sandbox.Switches{})
	testenv.Eventually(t, 3*soon, func() bool { return s.get(path).body["status"] == "completed" }, "the batch is done")
	if b := s.get(path).body; b["completed"] != float64(jobs) || b["failed"] != 0.0 {
		t.Errorf("batch %v", b)
	}
	lost := 0
	for cursor := ""; ; {
		page := s.get("/api/jobs?queue=enrichment&limit=200&cursor=" + cursor).body
		for _, j := range page["jobs"].([]any) {
			lost += int(j.(map[string]any)["attemptsMade"].(float64)) - 1
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	t.Logf("%d attempts were lost over %d jobs", lost, jobs)
	if lost > 1 {
		t.Errorf("%d attempts were lost by an outage that all jobs share", lost)
	}
	testenv.Eventually(t, soon, func() bool { return s.metric(`leadstream_provider_breaker_state{provider="hunter"}`) == "0" }, "the breaker is closed")
}

// TestFewJobsOutlastAnOutage has fewer jobs than outages that open the breaker,
// so that their attempts would run out first.
func TestFewJobsOutlastAnOutage(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	const jobs = 3
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, silentSites(world, jobs)...), "ENRICHMENT_RATE_LIMIT=0", "ENRICHMENT_BACKOFF=100ms", "ENRICHMENT_CRAWL_DELAY=1ms",
		"ENRICHMENT_ATTEMPTS=3", "BREAKER_FAILURES=12", "BREAKER_OPEN_FOR=300ms")
	world.Faults().Set(sandbox.Switches{HunterStatus: http.StatusServiceUnavailable})
	a := s.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": jobs})
	if a.status != http.StatusAccepted || a.body["totalJobs"] != float64(jobs) {
		t.Fatalf("%d %v", a.status, a.body)
	}
	testenv.Eventually(t, soon, func() bool { return s.metric(`leadstream_provider_breaker_state{provider="hunter"}`) == "2" }, "the breaker is open")
	world.Faults().Set(sandbox.Switches{})
	path := "/api/enrichment/batch/" + text(a.body["batchId"]) + "/status"
	testenv.Eventually(t, soon, func() bool { return s.get(path).body["status"] == "completed" }, "the batch is done")
	if b := s.get(path).body; b["completed"] != float64(jobs) || b["failed"] != 0.0 {
		t.Errorf("batch %v", b)
	}
}

// metric is a value of /metrics, empty when it is not there.
func (s *service) metric(name string) string {
	s.t.Helper()
	response, err := http.Get(s.url + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, _ := io.ReadAll(response.Body)
	for line := range strings.SplitSeq(string(raw), "\n") {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return value
		}
	}
	return ""
}

// TestRefusedKeyIsToldOf completes jobs with what websites show, and tells
// whoever runs it.
func TestRefusedKeyIsToldOf(t *testing.T) {
	t.Parallel()
	const key = "a-key-that-nobody-knows"
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, silentSites(world, 1)...), "HUNTER_API_KEY="+key, "ENRICHMENT_CRAWL_DELAY=1ms", "LOG_LEVEL=debug", "ALERT_WINDOW=10s")
	l := s.socket("types=alert:*")
	if ready := s.get("/readyz").body; ready["warnings"] != nil {
		t.Errorf("before: %v", ready)
	}
	id := text(s.call(http.MethodPost, "/api/enrichment/1", nil).body["jobId"])
	result := s.reaches(id, "completed", soon)["result"].(map[string]any)
	if got := fmt.Sprint(result["providers"]); !strings.Contains(got, "unauthorised") {
		t.Errorf("providers %s", got)
	}
	if got := fmt.Sprint(s.get("/readyz").body["warnings"]); !strings.Contains(got, "hunter refuses HUNTER_API_KEY") {
		t.Errorf("warnings %s", got)
	}
	if got := s.metric(`leadstream_provider_warning{provider="hunter"}`); got != "1" {
		t.Errorf("metric %q", got)
	}
	var alert struct {
		Type string         `json:"type"`
		Data map[string]any `json:"data"`
	}
	_ = l.SetReadDeadline(time.Now().Add(soon))
	if err := l.ReadJSON(&alert); err != nil || alert.Type != "alert:raised" || alert.Data["name"] != "provider_refused" || alert.Data["queue"] != "enrichment" || alert.Data["value"] != 1.0 {
		t.Errorf("alert %+v, %v", alert, err)
	}
	everything := s.logs.String() + fmt.Sprint(s.get("/readyz").body, s.job(id), s.get("/api/jobs/"+id+"/logs").body, s.get("/api/enrichment/quota").body, alert)
	if strings.Contains(everything, key) || !strings.Contains(everything, "hunter refuses the API key") {
		t.Errorf("the key is told, or its refusal is not:\n%s", everything)
	}
}

// TestQuotaUsedUpLeavesWebsites completes every job, those without contacts too.
func TestQuotaUsedUpLeavesWebsites(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, silentSites(world, 6)...), "HUNTER_MONTHLY_QUOTA=2", "ENRICHMENT_RATE_LIMIT=0", "ENRICHMENT_CRAWL_DELAY=1ms", "HUNTER_VERIFY=true")
	path := "/api/enrichment/batch/" + text(s.call(http.MethodPost, "/api/enrichment/batch", nil).body["batchId"]) + "/status"
	testenv.Eventually(t, 2*soon, func() bool { return s.get(path).body["status"] == "completed" }, "the batch is done")
	if b := s.get(path).body; b["completed"] != 6.0 {
		t.Errorf("batch %v", b)
	}
	if n := world.Stats().Kinds["hunter_domain_search"]; n != 2 {
		t.Errorf("%d searches", n)
	}
	if q := s.get("/api/enrichment/quota").body; q["used"] != 2.0 || q["remaining"] != 0.0 {
		t.Errorf("quota %v", q)
	}
	enriched := 0
	for _, b := range s.businesses() {
		if b["enrichment_status"] == "enriched" {
			enriched++
		}
	}
	if enriched != 2 {
		t.Errorf("%d are enriched", enriched)
	}
}

// TestBatchIsCancelled takes back what has not started.
func TestBatchIsCancelled(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, silentSites(world, 12)...), "ENRICHMENT_RATE_LIMIT=1/1m")
	batch := text(s.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": 12}).body["batchId"])
	again := s.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": 12})
	if again.status != http.StatusOK || again.body["totalJobs"] != 0.0 {
		t.Errorf("the same businesses again: %d %v", again.status, again.body)
	}
	path := "/api/enrichment/batch/" + batch
	testenv.Eventually(t, soon, func() bool { return s.get(path + "/status").body["completed"] == 1.0 }, "one is done")
	if a := s.call(http.MethodDelete, path, nil); a.status != http.StatusOK || a.body["cancelled"] != 11.0 {
		t.Errorf("%d %v", a.status, a.body)
	}
	if b := s.get(path + "/status").body; b["status"] != "completed" || b["cancelled"] != 11.0 || b["waiting"] != 0.0 {
		t.Errorf("batch %v", b)
	}
	if a := s.call(http.MethodDelete, path, nil); a.status != http.StatusConflict {
		t.Errorf("again: %d %v", a.status, a.body)
	}
	if a := s.call(http.MethodDelete, "/api/enrichment/batch/batch-gone", nil); a.status != http.StatusNotFound {
		t.Errorf("unknown: %d %v", a.status, a.body)
	}
}

// TestBranchesOfOneFirm costs one crawl and one search, until it is forced.
func TestBranchesOfOneFirm(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	site := silentSites(world, 1)[0]
	host := strings.TrimSuffix(strings.TrimPrefix(site, "http://"), "/")
	s := serve(t, world, nil, "DATA_DIR="+withLeads(t, site, site+"howell", "http://www."+host+"/"), "ENRICHMENT_RATE_LIMIT=0", "ENRICHMENT_CRAWL_DELAY=1ms")
	enrich := func(id int, body any) {
		t.Helper()
		a := s.call(http.MethodPost, fmt.Sprintf("/api/enrichment/%d", id), body)
		result := s.reaches(text(a.body["jobId"]), "completed", soon)["result"].(map[string]any)
		if result["contacts"] == 0.0 {
			t.Errorf("business %d: %v", id, result)
		}
	}
	enrich(1, nil)
	crawled, searched := world.Hits(host), world.Stats().Kinds["hunter_domain_search"]
	enrich(2, nil)
	enrich(3, map[string]any{})
	if n, m := world.Hits(host), world.Stats().Kinds["hunter_domain_search"]; n != crawled || m != searched || searched != 1 {
		t.Errorf("crawled with %d requests, then %d; searched %d times, then %d", crawled, n, searched, m)
	}
	enrich(1, map[string]any{"force": true})
	if n, m := world.Hits(host), world.Stats().Kinds["hunter_domain_search"]; n != 2*crawled || m != 2 {
		t.Errorf("with force %d requests after %d, and %d searches", n, crawled, m)
	}
}

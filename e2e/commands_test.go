package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// TestCommandsFromOtherServices publishes commands as any Redis client can.
func TestCommandsFromOtherServices(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	server := testenv.Redis(t)
	s := serve(t, world, nil, "REDIS_URL="+server.URL(), "ENRICHMENT_RATE_LIMIT=0")
	client := server.Client()
	send := func(fields ...any) {
		t.Helper()
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "leadstream:commands", Values: fields}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		send("name", "scrape_businesses", "payload", `{"location":"Freehold, NJ","max_results":5}`, "id", "mine")
	}
	testenv.Eventually(t, soon, func() bool { return s.call(http.MethodGet, "/api/jobs/mine", nil).status == http.StatusOK }, "the job is there")
	j := s.reaches("mine", "completed", soon)
	if j["attemptsMade"] != 1.0 || j["result"].(map[string]any)["found"] != 5.0 {
		t.Errorf("ended as %v", j)
	}
	garbage := [][]any{
		{"name", "scrape_businesses"},
		{"name", "scrape_businesses", "payload", "not json"},
		{"name", "launch_missiles", "payload", "{}"},
		{"payload", "{}"},
		{"name", "scrape_businesses", "payload", `{"location":"x","colour":"red","radius":-1}`},
		{"name", "scrape_businesses", "payload", `{"location":"` + strings.Repeat("x", 300<<10) + `"}`},
		{"\xff\xfe", "\x00"},
		{"name", "enrich_business", "payload", `{"business_id":99999}`},
		{"name", "cancel_job", "payload", `{"job_id":"nobody"}`},
	}
	for _, fields := range garbage {
		send(fields...)
	}
	send("name", "enrich_business.v1", "payload", `{"business_id":1}`, "id", "after-garbage")
	testenv.Eventually(t, soon, func() bool { return s.call(http.MethodGet, "/api/jobs/after-garbage", nil).status == http.StatusOK }, "the command after the garbage runs")
	poison := s.get("/api/poison?queue=commands&limit=50").body
	if poison["total"] != float64(len(garbage)) {
		t.Errorf("%v poison entries, want %d", poison["total"], len(garbage))
	}
	for i, e := range client.XRange(t.Context(), "leadstream:commands:poison", "-", "+").Val() {
		if fmt.Sprint(e.Values["reason_poisoned"]) == "" || fmt.Sprint(e.Values[garbage[i][0].(string)]) != garbage[i][1] {
			t.Errorf("poison entry %d is %.200v", i, e.Values)
		}
	}
	testenv.Eventually(t, soon, func() bool { return client.XLen(t.Context(), "leadstream:commands").Val() == 0 }, "handled entries are removed")
	if n := s.get("/api/jobs?queue=scraping").body["total"]; n != 1.0 {
		t.Errorf("%v scrapes, want the one", n)
	}
}

// TestEventsForOtherServices reads the public event stream as it is documented.
func TestEventsForOtherServices(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	server := testenv.Redis(t)
	s := serve(t, world, nil, "REDIS_URL="+server.URL(), "ENRICHMENT_RATE_LIMIT=0")
	id := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 3})
	s.reaches(id, "completed", soon)
	kinds := map[string]int{}
	for _, e := range server.Client().XRange(t.Context(), "leadstream:events", "-", "+").Val() {
		kind, payload := fmt.Sprint(e.Values["type"]), fmt.Sprint(e.Values["payload"])
		kinds[kind]++
		if !strings.Contains(payload, `"type":"`+kind+`"`) || !strings.Contains(payload, `"data":{`) {
			t.Errorf("entry %v", e.Values)
		}
	}
	for kind, least := range map[string]int{"job:updated": 3, "scraping:progress": 6, "scraping:complete": 1, "business:found": 3, "business:created": 3} {
		if kinds[kind] < least {
			t.Errorf("%d events %s, want at least %d", kinds[kind], kind, least)
		}
	}
}

// TestRedisOutage stops Redis under the running service.
func TestRedisOutage(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	server := testenv.Redis(t)
	s := serve(t, world, nil, "REDIS_URL="+server.URL(), "ENRICHMENT_RATE_LIMIT=0")
	first := s.scrape(map[string]any{"location": "Freehold, NJ", "max_results": 2, "enrich": false})
	s.reaches(first, "completed", soon)
	server.Stop()
	for _, path := range []string{"/api/jobs", "/api/jobs/" + first, "/api/queues", "/api/poison", "/api/enrichment/quota", "/readyz"} {
		begin := time.Now()
		a := s.call(http.MethodGet, path, nil)
		if a.status != http.StatusServiceUnavailable {
			t.Errorf("GET %s without Redis: %d", path, a.status)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("GET %s without Redis took %s", path, took)
		}
	}
	if a := s.call(http.MethodPost, "/api/scraper/scrape", map[string]any{"location": "x"}); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("scrape without Redis: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if n := len(s.businesses()); n != 2 {
		t.Errorf("%d leads without Redis", n)
	}
	server.Start()
	testenv.Eventually(t, soon, func() bool { return s.call(http.MethodGet, "/readyz", nil).status == http.StatusOK }, "ready again")
	second := s.scrape(map[string]any{"location": "Freehold, NJ", "max_results": 3, "enrich": false})
	s.reaches(second, "completed", soon)
}

// TestForgetfulRedisIsWarnedOf names a Redis that keeps nothing.
func TestForgetfulRedisIsWarnedOf(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	server := testenv.Redis(t)
	for name, value := range map[string]string{"appendonly": "no", "maxmemory-policy": "allkeys-lru"} {
		if err := server.Client().ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, world, nil, "REDIS_URL="+server.URL())
	if warnings, _ := s.get("/readyz").body["warnings"].([]any); len(warnings) != 2 {
		t.Errorf("warnings %v", warnings)
	}
	if n := strings.Count(s.logs.String(), "jobs may be lost"); n != 2 {
		t.Errorf("%d warnings in the log", n)
	}
}

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// curl sends a request as people try the API out, and answers status and body.
func (s *service) curl(method, path, body string) (status string, answer string) {
	s.t.Helper()
	args := []string{"-sS", "-X", method, "-w", "\n%{http_code}", s.url + path}
	if body != "" {
		args = append(args, "-H", "Content-Type: application/json", "-d", body)
	}
	out, err := exec.CommandContext(s.t.Context(), "curl", args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("curl %v: %v: %s", args, err, out)
	}
	i := bytes.LastIndexByte(out, '\n')
	return string(out[i+1:]), string(out[:i])
}

// route is a row of the table of routes: what is asked, and what the answer
// holds: fields, or words where it is no JSON.
type route struct {
	method, path, body string
	status             string
	holds              []string
}

// TestEveryRouteAnswers walks the table of routes with curl.
func TestEveryRouteAnswers(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	store := testenv.Redis(t)
	s := serve(t, world, nil, "REDIS_URL="+store.URL(), "DATA_DIR="+withLeads(t, silentSites(world, 2)...), "ENRICHMENT_CRAWL_DELAY=1ms", "ENRICHMENT_RATE_LIMIT=1/1h", "SCRAPING_ATTEMPTS=1")
	done := s.scrape(map[string]any{"location": "Freehold, NJ", "business_type": "plumbing", "max_results": 1, "enrich": false})
	s.reaches(done, "completed", soon)
	pauseAll(s)
	waiting := s.scrape(map[string]any{"location": "Freehold, NJ"})
	other := s.scrape(map[string]any{"location": "Freehold, NJ"})
	poison := s.badCommand(store)
	batch := text(s.call(http.MethodPost, "/api/enrichment/batch", map[string]any{"count": 1}).body["batchId"])
	job := []string{"jobId", "queue", "name", "status", "progress", "data", "attemptsMade", "maxAttempts", "priority", "createdAt"}
	accepted := []string{"jobId", "status", "message"}
	entry := []string{"id", "queue", "payload", "reason", "metadata", "attempts"}
	for _, r := range []route{
		{"POST", "/api/scraper/scrape", `{"location":"Freehold, NJ","business_type":"plumbing","radius":2,"max_results":5,"enrich":false,"priority":"low"}`, "202", accepted},
		{"POST", "/api/scraper/scrape", `{"location":"","colour":1}`, "400", []string{"type", "title", "status", "errors"}},
		{"GET", "/api/scraper/status/" + done, "", "200", job},
		{"POST", "/api/enrichment/2", "", "202", append([]string{"businessId"}, accepted...)},
		{"POST", "/api/enrichment/9999", "", "404", []string{"title", "status"}},
		{"POST", "/api/enrichment/batch", `{"count":2}`, "202", []string{"batchId", "totalJobs", "status", "message"}},
		{"POST", "/api/enrichment/batch", `{"count":2}`, "200", []string{"message", "totalJobs"}}, // nothing is pending any more
		{"GET", "/api/enrichment/batch/" + batch + "/status", "", "200", []string{"batchId", "status", "total", "completed", "failed", "cancelled", "active", "waiting", "delayed", "progress"}},
		{"GET", "/api/enrichment/quota", "", "200", []string{"provider", "month", "used", "limit", "remaining", "resetsAt", "rate"}},
		{"GET", "/api/jobs?queue=scraping&status=waiting&limit=1", "", "200", []string{"jobs", "total", "nextCursor"}},
		{"GET", "/api/jobs/failed?queue=scraping&limit=5", "", "200", []string{"jobs", "total"}},
		{"GET", "/api/jobs/" + done, "", "200", append([]string{"result", "startedAt", "finishedAt", "durationMs"}, job...)},
		{"GET", "/api/jobs/nobody", "", "404", []string{"title", "status"}},
		{"GET", "/api/jobs/" + done + "/logs?limit=2", "", "200", []string{"jobId", "logs", "total"}},
		{"DELETE", "/api/jobs/" + waiting, "", "200", []string{"message"}},
		{"DELETE", "/api/jobs/" + waiting, "", "409", []string{"title", "status"}},
		{"DELETE", "/api/jobs/nobody", "", "404", []string{"title", "status"}},
		{"POST", "/api/jobs/" + waiting + "/retry", "", "200", []string{"message"}},
		{"POST", "/api/jobs/" + other + "/retry", "", "409", []string{"title", "status"}},
		{"POST", "/api/jobs/nobody/retry", "", "404", []string{"title", "status"}},
		{"POST", "/api/jobs/failed/retry?queue=scraping", "", "200", []string{"retried"}},
		{"GET", "/api/queues", "", "200", []string{"name", "paused", "waiting", "active", "delayed", "completed", "failed", "concurrency", "workers", "oldestWaitingSeconds", "failureRate"}},
		{"POST", "/api/queues/scraping/pause", "", "200", nil},
		{"POST", "/api/queues/enrichment/resume", "", "200", nil},
		{"POST", "/api/queues/nobody/pause", "", "404", []string{"title", "status"}},
		{"GET", "/api/poison?queue=commands&limit=1", "", "200", []string{"entries", "total", "nextCursor"}},
		{"GET", "/api/poison/" + poison, "", "200", entry},
		{"POST", "/api/poison/requeue?queue=enrichment", "", "200", []string{"requeued"}},
		{"POST", "/api/poison/" + poison + "/requeue", "", "200", []string{"message"}},
		{"GET", "/api/businesses?q=Lead&sort=name&limit=1&has=website", "", "200", []string{"businesses", "total", "nextCursor"}},
		{"GET", "/api/businesses/1", "", "200", []string{"id", "name", "contacts", "enrichment_status", "created_at"}},
		{"PATCH", "/api/businesses/1", `{"notes":"called","tags":["warm"]}`, "200", []string{"id", "notes", "tags"}},
		{"PATCH", "/api/businesses/1", `{"name":"x"}`, "400", []string{"errors"}},
		{"GET", "/api/businesses/export?format=csv", "", "200", []string{"id,name,", "Lead 1"}},
		{"GET", "/api/businesses/export?format=json", "", "200", []string{"id", "name"}},
		{"GET", "/api/businesses/export?format=geojson", "", "200", []string{"type", "features"}},
		{"DELETE", "/api/businesses/1", "", "200", nil},
		{"DELETE", "/api/businesses/1", "", "404", []string{"title", "status"}},
		{"GET", "/api/stats", "", "200", []string{"businesses", "contacts", "jobs", "throughput", "today"}},
		{"GET", "/healthz", "", "200", nil},
		{"GET", "/readyz", "", "200", nil},
		{"GET", "/metrics", "", "200", []string{"go_goroutines", "leadstream_"}},
		{"GET", "/openapi.json", "", "200", []string{"openapi", "paths"}},
		{"GET", "/docs", "", "200", []string{"<html"}},
		{"GET", "/", "", "200", []string{"<html", "Leadstream"}},
	} {
		status, answer := s.curl(r.method, r.path, r.body)
		if status != r.status {
			t.Errorf("%s %s: %s, want %s: %.300s", r.method, r.path, status, r.status, answer)
			continue
		}
		for _, want := range r.holds {
			if !holds(answer, want) {
				t.Errorf("%s %s: no %s in %.400s", r.method, r.path, want, answer)
			}
		}
	}
}

// holds looks for a field of an object, or of a list's first; or for words in what is no JSON.
func holds(answer, want string) bool {
	var object map[string]any
	var list []map[string]any
	if json.Unmarshal([]byte(answer), &object) != nil {
		if json.Unmarshal([]byte(answer), &list) != nil || len(list) == 0 {
			return strings.Contains(answer, want)
		}
		object = list[0]
	}
	_, found := object[want]
	return found
}

// badCommand answers the id of a poison entry.
func (s *service) badCommand(store *testenv.RedisServer) (id string) {
	s.t.Helper()
	add := &redis.XAddArgs{Stream: "leadstream:commands", Values: []any{"name", "no_such_command", "payload", "{}"}}
	if err := store.Client().XAdd(s.t.Context(), add).Err(); err != nil {
		s.t.Fatal(err)
	}
	testenv.Eventually(s.t, soon, func() bool {
		entries := s.get("/api/poison?queue=commands").body["entries"].([]any)
		if len(entries) == 1 {
			id = text(entries[0].(map[string]any)["id"])
		}
		return id != ""
	}, "the command is in the poison queue")
	return id
}

func pauseAll(s *service) {
	s.t.Helper()
	for _, queue := range []string{"scraping", "enrichment"} {
		if a := s.call(http.MethodPost, "/api/queues/"+queue+"/pause", nil); a.status != http.StatusOK {
			s.t.Fatalf("pausing %s: %d %v", queue, a.status, a.body)
		}
	}
}

// TestWscat connects as the dashboard's team does to see whether anyone is there.
func TestWscat(t *testing.T) {
	t.Parallel()
	s := serve(t, town(t, sandbox.Options{}), []string{"--role", "api"})
	address := "ws" + strings.TrimPrefix(s.url, "http") + "/socket.io/?EIO=4&transport=websocket"
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	cmd := exec.CommandContext(ctx, testenv.Wscat(t), "-c", address)
	stdin, err := cmd.StdinPipe() // at its end wscat would close
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr, cmd.Env, cmd.WaitDelay = os.Stderr, append(slices.Clone(os.Environ()), "NO_COLOR=1", "TERM=dumb"), time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var heard strings.Builder
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		heard.WriteString(lines.Text() + "\n")
		found = strings.Contains(lines.Text(), `0{"`) && strings.Contains(lines.Text(), `"sid":"`) && strings.Contains(lines.Text(), `"pingInterval":`)
	}
	cancel()
	_ = cmd.Wait() // it was ended
	if !found {
		t.Errorf("wscat heard no open packet, but:\n%s", heard.String())
	}
}

// TestOpenDoorIsRefused does not let others reach an API that asks for no token.
func TestOpenDoorIsRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:3000"} {
		for _, args := range [][]string{{"serve"}, {"serve", "--role", "api"}} {
			data := t.TempDir()
			got := command(t, nil, []string{"HTTP_ADDR=" + addr, "API_TOKENS=", "DATA_DIR=" + data}, args...)
			if why := fmt.Sprintf("HTTP_ADDR: %s is reachable by others, which needs API_TOKENS", addr); got.code != 2 || !strings.Contains(got.err, why) {
				t.Errorf("exit %d, wrote %q and %q; want exit 2 and %q", got.code, got.out, got.err, why)
			}
			if files, _ := os.ReadDir(data); len(files) > 0 {
				t.Errorf("%s: it had begun: %v", addr, files)
			}
		}
	}
}

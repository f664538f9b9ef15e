package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// socket is a client of /ws.
type socket struct {
	*websocket.Conn

	t *testing.T
}

func (s *service) socket(query string) socket {
	s.t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/ws?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	s.t.Cleanup(func() { _ = conn.Close() })
	return socket{conn, s.t}
}

// event reads the next one's id.
func (s socket) event() string {
	s.t.Helper()
	_ = s.SetReadDeadline(time.Now().Add(soon))
	var e struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if err := s.ReadJSON(&e); err != nil || e.Type != "job:updated" {
		s.t.Fatalf("event %+v, %v", e, err)
	}
	return e.ID
}

// TestFeedGoesOnElsewhere hears of jobs from one process, loses it, and goes on
// at another, while Redis restarts in between: no event is missed or repeated.
func TestFeedGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	world := town(t, sandbox.Options{})
	redis := testenv.Redis(t)
	first := serve(t, world, []string{"--role", "api"}, "REDIS_URL="+redis.URL())
	second := serve(t, world, []string{"--role", "api"}, "REDIS_URL="+redis.URL())
	const query = "types=job:updated"
	queue := func(s *service, n int) {
		for range n {
			s.scrape(map[string]any{"location": "Freehold, NJ"})
		}
	}
	queue(second, 1)
	heard := updates(t, redis)
	l := first.socket(query + "&since=" + heard[0])
	queue(second, 20)
	for range 20 {
		heard = append(heard, l.event())
	}
	first.kill()
	queue(second, 20)
	redis.Restart()
	testenv.Eventually(t, soon, func() bool {
		return second.call(http.MethodGet, "/readyz", nil).status == http.StatusOK
	}, "Redis is back")
	queue(second, 20)
	l = second.socket(query + "&since=" + heard[len(heard)-1])
	for range 40 {
		heard = append(heard, l.event())
	}
	queue(second, 5)
	for range 5 {
		heard = append(heard, l.event())
	}
	if kept := updates(t, redis); len(kept) != 66 || strings.Join(heard, "\n") != strings.Join(kept, "\n") {
		t.Errorf("heard %d events, want the %d that are kept, in their order", len(heard), len(kept))
	}
}

// updates are the ids of the events job:updated on the stream.
func updates(t *testing.T, redis *testenv.RedisServer) (ids []string) {
	t.Helper()
	entries, err := redis.Client().XRange(t.Context(), "leadstream:events", "-", "+").Result()
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d events, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Values["type"] == "job:updated" {
			ids = append(ids, e.Values["_watermill_message_uuid"].(string))
		}
	}
	return ids
}

// TestSocketIOClient lets the unmodified client from npm follow a scrape, with
// tokens set, through a restart of the server.
func TestSocketIOClient(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef-e2e"
	world := town(t, sandbox.Options{})
	s := serve(t, world, nil, "API_TOKENS="+token, "ENRICHMENT_RATE_LIMIT=0")
	script, err := os.ReadFile(filepath.Join("..", "ports", "ws", "testdata", "client.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	connect := func(auth string) *testenv.Node {
		return testenv.StartNode(t, testenv.SocketIOClient(t), string(script), s.url, `{"auth":{"token":"`+auth+`"}}`, "{}")
	}
	if line := connect("wrong-token").Line(soon); line != `["connect_error","this needs an API token"]` {
		t.Errorf("without the token, the client heard %s", line)
	}
	node := connect(token)
	if line := node.Line(soon); line != `["connect",false]` {
		t.Fatalf("the client heard %s", line)
	}
	s.follow(node, s.scrapeAs(token), "scraping:progress", "business:created", "job:updated", "scraping:complete")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	s.start()
	s.follow(node, s.scrapeAs(token), "connect", "scraping:complete")
}

// scrapeAs queues a small scrape with a token.
func (s *service) scrapeAs(token string) (id string) {
	s.t.Helper()
	body := strings.NewReader(`{"location":"Freehold, NJ","business_type":"plumbing","max_results":3}`)
	request, err := http.NewRequest(http.MethodPost, s.url+"/api/scraper/scrape", body)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var accepted struct {
		JobID string `json:"jobId"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&accepted); err != nil || accepted.JobID == "" {
		s.t.Fatalf("scrape: %d %v", answer.StatusCode, err)
	}
	return accepted.JobID
}

// follow reads what the client hears until each of the names has come; the
// last must be of the job.
func (s *service) follow(node *testenv.Node, job string, names ...string) {
	s.t.Helper()
	missing := map[string]bool{}
	for _, name := range names {
		missing[name] = true
	}
	for deadline := time.Now().Add(2 * soon); len(missing) > 0; {
		line := node.Line(soon)
		var heard []json.RawMessage
		var name string
		if json.Unmarshal([]byte(line), &heard) != nil || json.Unmarshal(heard[0], &name) != nil {
			s.t.Fatalf("the client wrote %s", line)
		}
		if name != names[len(names)-1] || strings.Contains(line, fmt.Sprintf("%q", job)) {
			delete(missing, name)
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("not heard of: %v", missing)
		}
	}
}

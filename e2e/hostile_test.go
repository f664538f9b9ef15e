package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// hostile are values that have broken programs.
var hostile = []string{
	"", " ", "0", "-1", "1", "1e999", "NaN", "Infinity", "9223372036854775807", "9223372036854775808", "0x10", "٣", "1,2,3", "null", "true", "[]", "{}",
	"'", `"`, "`", "' OR 1=1 --", "'; DROP TABLE businesses; --", "%", "_", `\`, "%00", "\x00", "a\x00b", "\xff\xfe", "\u202e", "😀", "ÄÖÜ", "a\r\nX-Evil: 1",
	"../../etc/passwd", "..%2f..%2f", "/", "//", "?", "#", "%2F", "%zz", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "=1+1", "*", "(*", "[a-z", "a*b",
	"MQ", "eyJzb3J0IjoiLWNyZWF0ZWRfYXQiLCJpZCI6LTF9", "bnVsbA", "fHw", "MXxhfGI", "TmFOfGE", "SW5mfGE", "scraping:1-0", "commands:0-0", "enrichment:99999999999999999999-1",
	"scraping:" + strings.Repeat("9", 400), strings.Repeat("a", 5000), strings.Repeat("é", 200), strings.Repeat("%", 300), "scraping", "enrichment", "completed", "name", "-rating", "email",
}

var hostileBodies = []string{
	"", "null", "0", `""`, "[]", "{}", "{", "}", `{"a":`, strings.Repeat("[", 50_000), strings.Repeat(`{"a":`, 20_000), `{"location":"X","location":"Y"}`, "\xef\xbb\xbf{}",
	`{"location":"\ud800"}`, `{"location":"a\u0000b"}`, `{"location":null}`, `{"location":"X","radius":1e999}`, `{"location":"X","radius":-0}`, `{"location":"X","max_results":1.5}`,
	`{"location":"X","max_results":99999999999999999999}`, `{"count":-1}`, `{"count":1e3}`, `{"count":"1"}`, `{"notes":null,"tags":null}`, `{"notes":"a\u0000b","tags":["\u0000"]}`,
	`{"tags":[1]}`, `{"tags":[[]]}`, `{"notes":"\ud83d"}`, `{"token":[]}`, "<xml/>", "a=b&c=d", strings.Repeat("x", 1<<20),
}

// operation is what the document tells of one.
type operation struct {
	method, path string
	query        []string
}

func (s *service) operations() (all []operation) {
	s.t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name string `json:"name"`
				In   string `json:"in"`
			} `json:"parameters"`
		} `json:"paths"`
	}
	_, text := s.download("/openapi.json")
	if err := json.Unmarshal(text, &document); err != nil {
		s.t.Fatal(err)
	}
	for path, item := range document.Paths {
		for method, o := range item {
			op := operation{method: strings.ToUpper(method), path: path}
			for _, p := range o.Parameters {
				if p.In == "query" {
					op.query = append(op.query, p.Name)
				}
			}
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// request makes one of an operation, with something hostile in every place.
func (o operation) request(t *testing.T, random *rand.Rand, base string) *http.Request {
	t.Helper()
	pick := func() string { return hostile[random.IntN(len(hostile))] }
	path := o.path
	for {
		before, rest, found := strings.Cut(path, "{")
		if !found {
			break
		}
		_, after, _ := strings.Cut(rest, "}")
		value := pick()
		if random.IntN(3) > 0 {
			value = url.PathEscape(value)
		}
		path = before + strings.NewReplacer("{", "%7B", " ", "%20", "\r", "%0D", "\n", "%0A", "\x00", "%00").Replace(value) + after
	}
	values := url.Values{}
	for _, name := range o.query {
		if random.IntN(3) == 0 {
			values.Add(name, pick())
		}
	}
	if random.IntN(10) == 0 {
		values.Add(pick(), pick())
	}
	var body io.Reader = http.NoBody
	if o.method != http.MethodGet {
		body = strings.NewReader(hostileBodies[random.IntN(len(hostileBodies))])
	}
	request, err := http.NewRequest(o.method, base, body)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.Opaque, request.URL.RawQuery = path, values.Encode()
	if random.IntN(10) == 0 {
		request.URL.RawQuery = strings.NewReplacer(" ", "+", "\r", "", "\n", "", "\x00", "").Replace(pick())
	}
	request.Header.Set("Content-Type", []string{"application/json", "application/json", "text/plain", "application/xml", "x"}[random.IntN(5)])
	for _, name := range []string{"Idempotency-Key", "If-None-Match", "Accept", "Accept-Encoding", "X-Request-Id", "Cookie"} {
		if random.IntN(8) == 0 {
			request.Header.Set(name, strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(pick()))
		}
	}
	return request
}

// betrayals are what no answer may hold, and no hostile value does.
var betrayals = []string{"goroutine ", ".go:", "/root/", "panic", "sqlite", "SQLSTATE", "redis:", "WRONGTYPE", "leadstream/", "runtime error"}

// TestHostileClients sends 10,000 requests that no well-meaning client sends,
// along the whole document, to the real program on its real stores.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	const n, workers = 10_000, 8
	s := serve(t, town(t, sandbox.Options{}), []string{"--role", "api"}, "RATE_LIMIT_PER_MINUTE=1000000")
	operations := s.operations()
	before := s.goroutines()
	var mu sync.Mutex
	statuses := map[int]int{}
	client := &http.Client{Timeout: soon}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(2026, uint64(worker)))
			for i := range n / workers {
				request := operations[(i*workers+worker)%len(operations)].request(t, random, s.url)
				what := request.Method + " " + request.URL.Opaque + "?" + request.URL.RawQuery
				answer, err := client.Do(request)
				if err != nil {
					t.Errorf("%.200s: %v", what, err)
					continue
				}
				text, _ := io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				for _, betrayal := range betrayals {
					if strings.Contains(string(text), betrayal) {
						t.Errorf("%.200s: the answer holds %q: %.300s", what, betrayal, text)
					}
				}
				if answer.StatusCode >= 500 {
					t.Errorf("%.300s (%s): %d %.300s", what, request.Header, answer.StatusCode, text)
				}
				mu.Lock()
				statuses[answer.StatusCode]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	court.base.(*http.Transport).CloseIdleConnections()
	t.Logf("answers by status: %v", statuses)
	if court.count() < n/3 {
		t.Errorf("only %d answers were compared with the document", court.count())
	}
	for _, status := range []int{200, 202, 304, 400, 404, 413, 422} {
		if statuses[status] == 0 {
			t.Errorf("no request was answered %d", status)
		}
	}
	for line := range strings.SplitSeq(s.logs.String(), "\n") {
		if strings.Contains(line, "panicked") || strings.Contains(line, "level=ERROR") {
			t.Errorf("log: %.500s", line)
		}
	}
	s.get("/readyz")
	testenv.Eventually(t, soon, func() bool { return s.goroutines() < before+20 }, "the goroutines are as few as before, %d", before)
}

func (s *service) goroutines() int {
	s.t.Helper()
	_, text := s.download("/metrics")
	_, rest, _ := strings.Cut(string(text), "\ngo_goroutines ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(line)
	if err != nil {
		s.t.Fatal(fmt.Errorf("goroutines: %w", err))
	}
	return n
}

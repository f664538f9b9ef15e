// Package e2e tests the program as its users run it: the real binary, its own
// Redis and database, a real browser, and the sandbox town as the world.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// binary is the program under test, built once with the race detector.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "leadstream-e2e-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "leadstream")
	build := exec.Command("go", "build", "-race", "-o", binary, "leadstream/cmd/leadstream")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Printf("building the program: %v\n%s", err, out)
		return 1
	}
	return court.verdict(m.Run())
}

const soon = 30 * time.Second // for what happens at once, with the race detector on a busy machine

// service is a running process of the program.
type service struct {
	t    *testing.T
	url  string
	args []string
	env  []string
	cmd  *exec.Cmd
	logs *logs
}

// logs keeps what the process wrote.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// town starts a sandbox for the test.
func town(t *testing.T, o sandbox.Options) *sandbox.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the whole program")
	}
	s, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// serve starts the program and waits until it is ready. Settings given last win.
func serve(t *testing.T, world *sandbox.Server, args []string, settings ...string) *service {
	t.Helper()
	s := &service{
		t: t, url: "http://" + freeAddr(t), args: append([]string{"serve"}, args...),
		env: append(append(os.Environ(), "DATA_DIR="+t.TempDir(), "LOG_FORMAT=text", "RATE_LIMIT_PER_MINUTE=10000"), world.Settings()...),
	}
	s.env = append(append(s.env, "HTTP_ADDR="+strings.TrimPrefix(s.url, "http://")), settings...)
	s.start()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the program's log:\n%s", tail(s.logs.String(), 60))
		}
		if strings.Contains(s.logs.String(), "DATA RACE") {
			t.Errorf("data race:\n%s", s.logs)
		}
	})
	return s
}

func (s *service) start() {
	s.t.Helper()
	s.cmd = exec.Command(binary, s.args...)
	s.cmd.Env, s.cmd.Dir = s.env, s.t.TempDir()
	if s.logs == nil {
		s.logs = &logs{}
	}
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan struct{})
	go s.read(pipe, ready)
	select {
	case <-ready:
	case <-time.After(soon):
		s.t.Fatalf("not ready:\n%s", s.logs)
	}
}

// read keeps the log, and tells when the program says that it is ready.
func (s *service) read(pipe io.Reader, ready chan struct{}) {
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	once := sync.OnceFunc(func() { close(ready) })
	for lines.Scan() {
		s.logs.mu.Lock()
		s.logs.text.WriteString(lines.Text() + "\n")
		s.logs.mu.Unlock()
		if strings.Contains(lines.Text(), "leadstream is ready") || strings.Contains(lines.Text(), "leadstream works") {
			once()
		}
	}
}

// kill ends the process as kill -9 does.
func (s *service) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// stop ends it as a supervisor does, and answers its exit code.
func (s *service) stop() int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		s.t.Fatalf("not ended by SIGTERM:\n%s", tail(s.logs.String(), 40))
	}
	code := s.cmd.ProcessState.ExitCode()
	s.cmd = nil
	return code
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	list   []any
}

// call sends a request; body may be nil, a string as it is, or anything for JSON.
func (s *service) call(method, path string, body any) answer {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequest(method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, tail(s.logs.String(), 30))
	}
	defer func() { _ = response.Body.Close() }()
	raw, _ := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header}
	if json.Unmarshal(raw, &a.body) != nil {
		_ = json.Unmarshal(raw, &a.list) // neither is what tests of other content look at themselves
	}
	return a
}

func (s *service) get(path string) answer {
	s.t.Helper()
	a := s.call(http.MethodGet, path, nil)
	if a.status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %v", path, a.status, a.body)
	}
	return a
}

// scrape queues a scrape and answers its id.
func (s *service) scrape(body map[string]any) string {
	s.t.Helper()
	a := s.call(http.MethodPost, "/api/scraper/scrape", body)
	if a.status != http.StatusAccepted {
		s.t.Fatalf("scrape: %d %v", a.status, a.body)
	}
	return a.body["jobId"].(string)
}

func (s *service) job(id string) map[string]any {
	s.t.Helper()
	return s.get("/api/jobs/" + id).body
}

// reaches waits until a job is in a state, and answers it.
func (s *service) reaches(id, status string, within time.Duration) map[string]any {
	s.t.Helper()
	var j map[string]any
	testenv.Eventually(s.t, within, func() bool { j = s.job(id); return j["status"] == status }, "job %s is %s", id, status)
	return j
}

func (s *service) queue(name string) map[string]any {
	s.t.Helper()
	for _, q := range s.get("/api/queues").list {
		if q := q.(map[string]any); q["name"] == name {
			return q
		}
	}
	s.t.Fatalf("no queue %s", name)
	return nil
}

// businesses lists every lead.
func (s *service) businesses() []map[string]any {
	s.t.Helper()
	var all []map[string]any
	for cursor := ""; ; {
		page := s.get("/api/businesses?limit=500&sort=created_at&cursor=" + cursor).body
		for _, b := range page["businesses"].([]any) {
			all = append(all, b.(map[string]any))
		}
		next, more := page["nextCursor"].(string)
		if !more {
			return all
		}
		cursor = next
	}
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

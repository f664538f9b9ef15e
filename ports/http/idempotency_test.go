package http

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"leadstream/app"
	"leadstream/domain/fault"
)

// memory is an app.RequestMemory in this process.
type memory struct {
	mu      sync.Mutex
	err     error
	running map[string]string // fingerprint by key
	answers map[string][]byte
}

func newMemory() *memory {
	return &memory{running: map[string]string{}, answers: map[string][]byte{}}
}

func (m *memory) Recall(_ context.Context, key, fingerprint string) (app.Recollection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, taken := m.running[key]
	switch {
	case m.err != nil:
		return app.Recollection{}, m.err
	case !taken:
		m.running[key] = fingerprint
		return app.Recollection{Claim: "c"}, nil
	case known != fingerprint:
		return app.Recollection{Other: true}, nil
	default:
		return app.Recollection{Answer: m.answers[key]}, nil
	}
}

func (m *memory) Remember(_ context.Context, key, _ string, answer []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[key] = answer
	return nil
}

func (m *memory) Forget(_ context.Context, key, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.running, key)
	return nil
}

func remembering(m *memory) func(*Options) {
	return func(o *Options) { o.App.Requests = m }
}

const scrapeHere = `{"location":"X"}`

func TestSameKeyIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := serve(t, w, remembering(newMemory()))
	var wg sync.WaitGroup
	answers := make([]answer, 20)
	for i := range answers {
		wg.Go(func() { answers[i] = s.send("POST", "/api/scraper/scrape", scrapeHere, "Idempotency-Key: k 1") })
	}
	wg.Wait()
	first := 0
	for _, a := range answers {
		if a.StatusCode != http.StatusAccepted || string(a.body) != string(answers[0].body) || a.Header.Get("Content-Type") != "application/json" ||
			a.Header.Get("Location") == "" || a.Header.Get("Location") != answers[0].Header.Get("Location") {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
		}
		if a.Header.Get(replayed) == "" {
			first++
		}
	}
	if calls := w.noted(); first != 1 || len(calls) != 1 {
		t.Errorf("%d answers are the first, calls %q", first, calls)
	}
	if !strings.Contains(string(answers[0].body), `"jobId":"key-`) {
		t.Errorf("the job's id does not follow from the key: %s", answers[0].body)
	}
}

func TestSameKeyForAnotherRequestIsRefused(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := serve(t, w, remembering(newMemory()), withTokens)
	send := func(path, body, key, token string) answer {
		return s.send("POST", path, body, "Idempotency-Key: "+key, "Authorization: Bearer "+token)
	}
	if a := send("/api/scraper/scrape", scrapeHere, "k", token); a.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	send("/api/scraper/scrape", `{"location":"Y"}`, "k", token).wantProblem(t, http.StatusUnprocessableEntity)
	send("/api/enrichment/7", scrapeHere, "k", token).wantProblem(t, http.StatusUnprocessableEntity)
	if calls := w.noted(); len(calls) != 1 {
		t.Errorf("calls %q", calls)
	}
	for name, a := range map[string]answer{
		"another key": send("/api/scraper/scrape", `{"location":"Y"}`, "k2", token), "another client's": send("/api/scraper/scrape", `{"location":"Y"}`, "k", "another-token-1234"),
	} {
		if a.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

func TestWhatCameToNothingMayBeSentAgain(t *testing.T) {
	t.Parallel()
	w := &world{err: fault.Unavailablef("Redis is away")}
	s := serve(t, w, remembering(newMemory()))
	send := func(body string) answer { return s.send("POST", "/api/scraper/scrape", body, "Idempotency-Key: k") }
	send(scrapeHere).wantProblem(t, http.StatusServiceUnavailable)
	w.err, w.panic = nil, true
	send(scrapeHere).wantProblem(t, http.StatusInternalServerError)
	w.panic = false
	send(`{"location":7}`).wantProblem(t, http.StatusBadRequest)
	if a := send(scrapeHere); a.StatusCode != http.StatusAccepted || a.Header.Get(replayed) != "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestKeysAreJudged(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{}, remembering(newMemory()))
	for _, key := range []string{strings.Repeat("k", 256), "ünï", "a\tb"} {
		p := s.send("POST", "/api/jobs/j1/retry", "", "Idempotency-Key: "+key).wantProblem(t, http.StatusBadRequest)
		if len(p.Errors) != 1 || p.Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("errors %+v", p.Errors)
		}
	}
	for i, key := range []string{"k", strings.Repeat("k", 255), "a b"} {
		if a := s.send("POST", fmt.Sprintf("/api/jobs/j%d/retry", i), "", "Idempotency-Key: "+key); a.StatusCode != http.StatusOK {
			t.Errorf("%q: %d", key, a.StatusCode)
		}
	}
	if a := s.send("GET", "/api/jobs", "", "Idempotency-Key: "+strings.Repeat("k", 256)); a.StatusCode != http.StatusOK {
		t.Errorf("a GET needs no key: %d", a.StatusCode)
	}
}

func TestTwinThatRunsForLong(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	m := newMemory()
	s := serve(t, &world{}, remembering(m))
	if a := s.send("POST", "/api/jobs/j1/retry", "", "Idempotency-Key: k"); a.StatusCode != http.StatusOK {
		t.Fatal(a.StatusCode)
	}
	m.mu.Lock()
	clear(m.answers) // as if it still ran
	m.mu.Unlock()
	a := s.send("POST", "/api/jobs/j1/retry", "", "Idempotency-Key: k")
	a.wantProblem(t, http.StatusConflict)
	if a.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
}

func TestMemoryOutageIsTold(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.err = fault.Unavailablef("secret")
	w := &world{}
	s := serve(t, w, remembering(m))
	a := s.send("POST", "/api/jobs/j1/retry", "", "Idempotency-Key: k")
	a.wantProblem(t, http.StatusServiceUnavailable)
	if a.Header.Get("Retry-After") == "" || strings.Contains(string(a.body), "secret") || len(w.noted()) != 0 {
		t.Errorf("%v %s %q", a.Header, a.body, w.noted())
	}
}

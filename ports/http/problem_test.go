package http

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"leadstream/domain/fault"
	"leadstream/internal/testenv"
)

var errSecret = errors.New("dial tcp 10.0.0.7: secret")

func TestEachKindOfErrorHasItsStatus(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err    error
		status int
		detail string
		logged string // the level; empty is not at all
	}{
		"invalid":     {fault.NewInvalid(fault.Field{Location: "x", Message: "is odd", Value: 3}), 400, "x: is odd", ""},
		"not found":   {fmt.Errorf("reading: %w", fault.NotFoundf("no such job")), 404, "reading: no such job", ""},
		"conflict":    {fault.Conflictf("has finished"), 409, "has finished", ""},
		"unavailable": {fault.Unavailablef("reading: %w", errSecret), 503, "try again", "WARN"},
		"transient":   {fault.Transientf("reading: %w", errSecret), 503, "try again", "WARN"},
		"postponed":   {fault.Postpone(noon, "secret"), 503, "try again", "WARN"},
		"internal":    {fmt.Errorf("reading: %w", errSecret), 500, unexpected, "ERROR"},
		"too late":    {context.DeadlineExceeded, 500, unexpected, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logs testenv.Logs
			s := serve(t, &world{err: row.err}, func(o *Options) { o.Logger = logs.Logger() })
			answer := s.send("POST", "/api/scraper/scrape", `{"location":"X"}`, "X-Request-ID: r-1")
			p := answer.wantProblem(t, row.status)
			if !strings.Contains(p.Detail, row.detail) || strings.Contains(string(answer.body), "secret") {
				t.Errorf("answer %s", answer.body)
			}
			if later := answer.Header.Get("Retry-After"); (later != "") != (row.status == 503) {
				t.Errorf("Retry-After %q", later)
			}
			lines := logs.Lines("request")
			if row.logged == "" && len(lines) != 0 || row.logged != "" && (len(lines) != 1 || !logs.Has("level="+row.logged, "request_id=r-1", "error=")) {
				t.Errorf("log %q", lines)
			}
		})
	}
}

func TestFieldsOfInvalidErrorsAreNamed(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{err: fault.NewInvalid(fault.Field{Location: "cursor", Message: "is odd", Value: "c"})})
	for path, location := range map[string]string{"/api/jobs": "query.cursor", "/api/businesses": "query.cursor", "/api/poison": "query.cursor", "/api/jobs/j1": "path.cursor"} {
		p := s.send("GET", path, "").wantProblem(t, 400)
		if len(p.Errors) != 1 || p.Errors[0] != (faultDetail{location, "is odd", "c"}) {
			t.Errorf("%s: errors %+v", path, p.Errors)
		}
	}
}

func TestPanicEndsOneRequestOnly(t *testing.T) {
	t.Parallel()
	var logs testenv.Logs
	w := &world{panic: true}
	s := serve(t, w, func(o *Options) { o.Logger = logs.Logger() })
	answer := s.send("GET", "/api/jobs/j1", "")
	if p := answer.wantProblem(t, 500); p.Detail != unexpected {
		t.Errorf("detail %q", p.Detail)
	}
	if lines := logs.Lines(); len(lines) != 1 || !logs.Has("request panicked", "the world is broken", "fakes_test.go", "path=/api/jobs/j1") {
		t.Errorf("log %q", lines)
	}
	if answer := s.send("GET", "/healthz", ""); answer.StatusCode != http.StatusOK {
		t.Errorf("then %d", answer.StatusCode)
	}
}

func TestUnreadyNamesWhatIsDown(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{err: errors.New("no connection")})
	answer := s.send("GET", "/readyz", "")
	if want := `{"status":"unavailable","down":{"redis":"no connection"}}`; answer.StatusCode != http.StatusServiceUnavailable || strings.TrimSpace(string(answer.body)) != want {
		t.Errorf("%d %s", answer.StatusCode, answer.body)
	}
	if answer := s.send("GET", "/healthz", ""); answer.StatusCode != http.StatusOK {
		t.Errorf("alive: %d", answer.StatusCode)
	}
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := serve(t, w)
	// Only announced: the answer must not wait for a body that is not wanted.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /api/scraper/scrape HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", maxBody+1)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer{response, body}.wantProblem(t, http.StatusRequestEntityTooLarge)
	if calls := w.noted(); len(calls) != 0 {
		t.Errorf("calls %q", calls)
	}
}

func TestRequestsHaveADeadline(t *testing.T) {
	t.Parallel()
	w := &world{}
	serve(t, w).send("GET", "/api/jobs/j1", "")
	if left := time.Until(w.until); left < requestTimeout-soon/2 || left > requestTimeout {
		t.Errorf("%s were left", left)
	}
}

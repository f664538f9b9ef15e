package http

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// What fasthttp and Fiber start for good: clocks, sweepers and compressors.
	// fasthttp's pools notice their end late.
	var known []goleak.Option
	for _, function := range []string{
		"github.com/valyala/fasthttp.updateServerDate.func1",
		"github.com/valyala/fasthttp.(*workerPool).Start.func2",
		"github.com/valyala/fasthttp/stackless.funcWorker",
		"github.com/gofiber/fiber/v2/utils.StartTimeStampUpdater.func1.1",
		"github.com/gofiber/fiber/v2/internal/memory.New.StartTimeStampUpdater.func1.1",
		"github.com/gofiber/fiber/v2/middleware/limiter.FixedWindow.New.StartTimeStampUpdater.func1.1",
		"github.com/gofiber/fiber/v2/internal/memory.(*Storage).gc",
	} {
		known = append(known, goleak.IgnoreAnyFunction(function))
	}
	goleak.VerifyTestMain(m, known...)
}

const soon = 10 * time.Second // for what happens at once, on a busy machine

var quiet = slog.New(slog.DiscardHandler)

// server is the port on a real listener.
type server struct {
	t      *testing.T
	url    string
	client *http.Client
	port   *Server
}

func serve(t *testing.T, w *world, changes ...func(*Options)) *server {
	t.Helper()
	o := Options{App: w.app(), Logger: quiet, Version: "1.2.3", PostsPerMinute: 1000}
	for _, change := range changes {
		change(&o)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(o)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(listener) }()
	client := &http.Client{Transport: &http.Transport{}, Timeout: soon}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		_ = listener.Close() // Shutdown does not, when nothing has been asked yet
		<-ended
	})
	return &server{t, "http://" + listener.Addr().String(), client, s}
}

// answer is what came back.
type answer struct {
	*http.Response

	body []byte
}

// send makes a request; headers are "Name: value".
func (s *server) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	var reader io.Reader = http.NoBody
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	request.URL.Opaque, request.URL.RawQuery, _ = strings.Cut(path, "?") // sent as it is, be it well escaped or not
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response, text}
}

// sendTo makes a GET request under another name of the server.
func (s *server) sendTo(host, path string, headers ...string) answer {
	s.t.Helper()
	return s.send("GET", path, "", append(headers, "Host: "+host)...)
}

// wantProblem checks the form of every error.
func (a answer) wantProblem(t *testing.T, status int) problem {
	t.Helper()
	var p problem
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	if a.StatusCode != status || p.Status != status || p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Detail == "" ||
		a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s %s, want %d", a.StatusCode, a.Header.Get("Content-Type"), a.body, status)
	}
	return p
}

// contains tells whether got has all that want has; lists are equal in length.
func contains(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		for key, value := range want {
			if part, has := object[key]; !has || !contains(part, value) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i, value := range want {
			if !contains(list[i], value) {
				return false
			}
		}
		return true
	default:
		return got == want
	}
}

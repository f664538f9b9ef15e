package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp writes the Date header's clock for good, and its pools' cleaners notice their end late.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

const soon = 10 * time.Second // for what happens at once, on a busy machine

// log is an event stream in memory.
type log struct {
	mu     sync.Mutex
	events []Event
	grown  chan struct{} // closed and renewed with every event
	held   chan struct{} // while it is not nil, readers from now on get nothing until it is closed
}

func newLog(n int) *log {
	l := &log{grown: make(chan struct{})}
	l.add("job:updated", n)
	return l
}

// add appends n events of a type.
func (l *log) add(eventType string, n int) {
	for range n {
		l.append(eventType, map[string]any{"jobId": "j1"})
	}
}

func (l *log) append(eventType string, data any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := fmt.Sprintf("%d-x", len(l.events)+1)
	l.events = append(l.events, newEvent(id, eventType, data))
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *log) hold() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = make(chan struct{})
	return func() { close(l.held) }
}

func (l *log) Follow(ctx context.Context, since string, see func(Event) error) error {
	next, held, err := l.position(since)
	for err == nil {
		l.mu.Lock()
		events, grown := slices.Clone(l.events[next:]), l.grown
		l.mu.Unlock()
		if held != nil {
			select {
			case <-held:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for _, e := range events {
			if err := see(e); err != nil {
				return err
			}
			next++
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (l *log) position(since string) (next int, held chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if since == "" {
		return len(l.events), l.held, nil
	}
	for i, e := range l.events {
		if e.ID == since {
			return i + 1, nil, nil
		}
	}
	return 0, nil, ErrGap
}

// server is a feed behind a real listener.
type server struct {
	t    *testing.T
	feed *Feed
	addr string
	end  func() // ends the feed as a shutdown does, and waits for it
	stop func() // ends the feed and the listener
}

func serve(t *testing.T, stream Stream, changes ...func(*Feed)) *server {
	t.Helper()
	return listen(t, "127.0.0.1:0", stream, Access{Origins: []string{"https://friend.example"}}, changes...)
}

// serveAt is another process at the address of one that has ended.
func serveAt(t *testing.T, addr string, stream Stream) *server {
	t.Helper()
	return listen(t, addr, stream, Access{})
}

func serveFor(t *testing.T, stream Stream, access Access) *server {
	t.Helper()
	return listen(t, "127.0.0.1:0", stream, access)
}

func listen(t *testing.T, addr string, stream Stream, access Access, changes ...func(*Feed)) *server {
	t.Helper()
	s := &server{t: t, feed: NewFeed(stream, Tallies{}, slog.New(slog.DiscardHandler))}
	for _, change := range changes {
		change(s.feed)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	f := fiber.New(fiber.Config{DisableStartupMessage: true})
	s.feed.Mount(f, access)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.Listener(listener) })
	ended := make(chan error, 1)
	go func() { ended <- s.feed.Run(ctx) }()
	s.end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the feed ended with %v", err)
		}
	})
	s.stop = sync.OnceFunc(func() {
		s.end()
		if err := f.Shutdown(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

// frame is an envelope as a client gets it.
type frame struct {
	ID   string         `json:"id"`
	Time time.Time      `json:"timestamp"`
	Type string         `json:"type"`
	Data map[string]any `json:"data"`
}

// listener is a client of the feed.
type listener struct {
	*websocket.Conn

	t *testing.T
}

func (s *server) dial(query string) *listener {
	s.t.Helper()
	conn, answer, err := websocket.DefaultDialer.Dial("ws://"+s.addr+"/ws?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	s.t.Cleanup(func() { _ = conn.Close() })
	return &listener{conn, s.t}
}

// live waits until n clients get their events from the feed.
func (s *server) live(n int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("%d clients are live", n), func() bool { return s.clients(isLive) == n })
}

// known waits until the feed has n clients, live or not.
func (s *server) known(n int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("%d clients are known", n), func() bool { return s.clients(nil) == n })
}

func isLive(c *client) bool { return c.live }

func (s *server) clients(which func(*client) bool) (n int) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for c := range s.feed.clients {
		if which == nil || which(c) {
			n++
		}
	}
	return n
}

func (l *listener) next() frame {
	l.t.Helper()
	_ = l.SetReadDeadline(time.Now().Add(soon))
	kind, raw, err := l.ReadMessage()
	var f frame
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil || kind != websocket.TextMessage || f.Time.IsZero() {
		l.t.Fatalf("frame %d %s: %v", kind, raw, err)
	}
	return f
}

// wantIDs reads one frame for each number of from to to.
func (l *listener) wantIDs(from, to int) {
	l.t.Helper()
	for i := from; i <= to; i++ {
		if f := l.next(); f.ID != fmt.Sprintf("%d-x", i) {
			l.t.Fatalf("event %s came, want %d-x", f.ID, i)
		}
	}
}

// wantClosed reads until the server closes.
func (l *listener) wantClosed(code int) (reason string) {
	l.t.Helper()
	_ = l.SetReadDeadline(time.Now().Add(soon))
	for {
		if _, _, err := l.ReadMessage(); err != nil {
			closed, ok := err.(*websocket.CloseError) //nolint:errorlint // the library answers it bare
			if !ok || closed.Code != code {
				l.t.Fatalf("closed with %v, want %d", err, code)
			}
			return closed.Text
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(soon); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

func status(t *testing.T, request *http.Request) int {
	t.Helper()
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

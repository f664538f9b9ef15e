package ws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"leadstream/app"
)

// TestBatchArrivesInOrder is the largest burst there is: one batch of 1,000 jobs.
func TestBatchArrivesInOrder(t *testing.T) {
	t.Parallel()
	stream := newLog(0)
	s := serve(t, stream)
	l := s.dial("")
	s.live(1)
	stream.add("job:updated", 1000)
	l.wantIDs(1, 1000)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	events := []struct {
		eventType string
		data      map[string]any
	}{
		{"scraping:progress", map[string]any{"jobId": "s1"}},
		{"scraping:complete", map[string]any{"jobId": "s1"}},
		{"job:updated", map[string]any{"jobId": "e1", "batchId": "b1"}},
		{"batch:progress", map[string]any{"batchId": "b1"}},
		{"business:found", map[string]any{"jobId": "s1"}},
		{"business:created", map[string]any{"id": 7}},
		{"end", map[string]any{"jobId": "s1", "batchId": "b1"}},
	}
	for query, want := range map[string]string{
		"":                               "scraping:progress scraping:complete job:updated batch:progress business:created end",
		"types=*":                        "scraping:progress scraping:complete job:updated batch:progress business:created end",
		"types=scraping:*,end":           "scraping:progress scraping:complete end",
		"types=scraping:complete,%20end": "scraping:complete end",
		"types=business:found,end":       "business:found end",
		"types=business:*,end":           "business:created end",
		"jobId=s1":                       "scraping:progress scraping:complete end",
		"batchId=b1":                     "job:updated batch:progress end",
		"jobId=e1&batchId=b1":            "job:updated",
		"types=end&jobId=s1":             "end",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			stream := newLog(0)
			s := serve(t, stream)
			l := s.dial(query)
			s.live(1)
			for _, e := range events {
				stream.append(e.eventType, e.data)
			}
			for eventType := range strings.FieldsSeq(want) {
				if f := l.next(); f.Type != eventType {
					t.Fatalf("%s came, want %s", f.Type, eventType)
				}
			}
		})
	}
}

func TestSubscribeChangesTheFilter(t *testing.T) {
	t.Parallel()
	stream := newLog(0)
	s := serve(t, stream)
	l := s.dial("types=a")
	s.live(1)
	if err := l.WriteJSON(map[string]any{"subscribe": map[string]any{"types": []string{"b"}, "jobId": "j2"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the filter is the new one", func() bool {
		return s.clients(func(c *client) bool { return c.wants(&outgoing{Event: Event{Type: "b"}, scope: scope{JobID: "j2"}}) }) == 1
	})
	for _, e := range [][2]string{{"a", "j2"}, {"b", "j1"}, {"b", "j2"}} {
		stream.append(e[0], map[string]any{"jobId": e[1]})
	}
	l.wantIDs(3, 3)
}

// TestSince continues after an event, wherever it is still kept.
func TestSince(t *testing.T) {
	t.Parallel()
	const before, while = 300, 200 // the feed is there
	for name, since := range map[string]int{
		"in the stream alone": 100, "the last before the feed": before, "the first in memory": before + 1, "the newest": before + while,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream := newLog(before)
			s := serve(t, stream)
			first := s.dial("")
			s.live(1)
			stream.add("job:updated", while)
			first.wantIDs(before+1, before+while)
			l := s.dial(fmt.Sprintf("since=%d-x", since))
			s.live(2)
			stream.add("job:updated", 50)
			l.wantIDs(since+1, before+while+50)
		})
	}
}

// TestIdleCatchUp comes back to a feed that has just begun, on a quiet stream:
// the client is kept alive, and hears of the event that comes then.
func TestIdleCatchUp(t *testing.T) {
	t.Parallel()
	stream := newLog(5)
	s := serve(t, stream, func(f *Feed) { f.ping = 500 * time.Millisecond })
	l := s.dial("since=5-x")
	pinged := sync.OnceFunc(func() { stream.add("job:updated", 1) })
	l.SetPingHandler(func(string) error {
		pinged()
		return l.WriteControl(websocket.PongMessage, nil, time.Now().Add(soon))
	})
	l.wantIDs(6, 6)
	s.live(1)
}

// TestCatchUpAheadOfTheFeed reads the stream faster than the feed does, which
// must meet the client later, without a gap or a repeat.
func TestCatchUpAheadOfTheFeed(t *testing.T) {
	t.Parallel()
	stream := newLog(5)
	release := stream.hold()
	s := serve(t, stream)
	l := s.dial("since=3-x")
	l.wantIDs(4, 5)
	stream.add("job:updated", 3)
	l.wantIDs(6, 8)
	eventually(t, "the client is noted where it stands", func() bool {
		return s.clients(func(c *client) bool { return c.stood == "8-x" }) == 1
	})
	if n := s.clients(isLive); n != 0 {
		t.Errorf("%d clients are live before the feed reads", n)
	}
	release()
	s.live(1)
	stream.add("job:updated", 3)
	l.wantIDs(9, 11)
}

func TestGap(t *testing.T) {
	t.Parallel()
	stream := newLog(5)
	s := serve(t, stream)
	l := s.dial("types=a&since=gone/queue")
	if f := l.next(); f.Type != "stream:gap" || f.ID != "" || f.Data["since"] != "gone" {
		t.Errorf("first frame %+v", f)
	}
	s.live(1)
	stream.add("a", 1)
	l.wantIDs(6, 6)
}

// TestSlowReader leaves one client's frames unread until its queue and all
// buffers between are full; the other one gets everything meanwhile.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const events = 2000
	stream := newLog(0)
	s := serve(t, stream)
	slow, quick := s.dial(""), s.dial("")
	s.live(2)
	wide := map[string]any{"text": strings.Repeat("x", 8<<10)}
	for sent := 0; sent < events; sent += 100 {
		for range 100 {
			stream.append("wide", wide)
		}
		quick.wantIDs(sent+1, sent+100)
	}
	if s.clients(nil) != 2 {
		t.Fatal("the slow client has gone before it read; there was nothing to test")
	}
	<-time.After(closeWithin + closeWithin/2) // it is told although it reads late
	if reason := slow.wantClosed(closeTryLater); reason != reasonTooSlow {
		t.Errorf("reason %q", reason)
	}
	s.known(1)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	stream := newLog(5)
	s := serve(t, stream)
	live := s.dial("")
	s.live(1)
	behind := s.dial("since=5-x") // and nothing follows
	s.known(2)
	start := time.Now()
	s.end() // while neither reads, and so neither answers the close frame
	if took := time.Since(start); took >= closeGrace {
		t.Errorf("it took %s", took)
	}
	live.wantClosed(closeGoingAway)
	behind.wantClosed(closeGoingAway)
}

// TestClientsLeave closes connections from outside: live, and catching up.
func TestClientsLeave(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(5))
	for _, query := range []string{"", "since=5-x"} {
		l := s.dial(query)
		s.known(1)
		_ = l.Close()
		s.known(0)
	}
}

// TestSilentClientIsDropped leaves pings without an answer.
func TestSilentClientIsDropped(t *testing.T) {
	t.Parallel()
	s := serve(t, newLog(0), func(f *Feed) { f.ping = 20 * time.Millisecond })
	l := s.dial("")
	l.SetPingHandler(func(string) error { return nil })
	l.wantClosed(closeNormal)
}

type broken struct{}

func (broken) Follow(context.Context, string, func(Event) error) error { return errors.New("broken") }

func TestFailureOfTheStreamIsReported(t *testing.T) {
	t.Parallel()
	f := NewFeed(broken{}, Tallies{}, slog.New(slog.DiscardHandler))
	if err := f.Run(t.Context()); err == nil || err.Error() != "broken" {
		t.Errorf("the feed ended with %v", err)
	}
}

// TestQueues hears of queues only when jobs have moved and counts have changed.
func TestQueues(t *testing.T) {
	t.Parallel()
	stream := newLog(0)
	var asked, waiting atomic.Int64
	s := serve(t, stream, func(f *Feed) {
		f.tallies.Queues = func(context.Context) ([]app.QueueView, error) {
			if asked.Add(1) == 1 {
				return nil, errors.New("not now")
			}
			return []app.QueueView{{Name: "scraping", Waiting: int(waiting.Load())}, {Name: "enrichment"}}, nil
		}
	})
	l := s.dial("types=queue:*")
	s.live(1)
	stream.add("job:updated", 3)
	for _, name := range []string{"scraping", "enrichment"} {
		if f := l.next(); f.Type != "queue:updated" || f.ID != "3-x/"+name || f.Data["name"] != name {
			t.Errorf("frame %+v", f)
		}
	}
	for i := range int64(2) { // of the other queue, which has not changed, nothing comes between
		waiting.Store(8 + i)
		told := time.Now()
		stream.add("job:updated", 1)
		f := l.next()
		if f.ID != fmt.Sprintf("%d-x/scraping", 4+i) || f.Data["waiting"] != float64(8+i) {
			t.Errorf("frame %+v", f)
		}
		if since := time.Since(told); since < tellEvery/2 {
			t.Errorf("told again after %s", since)
		}
	}
	again := s.dial("since=" + url.QueryEscape("3-x/scraping"))
	again.wantIDs(4, 5)
	if f := again.next(); f.ID != "5-x/scraping" || f.Data["waiting"] != 9.0 {
		t.Errorf("who comes back is told %+v", f)
	}
}

// TestStats hears of the stats only when they have changed.
func TestStats(t *testing.T) {
	t.Parallel()
	var counted, leads atomic.Int64
	stream := newLog(0)
	s := serve(t, stream, func(f *Feed) {
		f.tallies.Stats = func(context.Context) (app.StatsView, error) {
			n := counted.Add(1)
			if n == 1 {
				return app.StatsView{}, errors.New("not yet")
			}
			return app.StatsView{Businesses: app.BusinessStats{Total: int(leads.Load())}}, nil
		}
	})
	l := s.dial("types=stats:updated")
	s.live(1)
	leads.Store(5)
	stream.add("business:created", 1)
	if f := l.next(); f.Type != "stats:updated" || f.Data["businesses"].(map[string]any)["total"] != 5.0 || f.ID != "1-x/stats" {
		t.Fatalf("frame %+v", f)
	}
	if n := counted.Load(); n != 2 {
		t.Errorf("counted %d times, want once more after the failure", n)
	}
	stream.add("job:updated", 1)
	eventually(t, "it is counted again", func() bool { return counted.Load() == 3 })
	leads.Store(6)
	stream.add("business:updated", 1)
	if f := l.next(); f.Data["businesses"].(map[string]any)["total"] != 6.0 || f.ID != "3-x/stats" {
		t.Errorf("frame %+v: what had not changed was told", f)
	}
}

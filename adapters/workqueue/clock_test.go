package workqueue_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// TestNoClockButThatOfRedis shows that a process's clock cannot matter: no
// time leaves the process but those that Redis had told it. Whatever a wrong
// clock shows, the same bytes are sent.
func TestNoClockButThatOfRedis(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	c := &clockWatch{told: map[string]bool{}}
	proxy := testenv.NewProxy(t, f.redis.Addr(), c.request, c.answer)
	server := redis.NewClient(&redis.Options{Addr: proxy.Addr(), ClientName: "watched"})
	t.Cleanup(func() { _ = server.Close() })
	client, err := workqueue.New(workqueue.Config{Client: server, EventStream: "leadstream:events", Lease: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	f.client = client
	f.throughALife()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests < 30 || len(c.told) == 0 {
		t.Errorf("only %d requests and %d times were seen", c.requests, len(c.told))
	}
	for _, own := range c.own {
		t.Errorf("a time of its own was sent: %s", own)
	}
}

// throughALife uses every command of the queue.
func (f *fleet) throughALife() {
	f.enqueue(workqueue.Entry{ID: "a", BatchID: "b", UniqueKey: "u"}, workqueue.Entry{ID: "d", Delay: 50 * time.Millisecond}, workqueue.Entry{ID: "later", Delay: time.Hour})
	out, s := f.subscribe(f.client, workqueue.SubscriberConfig{
		Default: workqueue.TopicOptions{Concurrency: 1, Rate: workqueue.Rate{Limit: 100, Window: time.Minute}},
	})
	m := f.receive(out)
	d, _ := workqueue.DeliveryOf(m)
	f.none(out, 500*time.Millisecond) // renewals
	if ok, err := f.client.Report(f.t.Context(), d.Record, 10, "on it"); !ok || err != nil {
		f.t.Errorf("report: %v, %v", ok, err)
	}
	settle(m, workqueue.Settlement{State: workqueue.StateDelayed, Delay: 10 * time.Millisecond, Reason: "again"})
	for range 2 {
		settle(f.receive(out), workqueue.Settlement{State: workqueue.StateFailed, Reason: "bad"})
	}
	f.reaches("a", workqueue.StateFailed)
	f.reaches("d", workqueue.StateFailed)
	for id, call := range map[string]func() (string, error){
		"later": func() (string, error) { return f.client.Cancel(f.t.Context(), topic, "later") },
		"a":     func() (string, error) { return f.client.Requeue(f.t.Context(), topic, "a") },
	} {
		if _, err := call(); err != nil {
			f.t.Errorf("%s: %v", id, err)
		}
	}
	f.receive(out).Nack()
	if err := f.client.SetPaused(f.t.Context(), topic, true); err != nil {
		f.t.Error(err)
	}
	f.stats()
	_ = s.Close()
}

// clockWatch keeps which times Redis told, and which were sent without.
type clockWatch struct {
	mu       sync.Mutex
	requests int
	told     map[string]bool
	own      []string
}

var (
	number  = regexp.MustCompile(`\d{10,19}`)
	rfc3339 = regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d`)
)

func (c *clockWatch) request(request []byte) testenv.Cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	for _, text := range times(request) {
		if !c.told[text] {
			c.own = append(c.own, text+" in "+strings.ReplaceAll(string(request[:min(len(request), 200)]), "\r\n", " "))
		}
	}
	return testenv.CutNothing
}

func (c *clockWatch) answer(answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range times(answer) {
		c.told[text] = true
	}
}

// times finds what may be a time within a year of now, in any unit. Script
// texts are left out: their numbers are constants.
func times(data []byte) (found []string) {
	if bytes.Contains(data, []byte("redis.call")) {
		return nil
	}
	for _, digits := range number.FindAllString(string(data), -1) {
		for unit := time.Second; unit >= time.Nanosecond; unit /= 1000 {
			var n int64
			_, _ = fmt.Sscan(digits, &n)
			if n > int64(24*365*time.Hour/unit)*2 && time.Since(time.Unix(0, 0).Add(time.Duration(n)*unit)).Abs() < 365*24*time.Hour {
				found = append(found, digits)
			}
		}
	}
	return append(found, rfc3339.FindAllString(string(data), -1)...)
}

package workqueue_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// arrival is work that comes after a pause.
type arrival struct {
	pause time.Duration
	jobs  int
}

// scenario is one random use of a throttled queue.
type scenario struct {
	limit     int
	window    time.Duration
	processes []int // the concurrency of each
	arrivals  []arrival
	retries   bool // each job has two starts, both of which count
}

// lastsAtMost bounds a scenario by a shorter window, not by fewer jobs.
const lastsAtMost = 8 * time.Second

func drawScenario(rt *rapid.T) scenario {
	s := scenario{
		limit:     rapid.IntRange(1, 12).Draw(rt, "limit"),
		window:    time.Duration(rapid.IntRange(200, 900).Draw(rt, "window_ms")) * time.Millisecond,
		processes: rapid.SliceOfN(rapid.IntRange(1, 8), 1, 4).Draw(rt, "processes"),
		arrivals: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) arrival {
			return arrival{time.Duration(rapid.IntRange(0, 400).Draw(rt, "pause_ms")) * time.Millisecond, rapid.IntRange(1, 15).Draw(rt, "jobs")}
		}), 1, 6).Draw(rt, "arrivals"),
		retries: rapid.Bool().Draw(rt, "retries"),
	}
	starts := 0
	for _, a := range s.arrivals {
		starts += a.jobs
	}
	if s.retries {
		starts *= 2
	}
	s.window = min(s.window, lastsAtMost*time.Duration(s.limit)/time.Duration(starts)).Truncate(time.Millisecond)
	return s
}

// TestPropertyThrottle: whatever arrives and whoever works, no window has more
// starts than allowed, and no worker idles while a start is allowed and work
// waits. All times are those that Redis noted.
func TestPropertyThrottle(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	var run atomic.Int64
	var worst, total time.Duration
	var starts int
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		hiccup := metronome(server)
		played := s.play(rt, server, fmt.Sprintf("t%d", run.Add(1)))
		slices.SortFunc(played, func(a, b start) int { return cmp.Or(a.at.Compare(b.at), a.ready.Compare(b.ready)) })
		neverAbove(rt, s, played)
		bound := 700*time.Millisecond + hiccup() // less than the second that a worker blocks unless it is woken
		for _, late := range idle(s, played) {
			worst, total, starts = max(worst, late), total+late, starts+1
			if late > bound {
				rt.Fatalf("idle for %s while a start was allowed and work waited", late)
			}
		}
	})
	t.Logf("%d starts, %s late on average, %s at worst", starts, total/time.Duration(max(starts, 1)), worst)
}

// metronome asks Redis every few milliseconds until it is stopped, and then
// answers how long a question was delayed at worst: what a busy machine adds
// to whatever is measured meanwhile.
func metronome(server *testenv.RedisServer) (stop func() time.Duration) {
	c := redis.NewClient(server.Options())
	end, worst := make(chan struct{}), make(chan time.Duration)
	go func() {
		defer func() { _ = c.Close() }()
		const pace = 10 * time.Millisecond
		var most time.Duration
		for {
			begin := time.Now()
			select {
			case <-time.After(pace):
				_ = c.Ping(context.Background()).Err()
				most = max(most, time.Since(begin)-pace)
			case <-end:
				worst <- most
				return
			}
		}
	}()
	return func() time.Duration { close(end); return <-worst }
}

// start is one start of a job, by Redis's clock in milliseconds.
type start struct{ ready, at time.Time }

func (s scenario) play(rt *rapid.T, server *testenv.RedisServer, prefix string) []start {
	var mu sync.Mutex
	var starts []start
	var pending sync.WaitGroup
	connect := func() *workqueue.Client {
		c := redis.NewClient(server.Options())
		client, err := workqueue.New(workqueue.Config{Client: c, Prefix: prefix, KeepCompleted: 10_000})
		if err != nil {
			rt.Fatalf("%v", err)
		}
		rt.Cleanup(func() { _ = c.Close() })
		return client
	}
	for _, slots := range s.processes {
		sub := workqueue.NewSubscriber(connect(), workqueue.SubscriberConfig{
			Default: workqueue.TopicOptions{Concurrency: slots, Rate: workqueue.Rate{Limit: s.limit, Window: s.window}},
		})
		out, err := sub.Subscribe(context.Background(), topic)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		rt.Cleanup(func() { _ = sub.Close() })
		go func() {
			for m := range out {
				d, _ := workqueue.DeliveryOf(m)
				mu.Lock()
				starts = append(starts, start{d.Record.CreatedAt, d.Record.StartedAt})
				mu.Unlock()
				if s.retries && d.Record.Run == 1 {
					d.Settle(workqueue.Settlement{State: workqueue.StateWaiting})
				}
				m.Ack()
				pending.Done()
			}
		}()
	}
	s.arrive(rt, connect(), &pending)
	waitFor(rt, &pending, time.Minute)
	mu.Lock()
	defer mu.Unlock()
	return starts
}

func (s scenario) arrive(rt *rapid.T, client *workqueue.Client, pending *sync.WaitGroup) {
	n := 0
	for _, a := range s.arrivals {
		<-time.After(a.pause)
		all := make([]workqueue.Entry, a.jobs)
		for i := range all {
			n++
			all[i] = workqueue.Entry{ID: fmt.Sprint("j", n), Payload: []byte(`{}`)}
		}
		pending.Add(a.jobs)
		if s.retries {
			pending.Add(a.jobs)
		}
		if _, err := client.Enqueue(context.Background(), topic, all...); err != nil {
			rt.Fatalf("%v", err)
		}
	}
}

func waitFor(t testenv.Fataler, wg *sync.WaitGroup, within time.Duration) {
	t.Helper()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(within):
		t.Fatalf("not all jobs ran within %s", within)
	}
}

func neverAbove(rt *rapid.T, s scenario, starts []start) {
	for i := s.limit; i < len(starts); i++ {
		// Kept by the microsecond, shown by the millisecond.
		if gap := starts[i].at.Sub(starts[i-s.limit].at); gap < s.window-time.Millisecond {
			rt.Fatalf("starts %d and %d are %s apart, %d are allowed in %s", i-s.limit, i, gap, s.limit, s.window)
		}
	}
}

// idle is, for each start, how long it came after it could have: the window
// allowed it and its job was there. Handlers end at once, so a slot is always
// free. Jobs are served in the order they came; with retries, the second start
// of a job waits at the end of the line, and the earliest a start could come
// is then only known as that of its job.
func idle(s scenario, starts []start) []time.Duration {
	late := make([]time.Duration, len(starts))
	for i, st := range starts {
		could := st.ready
		if i >= s.limit {
			if allowed := starts[i-s.limit].at.Add(s.window); allowed.After(could) {
				could = allowed
			}
		}
		if s.retries && i > 0 && starts[i-1].at.After(could) {
			could = starts[i-1].at
		}
		late[i] = max(st.at.Sub(could), 0)
	}
	return late
}

// TestPropertyNoHoarding: with any processes, all slots but one held by long
// jobs, short ones go through the last slot one after another without delay,
// and nothing is active that is not in the hands of a handler.
func TestPropertyNoHoarding(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	var run atomic.Int64
	var worst time.Duration
	rapid.Check(t, func(rt *rapid.T) {
		processes := rapid.SliceOfN(rapid.IntRange(1, 4), 1, 4).Draw(rt, "processes")
		shorts := rapid.IntRange(1, 30).Draw(rt, "shorts")
		slots := 0
		for _, n := range processes {
			slots += n
		}
		h := newHoard(rt, server, fmt.Sprintf("h%d", run.Add(1)), processes)
		for i := range slots - 1 {
			h.enqueue(fmt.Sprint("long", i))
			h.next() // and keep it
		}
		hiccup := metronome(server)
		took := h.oneByOne(shorts)
		if bound := 500*time.Millisecond + hiccup(); took > bound {
			rt.Fatalf("a job was in its handler after %s, though a slot was free", took)
		}
		worst = max(worst, took)
		h.atOnce(shorts, slots)
	})
	t.Logf("an enqueued job was in its handler after %s at worst", worst)
}

type hoard struct {
	rt     *rapid.T
	client *workqueue.Client
	taken  chan *message.Message
	ended  chan struct{}

	mu   sync.Mutex
	held []*message.Message
}

func newHoard(rt *rapid.T, server *testenv.RedisServer, prefix string, processes []int) *hoard {
	h := &hoard{rt: rt, taken: make(chan *message.Message), ended: make(chan struct{})}
	for _, slots := range processes {
		c := redis.NewClient(server.Options())
		client, err := workqueue.New(workqueue.Config{Client: c, Prefix: prefix})
		if err != nil {
			rt.Fatalf("%v", err)
		}
		h.client = client
		sub := workqueue.NewSubscriber(client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: slots}, Grace: time.Second})
		out, err := sub.Subscribe(context.Background(), topic)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		go func() {
			for m := range out {
				h.hold(m)
				select {
				case h.taken <- m:
				case <-h.ended:
				}
			}
		}()
		rt.Cleanup(func() { _ = sub.Close(); _ = c.Close() })
	}
	rt.Cleanup(h.release)
	return h
}

func (h *hoard) hold(m *message.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = append(h.held, m)
}

// release ends what is still running, so that its consumers close at once.
func (h *hoard) release() {
	close(h.ended)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.held {
		m.Ack()
	}
}

func (h *hoard) enqueue(ids ...string) {
	all := make([]workqueue.Entry, len(ids))
	for i, id := range ids {
		all[i] = workqueue.Entry{ID: id, Payload: []byte(`{}`)}
	}
	if _, err := h.client.Enqueue(context.Background(), topic, all...); err != nil {
		h.rt.Fatalf("%v", err)
	}
}

func (h *hoard) next() *message.Message {
	select {
	case d := <-h.taken:
		return d
	case <-time.After(soon):
		h.rt.Fatalf("a slot is free, a job waits, and none comes")
		return nil
	}
}

// oneByOne answers how long a job took from its enqueueing to its handler, at worst.
func (h *hoard) oneByOne(n int) (worst time.Duration) {
	for i := range n {
		begin := time.Now()
		h.enqueue(fmt.Sprint("short", i))
		m := h.next()
		worst = max(worst, time.Since(begin))
		m.Ack()
	}
	return worst
}

// atOnce lets a line of short jobs through the one free slot.
func (h *hoard) atOnce(n, slots int) {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("line", i)
	}
	begin := time.Now()
	h.enqueue(ids...)
	for i, id := range ids {
		d := h.next()
		if d.UUID != id {
			h.rt.Fatalf("%s came before %s", d.UUID, id)
		}
		s, err := h.client.Stats(context.Background(), topic, 0)
		if err != nil || s.Active != slots || s.Waiting != n-i-1 {
			h.rt.Fatalf("%d active and %d waiting, want %d and %d: %v", s.Active, s.Waiting, slots, n-i-1, err)
		}
		d.Ack()
	}
	if took := time.Since(begin); took > 2*time.Second+time.Duration(n)*100*time.Millisecond {
		h.rt.Fatalf("%d short jobs took %s through a free slot", n, took)
	}
}

// TestStressLowPriorityIsNotStarved measures what a steady stream of high jobs
// leaves to low ones: none before they have aged, then a tenth of the starts.
func TestStressLowPriorityIsNotStarved(t *testing.T) {
	t.Parallel()
	if !stress {
		t.Skip("takes a minute; part of `make stress`")
	}
	f := newFixture(t, func(c *workqueue.Config) { c.KeepCompleted = 100_000 })
	for i := range 20 {
		f.enqueue(workqueue.Entry{ID: fmt.Sprint("low", i), Priority: workqueue.PriorityLow})
	}
	var high int
	feed := func() {
		high++
		f.enqueue(workqueue.Entry{ID: fmt.Sprint("high", high), Priority: workqueue.PriorityHigh})
	}
	for range 50 {
		feed()
	}
	out, _ := f.subscribe(f.client, concurrency(1))
	begin := time.Now()
	var first time.Duration
	var starts []string
	for len(starts) < 100 {
		m := f.receive(out)
		if m.UUID[:3] == "low" && first == 0 {
			first = time.Since(begin)
		}
		if first > 0 {
			starts = append(starts, m.UUID[:3])
		}
		feed()
		<-time.After(20 * time.Millisecond)
		m.Ack()
	}
	low := 0
	for _, s := range starts {
		if s == "low" {
			low++
		}
	}
	t.Logf("the first low job started after %s, then %d of %d starts were low", first, low, len(starts))
	if first < 25*time.Second || first > 35*time.Second || low < 9 || low > 11 {
		t.Error("want the first after 30 s, then a tenth")
	}
}

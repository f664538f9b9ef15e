package workqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// The test binary is also a worker, with its own connections, that can be
// killed and stopped for real. It is told what to do by a spec in workerEnv.
const workerEnv = "WORKQUEUE_WORKER"

// failpointEnv is "point=n" or "point=n:stop": at its nth arrival at the point
// the process is killed, or stopped, by its own signal.
const failpointEnv = "WORKQUEUE_FAILPOINT"

// The points that a worker passes.
const (
	pointBeforeEnqueue = "enqueue:before"
	pointAfterEnqueue  = "enqueue:after" // the queue has answered, the caller does not know yet
	pointBeforeEffect  = "handler:before-effect"
	pointAfterEffect   = "handler:after-effect"
	pointSettling      = "settle:called"
	// Inside the engine, before and after its scripts.
	pointEnqueue  = "enqueue"
	pointEnqueued = "enqueued"
	pointStarted  = "started"
	pointSettle   = "settle"
	pointSettled  = "settled"
)

// processLease is the lease of the worker processes.
const processLease = time.Second

type workerSpec struct {
	Addr        string `json:"addr"`    // of Redis
	Dir         string `json:"dir"`     // of effects and notes
	Enqueue     int    `json:"enqueue"` // jobs to accept instead of working
	Concurrency int    `json:"concurrency"`
	Hold        bool   `json:"hold"` // handlers wait for the file "go"
	HandlerMS   int    `json:"handler_ms"`
	Deadly      string `json:"deadly"` // a job that kills its worker
	Mixed       bool   `json:"mixed"`  // runs end in all ways
}

func runWorker(spec string) int {
	var w worker
	if err := json.Unmarshal([]byte(spec), &w.spec); err != nil {
		return 2
	}
	server := redis.NewClient(&redis.Options{Addr: w.spec.Addr})
	defer func() { _ = server.Close() }()
	var err error
	w.client, err = workqueue.New(processConfig(server))
	if err == nil {
		workqueue.SetFailPoint(w.client, reach)
	}
	if err == nil && w.spec.Enqueue > 0 {
		err = w.enqueue()
	} else if err == nil {
		err = w.work()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func processConfig(server *redis.Client) workqueue.Config {
	return workqueue.Config{
		Client: server, EventStream: "leadstream:events", Lease: processLease, KeepCompleted: 100_000, KeepFailed: 100_000,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

type worker struct {
	spec   workerSpec
	client *workqueue.Client
}

var arrivals atomic.Int64 // at the failpoint

// reach ends or stops the process when the failpoint says so.
func reach(point string) {
	wanted, count, _ := strings.Cut(os.Getenv(failpointEnv), "=")
	count, how, _ := strings.Cut(count, ":")
	if nth, err := strconv.ParseInt(count, 10, 64); err != nil || wanted != point || arrivals.Add(1) != nth {
		return
	}
	if how == "stop" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-time.After(100 * time.Millisecond) // for the signal to reach this thread too
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// enqueue accepts its jobs one by one, notes each that was answered, and
// goes on asking while Redis is away.
func (w *worker) enqueue() error {
	for i := range w.spec.Enqueue {
		reach(pointBeforeEnqueue)
		e := processEntry(i)
		for {
			_, err := w.client.Enqueue(context.Background(), topic, e)
			if err == nil {
				break
			}
			<-time.After(20 * time.Millisecond)
		}
		reach(pointAfterEnqueue)
		if err := note(w.spec.Dir, "accepted", e.ID); err != nil {
			return err
		}
	}
	return nil
}

func processEntry(i int) workqueue.Entry {
	return workqueue.Entry{ID: fmt.Sprintf("p%03d", i), Name: "x", Payload: []byte(`{"n":1}`), BatchID: "all", MaxAttempts: 3}
}

func (w *worker) work() error {
	s := workqueue.NewSubscriber(w.client, workqueue.SubscriberConfig{
		Default: workqueue.TopicOptions{Concurrency: w.spec.Concurrency}, Grace: 3 * time.Second,
	})
	out, err := s.Subscribe(context.Background(), topic)
	if err != nil {
		return err
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		go func() { _ = s.Close() }()
		_ = note(w.spec.Dir, "closing", "now")
	}()
	for m := range out {
		go w.handle(m)
	}
	return nil
}

func (w *worker) handle(m *message.Message) {
	d, _ := workqueue.DeliveryOf(m)
	_ = note(w.spec.Dir, "runs", fmt.Sprintf("%s %d %d", m.UUID, d.Record.Run, os.Getpid()))
	<-time.After(time.Duration(w.spec.HandlerMS) * time.Millisecond)
	for w.spec.Hold && !exists(w.spec.Dir, "go") {
		<-time.After(5 * time.Millisecond)
	}
	if m.UUID == w.spec.Deadly {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if w.spec.Mixed {
		if end, completes := mixedEnd(m.Context(), m, d); !completes {
			d.Settle(end)
			m.Ack()
			return
		}
	}
	reach(pointBeforeEffect)
	if err := effect(w.spec.Dir, m.UUID); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	reach(pointAfterEffect)
	d.Settle(workqueue.Settlement{Result: fmt.Appendf(nil, `{"pid":%d}`, os.Getpid())})
	m.Ack()
	reach(pointSettling)
}

// effect is a job's row: made once, however often the job runs. A file
// outlives whatever happens to processes and to Redis.
func effect(dir, id string) error {
	f, err := os.OpenFile(filepath.Join(dir, "effect-"+id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return note(dir, "repeated", id)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func note(dir, name, line string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line + "\n"); err != nil {
		return err
	}
	return f.Close()
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// fleet is a Redis and the worker processes on it.
type fleet struct {
	*fixture

	dir string
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{fixture: &fixture{t: t, redis: testenv.Redis(t)}, dir: t.TempDir()}
	f.client = f.newClient(func(c *workqueue.Config) { c.KeepCompleted, c.KeepFailed = 100_000, 100_000 })
	return f
}

// start starts a worker process, by way of another address when spec names one.
func (f *fleet) start(spec workerSpec, failpoint string) *testenv.Process {
	f.t.Helper()
	if spec.Addr == "" {
		spec.Addr = f.redis.Addr()
	}
	spec.Dir = f.dir
	encoded, err := json.Marshal(spec)
	if err != nil {
		f.t.Fatal(err)
	}
	return testenv.Self(f.t, workerEnv+"="+string(encoded), failpointEnv+"="+failpoint)
}

// accept enqueues n jobs and notes them as accepted.
func (f *fleet) accept(n int) {
	f.t.Helper()
	for i := range n {
		f.enqueue(processEntry(i))
		if err := note(f.dir, "accepted", processEntry(i).ID); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fleet) notes(name string) []string {
	f.t.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(string(text), " ", "/"))
}

// finished waits until no job is left to do.
func (f *fleet) finished(within time.Duration) {
	f.t.Helper()
	testenv.Eventually(f.t, within, func() bool {
		s, err := f.client.Stats(f.t.Context(), topic, 0)
		all, allErr := f.listed()
		return err == nil && allErr == nil && s.Waiting+s.Active+s.Delayed == 0 && s.Completed+s.Failed+s.Cancelled == all && all > 0
	}, "all jobs are finished")
}

// listed counts the jobs that the listing of all has; the counts of states are
// kept apart from it.
func (f *fleet) listed() (int, error) {
	refs, err := f.client.Refs(f.t.Context(), topic, workqueue.All, nil, 100_000)
	ids := map[string]bool{}
	for _, r := range refs {
		ids[r.ID] = true
	}
	if len(ids) != len(refs) {
		err = fmt.Errorf("%d places in the listing for %d jobs", len(refs), len(ids))
	}
	return len(ids), err
}

// account holds what was accepted against what became of it: nothing is lost,
// every completed job has its one effect, states, batch and events agree.
func (f *fleet) account() workqueue.Stats {
	f.t.Helper()
	s, accepted := f.stats(), unique(f.notes("accepted"))
	all, err := f.listed()
	if err != nil {
		f.t.Fatal(err)
	}
	if all != s.Completed+s.Failed+s.Cancelled || all < len(accepted) {
		f.t.Errorf("%d answered, %d kept, of these %d completed, %d failed, %d cancelled", len(accepted), all, s.Completed, s.Failed, s.Cancelled)
	}
	for id := range accepted {
		r := f.state(id)
		if !r.FinishedAt.After(r.CreatedAt) && !r.FinishedAt.Equal(r.CreatedAt) {
			f.t.Errorf("job %s ended as %+v", id, r)
		}
		if r.State == workqueue.StateCompleted && !exists(f.dir, "effect-"+id) {
			f.t.Errorf("job %s is completed without its effect", id)
		}
	}
	f.batchAgrees(all, s)
	f.eventsAgree()
	return s
}

func (f *fleet) batchAgrees(all int, s workqueue.Stats) {
	f.t.Helper()
	b, err := f.client.Batch(f.t.Context(), topic, "all")
	if err != nil {
		f.t.Fatal(err)
	}
	want := map[string]int{"total": all, "completed": s.Completed, "failed": s.Failed, "cancelled": s.Cancelled}
	for _, name := range []string{"total", "waiting", "active", "delayed", "completed", "failed", "cancelled"} {
		if b[name] != want[name] {
			f.t.Errorf("batch counts %d %s, want %d: %v", b[name], name, want[name], b)
		}
	}
}

func unique(all []string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, v := range all {
		set[v] = true
	}
	return set
}

// lives reads the states of each job off the event stream, in order.
func (f *fixture) lives() map[string][]string {
	f.t.Helper()
	entries, err := f.redis.Client().XRange(f.t.Context(), "leadstream:events", "-", "+").Result()
	if err != nil {
		f.t.Fatal(err)
	}
	lives := map[string][]string{}
	for _, e := range entries {
		var envelope struct {
			Type string `json:"type"`
			Data struct {
				JobID  string `json:"jobId"`
				Status string `json:"status"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(fmt.Sprint(e.Values["payload"])), &envelope); err != nil {
			f.t.Fatalf("event %v: %v", e.Values, err)
		}
		if envelope.Type == "job:updated" {
			lives[envelope.Data.JobID] = append(lives[envelope.Data.JobID], envelope.Data.Status)
		}
	}
	return lives
}

// next is what may follow what, as the package's documentation draws it; a
// take-over starts an active job again.
var next = map[string]string{
	"":                       "waiting delayed",
	workqueue.StateWaiting:   "active cancelled",
	workqueue.StateDelayed:   "waiting cancelled",
	workqueue.StateActive:    "active completed failed cancelled delayed waiting",
	workqueue.StateCompleted: "",
	workqueue.StateFailed:    "waiting",
	workqueue.StateCancelled: "waiting",
}

// eventsAgree checks that each job's events are one legal life that ends
// where the job stands, with one active for each of its runs.
func (f *fixture) eventsAgree() {
	f.t.Helper()
	for id, life := range f.lives() {
		before, active := "", 0
		for _, state := range life {
			if !strings.Contains(next[before], state) {
				f.t.Errorf("job %s went from %s to %s: %v", id, before, state, life)
			}
			if before = state; state == workqueue.StateActive {
				active++
			}
		}
		if r := f.state(id); r.State != before || r.Run != active {
			f.t.Errorf("job %s is %s after %d runs, its events say %v", id, r.State, r.Run, life)
		}
	}
}

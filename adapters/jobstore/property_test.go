package jobstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"leadstream/adapters/jobstore"
	"leadstream/adapters/workqueue"
	"leadstream/domain/fault"
	"leadstream/domain/job"
	"leadstream/internal/testenv"
)

const (
	lease     = time.Second
	modelJobs = 40 // at most, in one history
)

var enrichment = job.Enrichment.String()

// TestPropertyQueueFollowsTheModel does random things to a queue with several
// worker processes' worth of connections on a real Redis, and to a model of
// it. After each step every count and every touched job agree; at the end so
// do all jobs, batches, listings, poison entries and events.
func TestPropertyQueueFollowsTheModel(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	var check atomic.Int64
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := newSystem(rt, server, fmt.Sprintf("m%d", check.Add(1)))
		actions := map[string]func(*rapid.T){
			"enqueue": s.enqueue, "enqueue more": s.enqueue, "enqueue yet more": s.enqueue, "finish": s.finish, "finish another": s.finish,
			"fail": s.fail, "postpone": s.postpone, "nack": s.nack,
			"cancel": s.cancel, "cancel another": s.cancel, "requeue": s.requeue, "requeue another": s.requeue, "pause": s.pause, "resume": s.resume,
			"hand back": s.handBack, "lose worker": s.loseWorker, "report": s.report,
		}
		for name, action := range actions {
			actions[name] = func(rt *rapid.T) {
				s.rt = rt
				s.model.begin()
				action(rt)
				done[name]++
				s.settle()
			}
		}
		rt.Repeat(actions)
		s.rt = rt
		s.end()
	})
	t.Logf("steps done: %v", done)
}

// process is a worker with its own connection.
type process struct {
	client *redis.Client
	sub    *workqueue.Subscriber
	slots  int
	held   []*modelJob
}

type given struct {
	to *process
	m  *message.Message
}

type system struct {
	rt         *rapid.T
	server     *testenv.RedisServer
	prefix     string
	redis      *redis.Client
	queue      *workqueue.Client
	store      *jobstore.Store
	deliveries jobstore.Deliveries
	processes  []*process
	taken      chan given
	ended      chan struct{}
	model      *model
	ids        int
}

func newSystem(rt *rapid.T, server *testenv.RedisServer, prefix string) *system {
	s := &system{
		rt: rt, server: server, prefix: prefix, taken: make(chan given), ended: make(chan struct{}), model: &model{},
		deliveries: jobstore.NewDeliveries(time.Now), redis: redis.NewClient(server.Options()),
	}
	rt.Cleanup(func() { _ = s.redis.Close() })
	s.queue = s.newQueue(s.redis)
	s.store = jobstore.New(s.queue, nil, time.Now)
	for _, slots := range rapid.SliceOfN(rapid.IntRange(1, 2), 1, 3).Draw(rt, "slots") {
		s.processes = append(s.processes, s.newProcess(slots))
	}
	rt.Cleanup(func() {
		close(s.ended)
		for _, p := range s.processes {
			for _, j := range p.held {
				j.m.Ack()
			}
			_ = p.sub.Close()
			_ = p.client.Close()
		}
	})
	return s
}

func (s *system) newQueue(client *redis.Client) *workqueue.Client {
	queue, err := workqueue.New(workqueue.Config{
		Client: client, Prefix: s.prefix, EventStream: s.prefix + ":events", Events: jobstore.Events, Lease: lease,
	})
	if err != nil {
		s.rt.Fatalf("%v", err)
	}
	return queue
}

func (s *system) newProcess(slots int) *process {
	client := redis.NewClient(s.server.Options())
	p := &process{client: client, slots: slots}
	s.work(p)
	return p
}

func (s *system) work(p *process) {
	p.sub = workqueue.NewSubscriber(s.newQueue(p.client), workqueue.SubscriberConfig{
		Default: workqueue.TopicOptions{Concurrency: p.slots}, Grace: 20 * time.Millisecond, NackDelay: shortly,
	})
	out, err := p.sub.Subscribe(context.Background(), enrichment)
	if err != nil {
		s.rt.Fatalf("%v", err)
	}
	go func() {
		for m := range out {
			select {
			case s.taken <- given{p, m}:
			case <-s.ended:
				m.Nack()
			}
		}
	}()
}

func (s *system) fatalf(format string, args ...any) {
	s.rt.Helper()
	s.rt.Fatalf(format, args...)
}

// some draws one of the jobs, or skips the step when there is none.
func some(rt *rapid.T, jobs []*modelJob) *modelJob {
	if len(jobs) == 0 {
		rt.Skip("no such job")
	}
	return jobs[rapid.IntRange(0, len(jobs)-1).Draw(rt, "job")]
}

func (s *system) enqueue(rt *rapid.T) {
	if len(s.model.jobs) >= modelJobs {
		rt.Skip("jobs enough")
	}
	var entries []workqueue.Entry
	var want []string
	for range rapid.IntRange(1, 3).Draw(rt, "entries") {
		e, p := s.drawEntry(rt)
		entries, want = append(entries, e), append(want, s.model.accept(e, p))
	}
	got, err := s.queue.Enqueue(context.Background(), enrichment, entries...)
	if err != nil || !slices.Equal(got, want) {
		s.fatalf("enqueue answered %q, %v, want %q", got, err, want)
	}
}

func (s *system) drawEntry(rt *rapid.T) (workqueue.Entry, job.Priority) {
	s.ids++
	id := fmt.Sprintf("j%03d", s.ids)
	if len(s.model.jobs) > 0 && rapid.IntRange(0, 3).Draw(rt, "repeat") == 0 {
		id = some(rt, s.model.jobs).id
	}
	p := rapid.SampledFrom([]job.Priority{job.High, job.Normal, job.Low}).Draw(rt, "priority")
	return workqueue.Entry{
		ID: id, Name: "enrich_business", Payload: []byte(`{"business_id":7}`), Priority: p.String(), Backoff: shortly / 2,
		MaxAttempts: rapid.IntRange(1, 3).Draw(rt, "attempts"),
		BatchID:     rapid.SampledFrom([]string{"", "b1", "b2"}).Draw(rt, "batch"),
		UniqueKey:   rapid.SampledFrom([]string{"", "", "u1", "u2"}).Draw(rt, "unique"),
		Delay:       rapid.SampledFrom([]time.Duration{0, 0, 0, shortly, late}).Draw(rt, "delay"),
	}, p
}

// domainJob is a held job as its handler is given it.
func (s *system) domainJob(j *modelJob) job.Job {
	d, err := s.deliveries.Job(j.m)
	if err != nil {
		s.fatalf("%v", err)
	}
	return d
}

// endRun writes what the domain made of a run, and waits until it is written.
func (s *system) endRun(j *modelJob, d job.Job, cause error) {
	if err := s.deliveries.Settle(j.m, d, "handler", cause); err != nil {
		s.fatalf("%v", err)
	}
	p := j.holder
	j.m.Ack()
	p.drop(j)
}

func (p *process) drop(j *modelJob) {
	p.held = slices.DeleteFunc(p.held, func(other *modelJob) bool { return other == j })
}

func (s *system) finish(rt *rapid.T) {
	j := some(rt, s.model.held())
	d := s.domainJob(j)
	if j.wish && rapid.Bool().Draw(rt, "obeys") {
		s.must(d.Cancel(time.Now()))
		s.endRun(j, d, nil)
		j.finish(job.Cancelled)
		return
	}
	j.result = fmt.Sprintf(`{"run":%d}`, j.run)
	s.must(d.Complete(json.RawMessage(j.result), time.Now()))
	s.endRun(j, d, nil)
	j.finish(job.Completed)
}

func (s *system) must(err error) {
	s.rt.Helper()
	if err != nil {
		s.fatalf("the domain refuses what the model allows: %v", err)
	}
}

// fail ends an attempt: for good when it is the last or could never succeed.
func (s *system) fail(rt *rapid.T) {
	j := some(rt, s.model.held())
	d, cause := s.domainJob(j), errors.New("no answer")
	if rapid.IntRange(0, 2).Draw(rt, "invalid") == 0 {
		cause = fault.Invalidf("bad")
	}
	s.must(d.Fail(cause, time.Now()))
	s.endRun(j, d, cause)
	if fault.Is(cause, fault.Invalid) || j.attempts >= j.maxAttempts {
		j.finish(job.Failed)
	} else {
		j.delay(shortly, true)
	}
}

func (s *system) postpone(rt *rapid.T) {
	j := some(rt, s.model.held())
	by := rapid.SampledFrom([]time.Duration{shortly, late}).Draw(rt, "by")
	d, cause := s.domainJob(j), fault.Postpone(time.Now().Add(by), "too fast")
	s.must(d.Fail(cause, time.Now()))
	s.endRun(j, d, cause)
	j.delay(by, false)
}

func (s *system) nack(rt *rapid.T) {
	j := some(rt, s.model.held())
	j.m.Nack()
	j.holder.drop(j)
	j.delay(shortly, true)
}

func (s *system) report(rt *rapid.T) {
	j := some(rt, s.model.held())
	if err := s.store.Report(context.Background(), s.domainJob(j), job.NewProgress(40, "on it")); err != nil {
		s.fatalf("%v", err)
	}
	j.kinds = append(j.kinds, "enrichment:progress")
}

func (s *system) cancel(rt *rapid.T) {
	j := some(rt, s.model.jobs)
	from, err := s.queue.Cancel(context.Background(), enrichment, j.id)
	if err != nil {
		s.fatalf("%v", err)
	}
	s.promotedAs(j, from)
	if from != j.state.String() {
		s.fatalf("cancel of %s answered %s, it is %s", j.id, from, j.state)
	}
	switch j.state {
	case job.Waiting, job.Delayed:
		j.finish(job.Cancelled)
	case job.Active:
		j.wish = true
		s.told(j)
	}
}

// promotedAs follows the queue's choice of when a due job becomes waiting.
func (s *system) promotedAs(j *modelJob, shown string) {
	if j.state == job.Delayed && j.soon && shown == job.Waiting.String() {
		j.move(job.Waiting)
		j.line, j.linedUp = 0, time.Now()
	}
}

func (s *system) told(j *modelJob) {
	if j.holder == nil {
		return
	}
	select {
	case <-j.m.Context().Done():
	case <-time.After(time.Second):
		s.fatalf("%s was not told within a second that it is cancelled", j.id)
	}
	if !s.deliveries.Cancelled(j.m.Context()) {
		s.fatalf("%s was told %v", j.id, context.Cause(j.m.Context()))
	}
}

func (s *system) requeue(rt *rapid.T) {
	from := s.model.jobs
	if rapid.IntRange(0, 4).Draw(rt, "any") > 0 { // most are to have an effect
		from = append(s.model.in(job.Failed), s.model.in(job.Cancelled)...)
	}
	s.requeueJob(some(rt, from))
}

func (s *system) requeueJob(j *modelJob) {
	from, err := s.queue.Requeue(context.Background(), enrichment, j.id)
	if err != nil {
		s.fatalf("%v", err)
	}
	s.promotedAs(j, from)
	want := j.state.String()
	again := j.state == job.Failed || j.state == job.Cancelled
	if again && s.model.holderOf(j.unique, j) != nil {
		again, want = false, workqueue.StateHeld
	}
	if from != want {
		s.fatalf("requeue of %s answered %s, want %s", j.id, from, want)
	}
	if again {
		j.move(job.Waiting)
		j.attempts, j.losses, j.result, j.due = 0, 0, "", time.Time{}
		s.model.lineUp(j)
	}
}

func (s *system) pause(*rapid.T)  { s.setPaused(true) }
func (s *system) resume(*rapid.T) { s.setPaused(false) }

func (s *system) setPaused(paused bool) {
	if err := s.store.SetPaused(context.Background(), job.Enrichment, paused); err != nil {
		s.fatalf("%v", err)
	}
	s.model.paused = paused
}

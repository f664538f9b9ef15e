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
	"leadstream/app"
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

// handBack shuts a worker down while its handlers run, and starts it again.
func (s *system) handBack(rt *rapid.T) {
	p := rapid.SampledFrom(s.processes).Draw(rt, "process")
	held := p.held
	p.held = nil
	for _, j := range held {
		go func() { <-j.m.Context().Done(); j.m.Nack() }()
	}
	closed := make(chan struct{})
	go func() { _ = p.sub.Close(); close(closed) }()
	s.receiveUntil(closed, p, held)
	s.work(p)
}

// receiveUntil takes what other workers start of a closing worker's jobs, and
// what that had on its way when it was told to close.
func (s *system) receiveUntil(closed <-chan struct{}, p *process, held []*modelJob) {
	var early []given
	for open := true; open; {
		select {
		case g := <-s.taken:
			if g.to != p {
				early = append(early, g)
				continue
			}
			held = append(held, s.started(g))
			go func() { <-g.m.Context().Done(); g.m.Nack() }()
		case <-closed:
			open = false
		}
	}
	for _, j := range held {
		if j.wish {
			j.finish(job.Cancelled)
			continue
		}
		j.move(job.Waiting)
		j.attempts--
		j.holder, j.m, j.line, j.linedUp = nil, nil, 0, time.Now()
	}
	p.held = nil
	for _, g := range early {
		s.started(g)
	}
}

// loseWorker cuts a worker off with its jobs in hand; what it says of them
// afterwards is not heard. Another takes its place.
func (s *system) loseWorker(rt *rapid.T) {
	i := rapid.IntRange(0, len(s.processes)-1).Draw(rt, "process")
	p := s.processes[i]
	if len(p.held) == 0 {
		rt.Skip("it has nothing to lose")
	}
	_ = p.client.Close()
	for _, j := range p.held {
		j.m.Ack()
		j.holder = nil
	}
	_ = p.sub.Close()
	s.processes[i] = s.newProcess(p.slots)
}

// settle waits for all that must happen by itself, and checks that nothing
// else does.
func (s *system) settle() {
	var started []*modelJob
	for s.mustStart() {
		select {
		case g := <-s.taken:
			started = append(started, s.started(g))
		case <-time.After(soon):
			s.fatalf("slots are free, %d jobs could run, and none starts", len(s.model.jobs))
		}
	}
	s.writeOff()
	if unfair := s.model.unfair(started); unfair != "" {
		s.fatalf("out of line: %s", unfair)
	}
	s.countsAgree()
}

func (s *system) mustStart() bool {
	free := 0
	for _, p := range s.processes {
		free += p.slots - len(p.held)
	}
	return free > 0 && !s.model.paused && slices.ContainsFunc(s.model.jobs, (*modelJob).mayStart)
}

// started checks a start against the model.
func (s *system) started(g given) *modelJob {
	j := s.model.find(g.m.UUID)
	d, ok := workqueue.DeliveryOf(g.m)
	if j == nil || !ok {
		s.fatalf("%s started, which nobody enqueued", g.m.UUID)
		return nil
	}
	if !j.mayStart() || len(g.to.held) >= g.to.slots {
		s.fatalf("%s started while it was %s and its worker had %d of %d", j.id, j.state, len(g.to.held), g.to.slots)
	}
	if s.model.paused && !s.model.waited[j] {
		s.fatalf("%s started in a paused queue", j.id)
	}
	if j.orphan() {
		s.refused(j)
		j.losses++
	} else {
		j.attempts++
	}
	s.promotedAs(j, job.Waiting.String())
	j.move(job.Active)
	j.run++
	j.holder, j.m = g.to, g.m
	g.to.held = append(g.to.held, j)
	r := d.Record
	if r.State != workqueue.StateActive || r.Run != j.run || r.Attempts != j.attempts || r.Losses != j.losses {
		s.fatalf("%s started as %+v, want run %d, attempt %d, %d losses", j.id, r, j.run, j.attempts, j.losses)
	}
	if j.due.After(r.StartedAt) {
		s.fatalf("%s was due at %s and started at %s", j.id, j.due, r.StartedAt)
	}
	return j
}

// refused checks that the worker that lost the job can write nothing.
func (s *system) refused(j *modelJob) {
	d, _ := workqueue.DeliveryOf(j.m)
	if ok, err := s.queue.Report(context.Background(), d.Record, 99, "late"); ok || err != nil {
		s.fatalf("a lost worker's report of %s was taken: %v", j.id, err)
	}
}

// writeOff waits for the end of lost jobs that are not to run again; they need
// no slot, and a pause does not keep them.
func (s *system) writeOff() {
	for _, j := range s.model.jobs {
		if !j.endsWithoutRun() {
			continue
		}
		to := job.Failed
		if j.wish {
			to = job.Cancelled
		}
		s.await(j.id, to)
		j.life = append(j.life, happening{job.Active, true})
		j.losses++
		j.run++
		j.finish(to)
	}
}

func (s *system) await(id string, state job.State) {
	s.rt.Helper()
	testenv.Eventually(s.rt, soon, func() bool {
		j, err := s.store.Job(context.Background(), id)
		return err == nil && j.State() == state
	}, "%s becomes %s", id, state)
}

// countsAgree compares every count with what it counts. Jobs that are due may
// be waiting or still delayed.
func (s *system) countsAgree() {
	s.rt.Helper()
	ctx := context.Background()
	n := map[job.State]int{}
	due := 0
	for _, j := range s.model.jobs {
		n[j.state]++
		if j.state == job.Delayed && j.soon {
			due++
		}
	}
	var got workqueue.Stats
	agree := func() bool {
		var err error
		got, err = s.queue.Stats(ctx, enrichment, 0)
		promoted := got.Waiting - n[job.Waiting]
		return err == nil && promoted >= 0 && promoted <= due && got.Delayed == n[job.Delayed]-promoted && got.Active == n[job.Active] &&
			got.Completed == n[job.Completed] && got.Failed == n[job.Failed] && got.Cancelled == n[job.Cancelled] && got.Paused == s.model.paused
	}
	deadline := time.Now().Add(soon)
	for !agree() {
		if time.Now().After(deadline) {
			s.fatalf("the queue counts %+v, the model %v with %d due, paused %v", got, n, due, s.model.paused)
		}
		<-time.After(5 * time.Millisecond)
	}
	s.jobsAgree()
	if poison, err := s.store.Poison(ctx, app.PoisonFilter{Limit: 1}); err != nil || poison.Total != n[job.Failed] {
		s.fatalf("%d poison entries of %d failed jobs: %v", poison.Total, n[job.Failed], err)
	}
}

// jobsAgree compares each job with what it should be.
func (s *system) jobsAgree() {
	s.rt.Helper()
	for _, j := range s.model.jobs {
		r, err := s.queue.Get(context.Background(), enrichment, j.id)
		if err != nil {
			s.fatalf("%v", err)
		}
		s.promotedAs(j, r.State)
		if r.State != j.state.String() || r.Attempts != j.attempts || r.Run != j.run || r.Losses != j.losses && j.unfinished() ||
			string(r.Result) != j.result || r.CancelRequested != j.wish || (r.PoisonID != "") != (j.state == job.Failed) {
			s.fatalf("job %s is %+v, the model has %+v", j.id, r, *j)
		}
		if j.state == job.Delayed {
			j.due = r.DueAt
		}
	}
}

// end finishes all jobs and checks the whole history.
func (s *system) end() {
	s.setPaused(false)
	s.model.begin()
	s.settle()
	for slices.ContainsFunc(s.model.jobs, (*modelJob).unfinished) {
		s.model.begin()
		for _, j := range s.model.held() {
			d := s.domainJob(j)
			j.result = `{"last":true}`
			s.must(d.Complete(json.RawMessage(j.result), time.Now()))
			s.endRun(j, d, nil)
			j.finish(job.Completed)
		}
		for _, j := range s.model.in(job.Delayed) {
			if !j.soon {
				if _, err := s.queue.Cancel(context.Background(), enrichment, j.id); err != nil {
					s.fatalf("%v", err)
				}
				j.finish(job.Cancelled)
			}
		}
		s.settle()
	}
	s.eventsAgree()
	s.batchesAgree()
	s.listingsAgree()
}

// eventsAgree checks that each change of state has its one event, in order.
func (s *system) eventsAgree() {
	entries, err := s.redis.XRange(context.Background(), s.prefix+":events", "-", "+").Result()
	if err != nil {
		s.fatalf("%v", err)
	}
	states, kinds, ids := map[string][]string{}, map[string][]string{}, map[string]bool{}
	for _, e := range entries {
		var envelope struct {
			ID   string `json:"id"`
			Type string `json:"type"`
			Data struct {
				JobID  string `json:"jobId"`
				Status string `json:"status"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(fmt.Sprint(e.Values["payload"])), &envelope); err != nil || ids[envelope.ID] {
			s.fatalf("event %v: %v", e.Values, err)
		}
		ids[envelope.ID] = true
		switch id := envelope.Data.JobID; {
		case envelope.Type == "job:updated":
			states[id] = append(states[id], envelope.Data.Status)
		case id != "":
			kinds[id] = append(kinds[id], envelope.Type)
		}
	}
	for _, j := range s.model.jobs {
		if !j.matches(states[j.id]) {
			s.fatalf("events show %s as %v, it was %v", j.id, states[j.id], j.life)
		}
		if !slices.Equal(kinds[j.id], j.kinds) {
			s.fatalf("%s has the events %v, want %v", j.id, kinds[j.id], j.kinds)
		}
	}
	if len(states) > len(s.model.jobs) {
		s.fatalf("events of %d jobs, there are %d", len(states), len(s.model.jobs))
	}
}

func (s *system) batchesAgree() {
	for _, id := range []string{"b1", "b2"} {
		want := job.Batch{ID: id}
		for _, j := range s.model.jobs {
			if j.batch != id {
				continue
			}
			want.Total++
			switch j.state {
			case job.Completed:
				want.Completed++
			case job.Failed:
				want.Failed++
			case job.Cancelled:
				want.Cancelled++
			}
		}
		got, err := s.store.Batch(context.Background(), id)
		if want.Total == 0 {
			if !fault.Is(err, fault.NotFound) {
				s.fatalf("batch %s without jobs: %+v, %v", id, got, err)
			}
		} else if err != nil || got != want {
			s.fatalf("batch %+v, %v, want %+v", got, err, want)
		}
	}
}

func (s *system) listingsAgree() {
	ctx := context.Background()
	for _, state := range append(job.States(), job.State{}) {
		want := len(s.model.jobs)
		if !state.IsZero() {
			want = len(s.model.in(state))
		}
		page, err := s.store.Jobs(ctx, app.JobFilter{Queue: job.Enrichment, State: state, Limit: 2 * modelJobs})
		if err != nil || page.Total != want || len(page.Jobs) != want {
			s.fatalf("%d %s jobs are listed of %d, want %d: %v", len(page.Jobs), state, page.Total, want, err)
		}
	}
	poison, err := s.store.Poison(ctx, app.PoisonFilter{Limit: 2 * modelJobs})
	if want := len(s.model.in(job.Failed)); err != nil || poison.Total != want || len(poison.Entries) != want {
		s.fatalf("%d poison entries, want %d: %v", poison.Total, want, err)
	}
	for _, e := range poison.Entries {
		if j := s.model.find(e.JobID); j == nil || j.state != job.Failed {
			s.fatalf("a poison entry of job %s", e.JobID)
		}
	}
	free, err := s.queue.Unheld(ctx, enrichment, []string{"u1", "u2"})
	if err != nil || len(free) != 2 {
		s.fatalf("unique keys are held when all jobs are finished: %v free, %v", free, err)
	}
}

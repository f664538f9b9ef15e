package jobstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/fault"
	"leadstream/domain/job"
	"leadstream/internal/testenv"
)

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

package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"leadstream/adapters/jobstore"
	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/job"
	"leadstream/ports/messages"
)

// pipeline is the whole path of a job: domain, job store, work queue,
// Watermill's router with its middleware, the use case and the job's log. Only
// what the use case asks of the outside does nothing.
type pipeline struct {
	*leadstream
	store *jobstore.Store
}

func newPipeline(s *server) system {
	client := must1(workqueue.New(workqueue.Config{
		Client: s.client(128), EventStream: "leadstream:events", Events: jobstore.Events,
	}))
	return &pipeline{&leadstream{s, client, "leadstream:events"}, jobstore.New(client, nil, time.Now)}
}

func (p *pipeline) name() string { return "leadstream, whole path" }

func (p *pipeline) job(i int) job.Job {
	return must1(job.New(job.Spec{
		ID: jobID(i), Command: job.EnrichBusiness{BusinessID: int64(i + 1)},
		Retry: job.RetryPolicy{Attempts: 3, Backoff: 2 * time.Second}, CreatedAt: time.Now(),
	}))
}

func (p *pipeline) add(i int) { must1(p.store.Enqueue(context.Background(), p.job(i))) }

func (p *pipeline) addBulk(jobs int) {
	for from := 0; from < jobs; from += 1000 {
		batch := make([]job.Job, min(1000, jobs-from))
		for i := range batch {
			batch[i] = p.job(from + i)
		}
		must1(p.store.Enqueue(context.Background(), batch...))
	}
}

func (p *pipeline) enqueue(callers, jobs int) time.Duration { return inParallel(callers, jobs, p.add) }

func (p *pipeline) enqueueBulk(jobs int) time.Duration {
	begin := time.Now()
	p.addBulk(jobs)
	return time.Since(begin)
}

func (p *pipeline) fill(jobs int) { p.addBulk(jobs) }

func (p *pipeline) process(concurrency, _ int) time.Duration {
	begin := time.Now()
	stop := p.run(concurrency, func(int64) {})
	defer stop()
	for {
		s := must1(p.client.Stats(context.Background(), job.Enrichment.String(), 0))
		if s.Waiting+s.Active == 0 {
			return time.Since(begin)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (p *pipeline) run(concurrency int, seen func(id int64)) (stop func()) {
	log := slog.New(slog.DiscardHandler)
	router := must1(messages.NewJobRouter(messages.JobOptions{
		App: app.New(app.Needs{Leads: noLeads{seen: seen}, Events: noEvents{}, Reporter: p.store, Now: time.Now}),
		Work: workqueue.NewSubscriber(p.client, workqueue.SubscriberConfig{
			Default: workqueue.TopicOptions{Concurrency: concurrency},
		}),
		Deliveries: jobstore.NewDeliveries(time.Now), Queues: []job.Queue{job.Enrichment},
		Timeouts: map[job.Queue]time.Duration{job.Enrichment: time.Minute}, Logger: log,
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	<-router.Running()
	return func() {
		cancel()
		must(<-ended)
	}
}

func (p *pipeline) latency(jobs int) []time.Duration {
	a := newArrivals(jobs)
	stop := p.run(10, func(id int64) { a.came(payload(int(id) - 1)) })
	defer stop()
	time.Sleep(time.Second)
	return a.send(p.add)
}

func (p *pipeline) memory(int) (waiting, completed float64) { return 0, 0 }

// noLeads is a database of leads that has every business and keeps nothing.
type noLeads struct {
	app.Businesses
	seen func(id int64)
}

func (l noLeads) Business(_ context.Context, id int64) (business.Business, error) {
	l.seen(id)
	return business.Business{ID: id, Place: business.Place{Name: fmt.Sprint("Business ", id)}}, nil
}

func (l noLeads) SaveEnrichment(_ context.Context, id int64, _ business.EnrichmentStatus, _ []business.Contact) (business.Business, error) {
	return business.Business{ID: id}, nil
}

type noEvents struct{}

func (noEvents) PublishFound(context.Context, business.Found) error { return nil }

func (noEvents) PublishBusiness(context.Context, string, business.Business) error { return nil }

package main

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
)

type asynqSystem struct {
	server *server
	redis  asynq.RedisClientOpt
	client *asynq.Client
}

func newAsynq(s *server) system {
	opt := asynq.RedisClientOpt{Addr: s.addr}
	return &asynqSystem{s, opt, asynq.NewClient(opt)}
}

func (a *asynqSystem) name() string { return "asynq" }

func (a *asynqSystem) add(i int, options ...asynq.Option) {
	must1(a.client.Enqueue(asynq.NewTask("mail:send", payload(i)), options...))
}

func (a *asynqSystem) enqueue(callers, jobs int) time.Duration {
	return inParallel(callers, jobs, func(i int) { a.add(i) })
}

func (a *asynqSystem) enqueueBulk(int) time.Duration { return 0 }

func (a *asynqSystem) work(concurrency int, check time.Duration, handle func(payload []byte)) *asynq.Server {
	srv := asynq.NewServer(a.redis, asynq.Config{Concurrency: concurrency, LogLevel: asynq.FatalLevel, TaskCheckInterval: check})
	must(srv.Start(asynq.HandlerFunc(func(_ context.Context, t *asynq.Task) error {
		handle(t.Payload())
		return nil
	})))
	return srv
}

func (a *asynqSystem) fill(jobs int) { inParallel(10, jobs, func(i int) { a.add(i) }) }

func (a *asynqSystem) process(concurrency, jobs int) time.Duration {
	done := newArrivals(jobs)
	begin := time.Now()
	srv := a.work(concurrency, 0, func([]byte) { done.count() })
	<-done.done
	took := time.Since(begin)
	srv.Shutdown()
	return took
}

// latency is with the shortest polling that its documentation allows; with its
// own setting, one second, it is a hundred times this.
func (a *asynqSystem) latency(jobs int) []time.Duration {
	arrived := newArrivals(jobs)
	srv := a.work(10, 10*time.Millisecond, arrived.came)
	defer srv.Shutdown()
	time.Sleep(2 * time.Second)
	return arrived.send(func(i int) { a.add(i) })
}

func (a *asynqSystem) memory(jobs int) (waiting, completed float64) {
	a.add(0, asynq.Retention(24*time.Hour))
	empty := a.server.memory()
	inParallel(10, jobs, func(i int) { a.add(i, asynq.Retention(24*time.Hour)) })
	waiting = a.server.memory() - empty
	done := newArrivals(jobs + 1)
	srv := a.work(10, 0, func([]byte) { done.count() })
	<-done.done
	srv.Shutdown()
	return waiting / float64(jobs), (a.server.memory() - empty) / float64(jobs)
}

func (a *asynqSystem) close() { must(a.client.Close()) }

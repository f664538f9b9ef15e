package main

import (
	"context"
	"time"

	"leadstream/adapters/workqueue"
)

const (
	topic = "bench"
	keep  = 1_000_000 // in memory runs: all of them
)

// leadstream is the work queue itself, with its job hashes, events, leases and
// retention.
type leadstream struct {
	server *server
	client *workqueue.Client
	events string
}

func newLeadstream(s *server) system { return newBareQueue(s, "leadstream:events") }

// newQuiet is the work queue without an event for each change of state, which
// most others do not have either.
func newQuiet(s *server) system { return newBareQueue(s, "") }

func newBareQueue(s *server, events string) *leadstream {
	return &leadstream{s, workqueueClient(s, events, 0), events}
}

func workqueueClient(s *server, events string, keepCompleted int) *workqueue.Client {
	return must1(workqueue.New(workqueue.Config{Client: s.client(64), EventStream: events, KeepCompleted: keepCompleted}))
}

func (l *leadstream) name() string {
	if l.events == "" {
		return "leadstream, no events"
	}
	return "leadstream"
}

func (l *leadstream) entry(i int) workqueue.Entry {
	return workqueue.Entry{ID: jobID(i), Name: "mail:send", Payload: payload(i)}
}

func (l *leadstream) add(i int) {
	must1(l.client.Enqueue(context.Background(), topic, l.entry(i)))
}

func (l *leadstream) addBulk(jobs int) {
	for from := 0; from < jobs; from += 1000 {
		entries := make([]workqueue.Entry, min(1000, jobs-from))
		for i := range entries {
			entries[i] = l.entry(from + i)
		}
		must1(l.client.Enqueue(context.Background(), topic, entries...))
	}
}

func (l *leadstream) enqueue(callers, jobs int) time.Duration {
	return inParallel(callers, jobs, l.add)
}

func (l *leadstream) enqueueBulk(jobs int) time.Duration {
	begin := time.Now()
	l.addBulk(jobs)
	return time.Since(begin)
}

func (l *leadstream) fill(jobs int) { l.addBulk(jobs) }

func (l *leadstream) process(concurrency, jobs int) time.Duration {
	begin := time.Now()
	stop := l.work(concurrency, func([]byte) {})
	defer stop()
	l.untilCompleted(jobs)
	return time.Since(begin)
}

// work answers how to stop working.
func (l *leadstream) work(concurrency int, handle func(payload []byte)) (stop func()) {
	s := workqueue.NewSubscriber(l.client, workqueue.SubscriberConfig{
		Default: workqueue.TopicOptions{Concurrency: concurrency},
	})
	messages := must1(s.Subscribe(context.Background(), topic))
	go func() {
		for m := range messages {
			handle(m.Payload)
			m.Ack()
		}
	}()
	return func() { must(s.Close()) }
}

// untilCompleted waits until nothing of what was enqueued is unfinished.
func (l *leadstream) untilCompleted(int) {
	for {
		s := must1(l.client.Stats(context.Background(), topic, 0))
		if s.Waiting+s.Active+s.Delayed == 0 {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (l *leadstream) latency(jobs int) []time.Duration {
	a := newArrivals(jobs)
	stop := l.work(10, a.came)
	defer stop()
	time.Sleep(time.Second)
	return a.send(l.add)
}

func (l *leadstream) memory(jobs int) (waiting, completed float64) {
	l.client = workqueueClient(l.server, l.events, keep)
	empty := l.server.memory("leadstream:events")
	l.addBulk(jobs)
	waiting = l.server.memory("leadstream:events") - empty
	stop := l.work(10, func([]byte) {})
	l.untilCompleted(jobs)
	stop()
	completed = l.server.memory("leadstream:events") - empty
	return waiting / float64(jobs), completed / float64(jobs)
}

func (l *leadstream) close() {}

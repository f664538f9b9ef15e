package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
)

// plain is watermill-redisstream with Watermill's router: one subscriber a
// slot, since it handles one message at a time.
type plain struct {
	server    *server
	publisher *redisstream.Publisher
}

func newPlain(s *server) system {
	return &plain{s, must1(redisstream.NewPublisher(redisstream.PublisherConfig{Client: s.client(64)}, watermill.NopLogger{}))}
}

func (p *plain) name() string { return "watermill-redisstream" }

func (p *plain) add(i int) {
	must(p.publisher.Publish(topic, message.NewMessage(watermill.NewUUID(), payload(i))))
}

func (p *plain) enqueue(callers, jobs int) time.Duration { return inParallel(callers, jobs, p.add) }

func (p *plain) enqueueBulk(jobs int) time.Duration {
	begin := time.Now()
	for from := 0; from < jobs; from += 1000 {
		batch := make([]*message.Message, min(1000, jobs-from))
		for i := range batch {
			batch[i] = message.NewMessage(watermill.NewUUID(), payload(from+i))
		}
		must(p.publisher.Publish(topic, batch...))
	}
	return time.Since(begin)
}

func (p *plain) work(concurrency int, handle func(payload []byte)) (stop func()) {
	client := p.server.client(3*concurrency + 20)
	router := must1(message.NewRouter(message.RouterConfig{CloseTimeout: time.Second}, watermill.NopLogger{}))
	for slot := range concurrency {
		sub := must1(redisstream.NewSubscriber(redisstream.SubscriberConfig{Client: client, ConsumerGroup: "g"}, watermill.NopLogger{}))
		router.AddConsumerHandler(fmt.Sprint("slot", slot), topic, sub, func(m *message.Message) error {
			handle(m.Payload)
			return nil
		})
	}
	go func() { _ = router.Run(context.Background()) }()
	<-router.Running()
	return func() { _ = router.Close() } // its time-out is no fault here
}

func (p *plain) fill(jobs int) { inParallel(10, jobs, p.add) }

func (p *plain) process(concurrency, jobs int) time.Duration {
	done := newArrivals(jobs)
	begin := time.Now()
	stop := p.work(concurrency, func([]byte) { done.count() })
	<-done.done
	took := time.Since(begin)
	stop()
	return took
}

func (p *plain) latency(jobs int) []time.Duration {
	a := newArrivals(jobs)
	stop := p.work(10, a.came)
	defer stop()
	time.Sleep(time.Second)
	return a.send(p.add)
}

func (p *plain) memory(jobs int) (waiting, completed float64) {
	empty := p.server.memory()
	inParallel(10, jobs, p.add)
	waiting = p.server.memory() - empty
	done := newArrivals(jobs)
	stop := p.work(10, func([]byte) { done.count() })
	<-done.done
	stop()
	return waiting / float64(jobs), (p.server.memory() - empty) / float64(jobs)
}

func (p *plain) close() {}

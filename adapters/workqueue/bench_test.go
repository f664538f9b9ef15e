package workqueue_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// The benchmarks run on a real Redis with its append-only file, with events,
// leases and retention on, and handlers that do nothing.

func benchClient(b *testing.B) *workqueue.Client {
	b.Helper()
	client, err := workqueue.New(workqueue.Config{Client: testenv.Redis(b).Client(), EventStream: "leadstream:events"})
	if err != nil {
		b.Fatal(err)
	}
	return client
}

var payload = fmt.Appendf(nil, `{"location":"Freehold, NJ","text":"%0100d"}`, 7)

func bulk(b *testing.B, client *workqueue.Client, from, n int) {
	b.Helper()
	for n > 0 {
		size := min(n, 500)
		entries := make([]workqueue.Entry, size)
		for i := range entries {
			entries[i] = workqueue.Entry{ID: fmt.Sprintf("01hf%014d", from+i), Name: "x", Payload: payload}
		}
		if _, err := client.Enqueue(b.Context(), topic, entries...); err != nil {
			b.Fatal(err)
		}
		from, n = from+size, n-size
	}
}

func BenchmarkEnqueueBulk(b *testing.B) {
	client := benchClient(b)
	b.ResetTimer()
	bulk(b, client, 0, b.N)
}

func BenchmarkEnqueueSingle(b *testing.B) {
	client := benchClient(b)
	var n atomic.Int64
	b.SetParallelism(5) // ten callers on two cores
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			bulk(b, client, int(n.Add(1)), 1)
		}
	})
}

func BenchmarkProcess(b *testing.B) {
	for _, slots := range []int{10, 100} {
		b.Run(fmt.Sprintf("concurrency=%d", slots), func(b *testing.B) {
			client := benchClient(b)
			bulk(b, client, 0, b.N)
			s := workqueue.NewSubscriber(client, concurrency(slots))
			b.ResetTimer()
			out, err := s.Subscribe(context.Background(), topic)
			if err != nil {
				b.Fatal(err)
			}
			for range b.N {
				m := <-out
				m.Ack()
			}
			for stats(b, client).Active > 0 {
				time.Sleep(time.Millisecond) //nolint:forbidigo // the end of the last is what is measured
			}
			b.StopTimer()
			_ = s.Close()
		})
	}
}

func stats(b *testing.B, client *workqueue.Client) workqueue.Stats {
	b.Helper()
	s, err := client.Stats(b.Context(), topic, 0)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkLatency is from an enqueue on an idle queue to its handler.
func BenchmarkLatency(b *testing.B) {
	client := benchClient(b)
	s := workqueue.NewSubscriber(client, concurrency(1))
	out, err := s.Subscribe(context.Background(), topic)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		bulk(b, client, i, 1)
		m := <-out
		m.Ack()
	}
	b.StopTimer()
	_ = s.Close()
}

package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// system is a job queue that can be measured. Each method does its work on an
// empty Redis that the system has not yet touched, and panics when it cannot.
type system interface {
	name() string
	// enqueue accepts jobs one by one, from that many callers at once; it
	// answers how long that took.
	enqueue(callers, jobs int) time.Duration
	// enqueueBulk accepts jobs a thousand at a time; 0 when there is no such thing.
	enqueueBulk(jobs int) time.Duration
	// fill makes the backlog that process then works off; process answers how
	// long that took from the first worker's start to the last persisted end.
	fill(jobs int)
	process(concurrency, jobs int) time.Duration
	// latency answers how long each of so many jobs, one every five
	// milliseconds, took from before its enqueue to its handler.
	latency(jobs int) []time.Duration
	// memory answers the bytes of Redis that a waiting and a completed job
	// take, kept without limit.
	memory(jobs int) (waiting, completed float64)
	close()
}

// server is the Redis all are measured on.
type server struct {
	addr  string
	admin *redis.Client
}

func (s *server) client(pool int) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.addr, PoolSize: pool})
}

// payload is about 150 bytes of JSON, another for each job.
func payload(i int) []byte {
	return fmt.Appendf(nil, `{"user_id":%08d,"email":"user%08d@example.com","template":"welcome-mail","locale":"en_GB","trace":"4bf92f3577b34da6a3ce929d0e0e4736","n":%06d}`, 10_000_000+i, i, 100_000+i)
}

// numberOf reads the job's number back from its payload.
func numberOf(payload []byte) int {
	n := 0
	for _, digit := range payload[len(payload)-7 : len(payload)-1] {
		n = 10*n + int(digit-'0')
	}
	return n - 100_000
}

// jobID has the length of a ULID's shorter kin.
func jobID(i int) string { return fmt.Sprintf("01hf%014d", i) }

// inParallel runs do(0) to do(n-1) in so many goroutines.
func inParallel(goroutines, n int, do func(i int)) time.Duration {
	begin := time.Now()
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g; i < n; i += goroutines {
				do(i)
			}
		})
	}
	wg.Wait()
	return time.Since(begin)
}

// arrivals counts handler calls, and for a latency run when each came.
type arrivals struct {
	sent []time.Time
	took []time.Duration

	mu   sync.Mutex
	left int
	done chan struct{}
}

func newArrivals(n int) *arrivals {
	return &arrivals{sent: make([]time.Time, n), took: make([]time.Duration, n), left: n, done: make(chan struct{})}
}

func (a *arrivals) came(payload []byte) {
	at, i := time.Now(), numberOf(payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.took[i] == 0 {
		a.took[i] = at.Sub(a.sent[i])
		a.countLocked()
	}
}

func (a *arrivals) count() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.countLocked()
}

func (a *arrivals) countLocked() {
	if a.left--; a.left == 0 {
		close(a.done)
	}
}

// every five milliseconds one job, for latency runs.
func (a *arrivals) send(enqueue func(i int)) []time.Duration {
	begin := time.Now()
	for i := range a.sent {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * 5 * time.Millisecond)))
		a.mu.Lock()
		a.sent[i] = time.Now()
		a.mu.Unlock()
		enqueue(i)
	}
	<-a.done
	return a.took
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](v T, err error) T {
	must(err)
	return v
}

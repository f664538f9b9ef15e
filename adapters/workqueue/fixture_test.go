package workqueue_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

const (
	topic = "enrichment"
	soon  = 10 * time.Second // for what happens at once, on a busy machine
)

type fixture struct {
	t      *testing.T
	redis  *testenv.RedisServer
	client *workqueue.Client
}

func newFixture(t *testing.T, change ...func(*workqueue.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, redis: testenv.Redis(t)}
	f.client = f.newClient(change...)
	return f
}

func (f *fixture) newClient(change ...func(*workqueue.Config)) *workqueue.Client {
	f.t.Helper()
	config := workqueue.Config{Client: f.redis.Client(), EventStream: "leadstream:events", Lease: time.Second}
	for _, c := range change {
		c(&config)
	}
	client, err := workqueue.New(config)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

func (f *fixture) enqueue(entries ...workqueue.Entry) []string {
	f.t.Helper()
	for i := range entries {
		if entries[i].Payload == nil {
			entries[i].Payload = []byte(`{}`)
		}
	}
	holders, err := f.client.Enqueue(f.t.Context(), topic, entries...)
	if err != nil {
		f.t.Fatal(err)
	}
	return holders
}

// subscribe starts a worker; it ends with the test.
func (f *fixture) subscribe(client *workqueue.Client, config workqueue.SubscriberConfig) (<-chan *message.Message, *workqueue.Subscriber) {
	f.t.Helper()
	if config.Grace == 0 {
		config.Grace = 50 * time.Millisecond
	}
	s := workqueue.NewSubscriber(client, config)
	out, err := s.Subscribe(context.Background(), topic)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		go func() {
			for m := range out {
				m.Nack()
			}
		}()
		_ = s.Close()
	})
	return out, s
}

func (f *fixture) receive(out <-chan *message.Message) *message.Message {
	f.t.Helper()
	select {
	case m := <-out:
		return m
	case <-time.After(soon):
		f.t.Fatal("no message came")
		return nil
	}
}

func (f *fixture) none(out <-chan *message.Message, within time.Duration) {
	f.t.Helper()
	select {
	case m := <-out:
		f.t.Fatalf("message %s came, none was to", m.UUID)
	case <-time.After(within):
	}
}

func (f *fixture) state(id string) workqueue.Record {
	f.t.Helper()
	r, err := f.client.Get(f.t.Context(), topic, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fixture) reaches(id, state string) workqueue.Record {
	f.t.Helper()
	testenv.Eventually(f.t, soon, func() bool { return f.state(id).State == state }, "job %s is %s, not %s", id, f.state(id).State, state)
	return f.state(id)
}

func (f *fixture) stats() workqueue.Stats {
	f.t.Helper()
	s, err := f.client.Stats(f.t.Context(), topic, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func settle(m *message.Message, s workqueue.Settlement) {
	d, ok := workqueue.DeliveryOf(m)
	if !ok {
		panic("message is no delivery")
	}
	d.Settle(s)
	m.Ack()
}

func concurrency(n int) workqueue.SubscriberConfig {
	return workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: n}}
}

func entries(n int) []workqueue.Entry {
	all := make([]workqueue.Entry, n)
	for i := range all {
		all[i] = workqueue.Entry{ID: fmt.Sprintf("j%02d", i), Name: "x"}
	}
	return all
}

var bg = context.Background()

// stress tells whether the long versions are to run: `make stress`.
var stress = os.Getenv("LEADSTREAM_STRESS") != ""

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(workerEnv) != "":
		os.Exit(runWorker(os.Getenv(workerEnv)))
	case os.Getenv(callEnv) != "":
		os.Exit(call(os.Getenv(callEnv)))
	}
	flag.Parse()
	// A check takes seconds of Redis's time, and tests wait more than they
	// compute. What the command line says holds.
	defaults := map[string]string{
		"rapid.checks": "4", "rapid.nofailfile": "true", "rapid.shrinktime": "20s", "test.parallel": strconv.Itoa(4 * runtime.GOMAXPROCS(0)),
	}
	flag.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	for name, value := range defaults {
		_ = flag.Set(name, value)
	}
	// A goroutine of Watermill's suite that ranges over a channel it never closes.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill/pubsub/tests.TestReconnect.func2"))
}

// xaddOld puts a job's entry on its stream under an id of long ago.
func xaddOld(stream, entryID, jobID, topic string) func(redis.Pipeliner) error {
	return func(p redis.Pipeliner) error {
		p.XAdd(bg, &redis.XAddArgs{Stream: stream, ID: entryID, Values: []string{"id", jobID, "v", `"name":"x","maxAttempts":1,"data":{}`}})
		p.HSet(bg, "leadstream:{"+topic+"}:places", jobID, "l"+entryID)
		return nil
	}
}

package workqueue_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// features is what a queue of work is, in the words of Watermill's suite.
func features() tests.Features {
	return tests.Features{
		ConsumerGroups:                      false, // a queue: each message is done once, by whoever is free
		ExactlyOnceDelivery:                 false, // a worker may die between its effect and its ack
		GuaranteedOrder:                     false, // several run at once, and a nacked one is delayed
		GuaranteedOrderWithSingleSubscriber: false, // likewise
		Persistent:                          true,  // accepted means kept
		RequireSingleInstance:               false, // instances share nothing but Redis
		NewSubscriberReceivesOldMessages:    false, // what is done is not done again
		ContextPreserved:                    false, // a message crosses processes
	}
}

func pubSubOn(server *testenv.RedisServer, slots int) tests.PubSubConstructor {
	return func(t *testing.T) (message.Publisher, message.Subscriber) {
		client, err := workqueue.New(workqueue.Config{
			// No event stream: the suite's payloads are not JSON. It publishes
			// more than is kept of finished jobs, which it never asks for.
			Client: server.Client(), Lease: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		s := workqueue.NewSubscriber(client, workqueue.SubscriberConfig{
			Default: workqueue.TopicOptions{Concurrency: slots}, Grace: 5 * time.Second, NackDelay: time.Millisecond,
		})
		t.Cleanup(func() { _ = s.Close() }) // some parts leave theirs open
		return workqueue.NewPublisher(client), s
	}
}

// TestPubSub runs Watermill's own suite. Its first part restarts Redis twice
// under ten thousand messages, before the others, which do not bear it, begin;
// with the race detector that part is left out, for it appends to a slice in
// one goroutine and reads it in another. TestFaultRedisAway is its like.
func TestPubSub(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	server, f := testenv.Redis(t), features()
	if !raceDetector {
		f.RestartServiceCommand = restartCommand(t, server)
	}
	tests.TestPubSub(t, f, pubSubOn(server, 10), nil)
}

// TestPubSubInOrder runs the parts for ordered Pub/Subs on a queue of one
// slot, which is one while nothing is nacked.
func TestPubSubInOrder(t *testing.T) {
	t.Parallel()
	server, f := testenv.Redis(t), features()
	f.GuaranteedOrder, f.GuaranteedOrderWithSingleSubscriber = true, true
	for name, part := range map[string]func(*testing.T, tests.TestContext, tests.PubSubConstructor){
		"no ack": tests.TestNoAck, "in order": tests.TestPublishSubscribeInOrder,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, tests.TestContext{TestID: tests.NewTestID(), Features: f}, pubSubOn(server, 1))
		})
	}
}

// restartCommand is a program that restarts the server, as the suite wants
// one: the test binary, which calls back.
func restartCommand(t *testing.T, server *testenv.RedisServer) []string {
	t.Helper()
	remote := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { server.Restart() }))
	t.Cleanup(remote.Close)
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"env", callEnv + "=" + remote.URL, binary}
}

// callEnv makes the test binary do nothing but call the URL.
const callEnv = "WORKQUEUE_CALL"

func call(url string) int {
	answer, err := http.Get(url)
	if err != nil {
		return 1
	}
	_ = answer.Body.Close()
	return 0
}

// TestPubSubStress runs the suite many times at once; built with -tags=stress
// it has Watermill's own longer time-outs. No restarts: they would strike the
// other repetitions.
func TestPubSubStress(t *testing.T) { //nolint:paralleltest // its repetitions are what runs at once
	if !stress {
		t.Skip("part of `make stress`")
	}
	tests.TestPubSubStressTest(t, features(), pubSubOn(testenv.Redis(t), 10), nil)
}

// TestPublishedMetadataReachesTheJob covers what the suite does not ask for:
// priority, name and delay travel as Watermill's metadata.
func TestPublishedMetadataReachesTheJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	m := message.NewMessage("m1", []byte(`{}`))
	for k, v := range map[string]string{
		workqueue.NameKey: "n", workqueue.PriorityKey: workqueue.PriorityLow, workqueue.CorrelationIDKey: "c", "_watermill_delayed_for": "1h",
	} {
		m.Metadata.Set(k, v)
	}
	p := workqueue.NewPublisher(f.client)
	if err := p.Publish(topic, m); err != nil {
		t.Fatal(err)
	}
	r := f.state("m1")
	if r.State != workqueue.StateDelayed || r.Name != "n" || r.Priority != workqueue.PriorityLow || r.CorrelationID != "c" {
		t.Errorf("published as %+v", r)
	}
	if wait := r.DueAt.Sub(r.CreatedAt); wait != time.Hour {
		t.Errorf("due %s after it came", wait)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Publish(topic, message.NewMessage("m2", []byte(`{}`))); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("a closed publisher answered %v", err)
	}
	if err := f.redis.Client().Ping(context.Background()).Err(); err != nil || f.clientIsClosed() {
		t.Errorf("closing the publisher closed the client: %v", err)
	}
}

func (f *fixture) clientIsClosed() bool {
	_, err := f.client.Get(f.t.Context(), topic, "m1")
	return err != nil && strings.Contains(err.Error(), redis.ErrClosed.Error())
}

package workqueue_test

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

// TestPubSub runs Watermill's own suite.
func TestPubSub(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	server := testenv.Redis(t)
	newPubSub := func(t *testing.T) (message.Publisher, message.Subscriber) {
		client, err := workqueue.New(workqueue.Config{
			// No event stream: the suite's payloads are not JSON. It publishes
			// more than is kept of finished jobs, which it never asks for.
			Client: server.Client(), Lease: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		return workqueue.NewPublisher(client), workqueue.NewSubscriber(client, workqueue.SubscriberConfig{
			Default: workqueue.TopicOptions{Concurrency: 10}, Grace: 5 * time.Second, NackDelay: time.Millisecond,
		})
	}
	tests.TestPubSub(t, tests.Features{
		ConsumerGroups:        false, // a queue: each message is done once
		ExactlyOnceDelivery:   false, // a worker may die between effect and ack
		GuaranteedOrder:       false, // several run at once
		Persistent:            true,
		RequireSingleInstance: false,
		RestartServiceCommand: nil, // the suite takes a shell command; restarts are tested in TestRedisThatGoesAndComesBack
	}, newPubSub, nil)
}

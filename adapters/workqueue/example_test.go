package workqueue_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/delay"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"

	"leadstream/adapters/workqueue"
)

// exampleRedis starts a redis-server on a socket of its own.
func exampleRedis() (client *redis.Client, stop func()) {
	dir, err := os.MkdirTemp("", "workqueue-example-")
	if err != nil {
		panic(err)
	}
	socket := filepath.Join(dir, "redis.sock")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	if err := server.Start(); err != nil {
		panic(err)
	}
	client = redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	for client.Ping(context.Background()).Err() != nil {
		<-time.After(10 * time.Millisecond)
	}
	return client, func() {
		_ = client.Close()
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = os.RemoveAll(dir)
	}
}

// The publisher and the subscriber are Watermill's; an urgent message is done
// before one that came earlier.
func Example() {
	server, stop := exampleRedis()
	defer stop()
	client, err := workqueue.New(workqueue.Config{Client: server})
	if err != nil {
		panic(err)
	}
	publisher := workqueue.NewPublisher(client)
	for text, priority := range map[string]string{"paint the fence": workqueue.PriorityLow, "put out the fire": workqueue.PriorityHigh} {
		m := message.NewMessage(watermill.NewUUID(), []byte(text))
		m.Metadata.Set(workqueue.PriorityKey, priority)
		if err := publisher.Publish("chores", m); err != nil {
			panic(err)
		}
	}

	subscriber := workqueue.NewSubscriber(client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 1}})
	messages, err := subscriber.Subscribe(context.Background(), "chores")
	if err != nil {
		panic(err)
	}
	for range 2 {
		m := <-messages
		fmt.Println(string(m.Payload))
		m.Ack()
	}
	_ = subscriber.Close()
	// Output:
	// put out the fire
	// paint the fence
}

// A handler that fails says so before it acks; its job runs again when its
// delay is over, in whichever process has a slot then.
func ExampleDelivery_Settle() {
	server, stop := exampleRedis()
	defer stop()
	client, err := workqueue.New(workqueue.Config{Client: server})
	if err != nil {
		panic(err)
	}
	if _, err := client.Enqueue(context.Background(), "calls", workqueue.Entry{ID: "call-1", MaxAttempts: 3}); err != nil {
		panic(err)
	}
	subscriber := workqueue.NewSubscriber(client, workqueue.SubscriberConfig{})
	messages, err := subscriber.Subscribe(context.Background(), "calls")
	if err != nil {
		panic(err)
	}
	for m := range messages {
		run, _ := workqueue.DeliveryOf(m)
		fmt.Printf("attempt %d of %d\n", run.Record.Attempts, run.Record.MaxAttempts)
		if run.Record.Attempts < run.Record.MaxAttempts {
			run.Settle(workqueue.Settlement{State: workqueue.StateDelayed, Delay: 10 * time.Millisecond, Reason: "nobody answers"})
		} else {
			run.Settle(workqueue.Settlement{State: workqueue.StateFailed, Reason: "nobody answers"})
			go func() { _ = subscriber.Close() }()
		}
		m.Ack()
	}
	failed, err := client.Get(context.Background(), "calls", "call-1")
	if err != nil {
		panic(err)
	}
	fmt.Println(failed.State, "-", failed.Reason)
	// Output:
	// attempt 1 of 3
	// attempt 2 of 3
	// attempt 3 of 3
	// failed - nobody answers
}

// A message with Watermill's delay metadata waits in Redis, not in a process.
func ExamplePublisher_Publish_delayed() {
	server, stop := exampleRedis()
	defer stop()
	client, err := workqueue.New(workqueue.Config{Client: server})
	if err != nil {
		panic(err)
	}
	m := message.NewMessage("reminder", []byte(`{}`))
	delay.Message(m, delay.For(time.Hour))
	if err := workqueue.NewPublisher(client).Publish("reminders", m); err != nil {
		panic(err)
	}
	r, err := client.Get(context.Background(), "reminders", "reminder")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.State, r.DueAt.Sub(r.CreatedAt).Round(time.Minute))
	was, err := client.Cancel(context.Background(), "reminders", "reminder")
	if err != nil {
		panic(err)
	}
	fmt.Println("cancelled while", was)
	// Output:
	// delayed 1h0m0s
	// cancelled while delayed
}

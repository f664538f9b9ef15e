package workqueue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
)

// Rate is how many jobs may start in any window of that length, over all processes.
type Rate struct {
	Limit  int // 0 is no limit
	Window time.Duration
}

// TopicOptions is how one topic is worked on.
type TopicOptions struct {
	Concurrency int // jobs at once in this process; default 1
	Rate        Rate
}

// SubscriberConfig is how this process works.
type SubscriberConfig struct {
	Topics map[string]TopicOptions
	// Default serves topics that Topics does not name.
	Default TopicOptions
	// Grace is how long running handlers may go on after Close; default 25 s.
	// What is not done by then goes back to waiting, its attempt not counted.
	Grace time.Duration
	// NackDelay is how long a nacked job waits until it runs again; default 1 s.
	NackDelay time.Duration
}

// Subscriber is a message.Subscriber that runs jobs: at most Concurrency of a
// topic at once, never holding one that it cannot run at once.
type Subscriber struct {
	client   *Client
	config   SubscriberConfig
	consumer string
	patient  *redis.Client // for calls that block

	closing chan struct{}
	closed  sync.Once
	workers sync.WaitGroup
}

// NewSubscriber makes a subscriber.
func NewSubscriber(client *Client, config SubscriberConfig) *Subscriber {
	setDefault(&config.Grace, 25*time.Second)
	setDefault(&config.NackDelay, time.Second)
	host, _ := os.Hostname() // only to make the name readable
	return &Subscriber{
		client: client, config: config, patient: patient(client.config.Client), closing: make(chan struct{}),
		consumer: fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:8]),
	}
}

// Subscribe starts working on a topic until ctx ends or Close.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	select {
	case <-s.closing:
		return nil, errors.New("workqueue: subscriber closed")
	default:
	}
	w := newWorker(ctx, s, topic)
	s.workers.Go(w.run)
	return w.output, nil
}

// Close takes no more jobs, lets running ones finish within Grace and hands
// the rest back. It returns when every delivery is settled.
func (s *Subscriber) Close() error {
	s.closed.Do(func() { close(s.closing) })
	s.workers.Wait()
	return nil
}

func (s *Subscriber) options(topic string) TopicOptions {
	options, ok := s.config.Topics[topic]
	if !ok {
		options = s.config.Default
	}
	setDefault(&options.Concurrency, 1)
	return options
}

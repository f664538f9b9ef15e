package workqueue

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Config is what every part of the queue needs to know.
type Config struct {
	Client redis.UniversalClient // never closed by this package
	Prefix string                // of every key; default "leadstream"
	// EventStream receives an event for each change of a job's state, in the
	// same atomic step. Payloads must then be JSON. Empty writes none.
	EventStream  string
	EventsMaxLen int64 // approximate cap of the event stream; default 100,000
	// Events adds events of the caller's to a change of state. It is given
	// the job as it stood before the change, and must not block.
	Events func(Record, Settlement) []Event
	// Lease is how long a worker may be silent before its jobs are taken
	// over; default 10 s.
	Lease time.Duration
	// MaxLosses is at which loss of its worker a job is given up; default 3.
	MaxLosses int
	// KeepCompleted and KeepFailed are how many finished jobs are kept;
	// default 100 and 500. Cancelled ones are kept as failed ones are.
	KeepCompleted int
	KeepFailed    int
	Logger        *slog.Logger
}

func (c *Config) setDefaults() {
	setDefault(&c.Prefix, "leadstream")
	setDefault(&c.EventsMaxLen, 100_000)
	setDefault(&c.Lease, 10*time.Second)
	setDefault(&c.MaxLosses, 3)
	setDefault(&c.KeepCompleted, 100)
	setDefault(&c.KeepFailed, 500)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Events == nil {
		c.Events = func(Record, Settlement) []Event { return nil }
	}
}

// Validate reports a configuration that cannot work.
func (c Config) Validate() error {
	if c.Client == nil {
		return errors.New("workqueue: no Redis client")
	}
	if c.Lease < 100*time.Millisecond {
		return errors.New("workqueue: a lease under 100ms is lost to ordinary delays")
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Client enqueues, reads and steers jobs. A job is a Watermill message with a
// state; a topic is a queue.
type Client struct {
	config    Config
	gatherers sync.Map // gatherKey → *gatherer
	running   sync.Map // runKey → *Delivery of this process
	// failPoint is called at each named step; only tests set it.
	failPoint func(step string)
}

// at marks a step between two effects, where a test may end the process.
func (c *Client) at(step string) {
	if c.failPoint != nil {
		c.failPoint(step)
	}
}

// New makes a client.
func New(config Config) (*Client, error) {
	config.setDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Client{config: config}, nil
}

// prefix of a topic's private keys; the hash tag keeps them in one slot of a cluster.
func (c *Client) prefix(topic string) string { return c.config.Prefix + ":{" + topic + "}:" }

func (c *Client) key(topic, name string) string { return c.prefix(topic) + name }

func (c *Client) eventKey() string {
	if c.config.EventStream == "" {
		return c.config.Prefix + ":events"
	}
	return c.config.EventStream
}

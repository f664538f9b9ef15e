package messages

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/app"
	"leadstream/domain/job"
)

// Deliveries tells which job a message is a run of, and notes what acking the
// message will write.
type Deliveries interface {
	Job(m *message.Message) (job.Job, error)
	Settle(m *message.Message, j job.Job, handler string, err error) error
	NoteNow(m *message.Message, level, text string) // a line of the job's log
	Note(m *message.Message, level, text string)    // one that is written with what acking writes
	Cancelled(ctx context.Context) bool             // a person cancelled the job
	Withdrawn(ctx context.Context) bool             // this process is no longer to end the job
}

// JobOptions is what the job router needs.
type JobOptions struct {
	App        *app.App
	Work       message.Subscriber
	Deliveries Deliveries
	Queues     []job.Queue // worked on by this process
	Timeouts   map[job.Queue]time.Duration
	Logger     *slog.Logger
}

// NewJobRouter runs jobs: a message of a queue is one attempt at a job.
func NewJobRouter(o JobOptions) (*Router, error) {
	router, err := newRouter(o.Logger)
	if err != nil {
		return nil, err
	}
	run := map[job.Queue]attempt{
		job.Scraping:   decoded(o.App.ScrapeBusinesses),
		job.Enrichment: decoded(o.App.EnrichBusiness),
	}
	for _, q := range o.Queues {
		c := chain{deliveries: o.Deliveries, now: o.App.Now, handler: q.String(), log: o.Logger}
		router.handle(q.String(), q.String(), o.Work, c.end(run[q]),
			c.correlate,              // every line of the attempt's log names its job
			c.poison,                 // what failed for good is settled as failed
			c.retry,                  // what may succeed later is settled as delayed
			c.recover,                // a panic is a failed attempt
			c.timeout(o.Timeouts[q]), // with the context restored for those above
		)
	}
	return router, nil
}

// attempt runs a job once and answers its result, also a partial one beside an error.
type attempt func(ctx context.Context, j job.Job) (result any, err error)

// decoded gives a use case its command.
func decoded[C any, R any](useCase func(context.Context, job.Job, C) (R, error)) attempt {
	return func(ctx context.Context, j job.Job) (any, error) {
		s := j.Snapshot()
		decoded, err := job.Decode(s.Name, s.Data)
		if err != nil {
			return nil, fmt.Errorf("decoding command: %w", err)
		}
		cmd, ok := decoded.(C)
		if !ok {
			return nil, fmt.Errorf("queue %s got a %s command", s.Queue, s.Name)
		}
		return useCase(ctx, j, cmd)
	}
}

// Router is a Watermill router whose stopping is never silent.
type Router struct {
	router   *message.Router
	handlers map[string]*message.Handler
}

// routerCloseTimeout is beyond any grace its subscribers give their handlers.
const routerCloseTimeout = 5 * time.Minute

func newRouter(log *slog.Logger) (*Router, error) {
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: routerCloseTimeout}, watermill.NewSlogLogger(log))
	if err != nil {
		return nil, fmt.Errorf("creating router: %w", err)
	}
	return &Router{router: router, handlers: map[string]*message.Handler{}}, nil
}

func (r *Router) handle(name, topic string, from message.Subscriber, h message.NoPublishHandlerFunc, chain ...message.HandlerMiddleware) {
	handler := r.router.AddConsumerHandler(name, topic, from, h)
	handler.AddMiddleware(chain...)
	r.handlers[name] = handler
}

// Run handles messages until ctx ends, then lets running handlers finish as
// long as their subscriber gives them. A handler that stops before that is an
// error: Watermill itself would return nil, or go on without it.
func (r *Router) Run(ctx context.Context) error {
	stopped := make(chan string, len(r.handlers))
	done := make(chan error, 1)
	go func() { done <- r.router.Run(ctx) }()
	for name, handler := range r.handlers {
		go func() {
			<-r.router.Running()
			<-handler.Stopped()
			stopped <- name
		}()
	}
	select {
	case name := <-stopped:
		if ctx.Err() == nil {
			return fmt.Errorf("message handler %s stopped by itself", name)
		}
		return <-done
	case err := <-done:
		if err == nil && ctx.Err() == nil {
			err = fmt.Errorf("message router stopped by itself")
		}
		return err
	}
}

// Running is closed when every handler is subscribed.
func (r *Router) Running() <-chan struct{} { return r.router.Running() }

func encodeResult(result any) (json.RawMessage, error) {
	if result == nil {
		return nil, nil
	}
	return json.Marshal(result)
}

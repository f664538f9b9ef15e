package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"leadstream/adapters/eventstream"
	"leadstream/config"
	"leadstream/domain/job"
	"leadstream/ports/messages"
)

// roles are what a process does of the service.
type roles struct {
	api    bool
	work   bool
	queues []job.Queue
}

func (r roles) worksOn(q job.Queue) bool {
	for _, queue := range r.queues {
		if r.work && queue == q {
			return true
		}
	}
	return false
}

func parseRoles(role, queues string) (roles, error) {
	r := roles{api: role == "api" || role == "all", work: role == "worker" || role == "all"}
	if !r.api && !r.work {
		return roles{}, usageError{fmt.Errorf("--role must be api, worker or all, not %q", role)}
	}
	for name := range strings.SplitSeq(queues, ",") {
		q, err := job.ParseQueue(strings.TrimSpace(name))
		if err != nil {
			return roles{}, usageError{fmt.Errorf("--queues: %w", err)}
		}
		r.queues = append(r.queues, q)
	}
	return r, nil
}

func newServe(environ []string) *cobra.Command {
	var role, queues string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the API, the dashboard and the workers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := parseRoles(role, queues)
			if err != nil {
				return err
			}
			c, err := loadConfig(environ)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, r, newLogger(c, cmd.ErrOrStderr()), func(*parts, string) {})
		},
	}
	cmd.Flags().StringVar(&role, "role", "all", "what this process does: api, worker or all")
	cmd.Flags().StringVar(&queues, "queues", "scraping,enrichment", "which queues it works on")
	return cmd
}

const (
	httpGrace = 5 * time.Second
)

// serve runs the parts until ctx ends or one of them fails. ready is told them
// and the API's address, empty without one, when everything runs.
func serve(ctx context.Context, c config.Config, r roles, log *slog.Logger, ready func(p *parts, url string)) error {
	stopTracing, err := startTracing(ctx, c.OTLPEndpoint)
	if err != nil {
		return usageError{err}
	}
	defer stopTracing()
	p, err := build(ctx, c, r, log)
	if err != nil {
		return err
	}
	defer p.close()
	var listener net.Listener
	if r.api {
		if listener, err = listen(ctx, c); err != nil {
			return err
		}
	}
	return p.run(ctx, listener, ready)
}

func listen(ctx context.Context, c config.Config) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.HTTPAddr)
	if err != nil {
		return nil, usageError{fmt.Errorf("HTTP_ADDR: %w", err)}
	}
	return l, nil
}

// run starts the parts and ends them in the order in which they need each
// other: jobs first, while the events that they wait for are still handled.
func (p *parts) run(ctx context.Context, listener net.Listener, ready func(p *parts, url string)) error {
	background, endBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer endBackground()
	group, ctx := errgroup.WithContext(ctx)
	jobsDone := make(chan struct{})

	group.Go(func() error { return p.watchRedis(ctx) })
	group.Go(func() error { return p.watchAlerts(ctx) })
	go eventstream.KeepGroups(background, p.groupClient, p.log, messages.SaveGroup, messages.HistoryGroup)
	group.Go(func() error {
		defer close(jobsDone)
		return p.runJobs(ctx)
	})
	group.Go(func() error { return p.runEvents(ctx, jobsDone) })
	if p.server != nil {
		feedCtx, endFeed := context.WithCancel(background)
		group.Go(func() error { return p.feed.Run(feedCtx) })
		group.Go(func() error { return p.serveHTTP(ctx, listener, endFeed) })
	}
	if listener != nil {
		url := "http://" + listener.Addr().String()
		p.log.Info("leadstream is ready", "url", url, "version", version)
		ready(p, url)
	} else {
		p.log.Info("leadstream works", "version", version)
		ready(p, "")
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// runJobs takes commands and runs jobs until ctx ends, then lets running jobs
// finish as long as their grace lasts.
func (p *parts) runJobs(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.commands.Run(ctx) })
	if p.jobs != nil {
		group.Go(func() error { return p.jobs.Run(ctx) })
	}
	err := group.Wait()
	if p.workSubscriber != nil {
		err = errors.Join(err, p.workSubscriber.Close()) // returns when every end is written
	}
	return errors.Join(err, p.inbox.Close())
}

// runEvents handles events until the jobs are done with.
func (p *parts) runEvents(ctx context.Context, jobsDone <-chan struct{}) error {
	if p.events == nil {
		return nil
	}
	eventsCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	go func() {
		<-jobsDone
		end()
	}()
	return p.events.Run(eventsCtx)
}

func (p *parts) serveHTTP(ctx context.Context, listener net.Listener, endFeed func()) error {
	served := make(chan error, 1)
	go func() { served <- p.server.Serve(listener) }()
	select {
	case err := <-served:
		endFeed()
		return fmt.Errorf("serving HTTP: %w", err)
	case <-ctx.Done():
	}
	endFeed() // closes the sockets, which Shutdown does not wait for
	grace, cancel := context.WithTimeout(context.Background(), httpGrace)
	defer cancel()
	if err := p.server.Shutdown(grace); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("ending HTTP: %w", err)
	}
	return nil
}

// watchRedis ends the service when its own Redis ends by itself.
func (p *parts) watchRedis(ctx context.Context) error {
	if p.redis.embedded == nil {
		return nil
	}
	select {
	case <-p.redis.embedded.Done():
		return fmt.Errorf("the embedded Redis ended: %w", p.redis.embedded.Err())
	case <-ctx.Done():
		return nil
	}
}

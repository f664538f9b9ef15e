package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"leadstream/adapters/alerts"
	"leadstream/adapters/apify"
	"leadstream/adapters/database"
	"leadstream/adapters/eventstream"
	"leadstream/adapters/googlemaps"
	"leadstream/adapters/jobstore"
	"leadstream/adapters/overpass"
	"leadstream/adapters/requestmemory"
	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/config"
	"leadstream/domain/job"
	"leadstream/internal/outbound"
	"leadstream/ports/http"
	"leadstream/ports/messages"
	"leadstream/ports/ws"
)

// The names by which requests choose a source; config.Sources lists them.
const (
	googleMapsSource = "google_maps"
	apifySource      = "apify"
	osmSource        = "osm"
)

// overpassTimeout bounds one query, which may take a minute.
const overpassTimeout = 90 * time.Second

// parts are everything the service is made of. This file is the only one that
// knows which adapter fills which need.
type parts struct {
	config  config.Config
	log     *slog.Logger
	redis   *redisDialer
	db      *database.DB
	source  *googlemaps.Source
	sources map[string]app.Source // every one, by its name

	warnings []string // of what may lose jobs

	requests *app.App // on a Redis client that gives up soon
	work     *app.App // on one that waits

	jobs     *messages.Router // nil where this process does not work
	commands *messages.Router
	events   *messages.Router
	feed     *ws.Feed
	server   *http.Server

	workSubscriber *workqueue.Subscriber
	inbox          *workqueue.Inbox
	groupClient    redis.UniversalClient // keeps the consumer groups
	closers        []io.Closer           // in the order they are to be closed
}

// build makes every part that the roles need, and starts nothing but a Redis.
func build(ctx context.Context, c config.Config, r roles, log *slog.Logger) (*parts, error) {
	p := &parts{config: c, log: log}
	if err := p.buildStores(ctx); err != nil {
		p.close()
		return nil, err
	}
	if err := p.buildApps(r); err != nil {
		p.close()
		return nil, err
	}
	if err := p.buildPorts(r); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *parts) buildStores(ctx context.Context) (err error) {
	if p.redis, err = connectRedis(ctx, p.config, p.log); err != nil {
		return err
	}
	if p.db, err = openDatabase(ctx, p.config, p.log); err != nil {
		return err
	}
	p.source, err = googlemaps.New(googlemaps.Options{
		BaseURL: p.config.Scraper.BaseURL, Language: p.config.Scraper.Language, ChromiumPath: p.config.Scraper.ChromiumPath,
		Proxy: p.config.Scraper.Proxy, ResolverRules: p.overrides().ChromiumRules(), DataDir: p.config.DataDir, Now: time.Now, Logger: p.log,
		Metrics: prometheus.DefaultRegisterer,
	})
	p.sources = p.searchable()
	return err
}

// searchable are all sources. Their limits are the process's, so both apps share them.
func (p *parts) searchable() map[string]app.Source {
	c := p.config.Scraper
	return map[string]app.Source{
		googleMapsSource: p.source,
		apifySource: apify.New(apify.Options{
			HTTP: outbound.NewClient(p.overrides(), outgoingTimeout), BaseURL: c.ApifyBaseURL, Token: c.ApifyToken, Language: c.Language,
			Now: time.Now, Logger: p.log,
		}),
		osmSource: overpass.New(overpass.Options{
			HTTP: outbound.NewClient(p.overrides(), overpassTimeout), NominatimURL: c.NominatimURL, OverpassURL: c.OverpassURL,
			UserAgent: "leadstream/" + version, Now: time.Now,
		}),
	}
}

func (p *parts) buildApps(r roles) error {
	requestClient, workClient := p.redis.forRequests(), p.redis.forWork()
	p.groupClient = p.redis.forWork()
	p.closers = append(p.closers, requestClient, workClient, p.groupClient)
	if p.redis.embedded == nil {
		p.warnings = lossWarnings(context.Background(), requestClient)
		for _, warning := range p.warnings {
			p.log.Warn("jobs may be lost", "reason", warning)
		}
	}
	var err error
	if p.requests, err = p.app(requestClient, r); err != nil {
		return err
	}
	p.work, err = p.app(workClient, r)
	return err
}

// app makes the application on one Redis client.
func (p *parts) app(client redis.UniversalClient, r roles) (*app.App, error) {
	c := p.config
	queue, err := p.queue(client)
	if err != nil {
		return nil, err
	}
	publisher, err := eventstream.NewPublisher(client, watermill.NewSlogLogger(p.log), time.Now)
	if err != nil {
		return nil, err
	}
	store := jobstore.New(queue, p.rates(), time.Now)
	contacts := p.contacts(client)
	return app.New(app.Needs{
		Queue: store, Reader: store, Control: store, Reporter: store, Tally: store, Steering: store, Dead: store,
		Events: publisher, Leads: p.db, History: p.db, Export: p.db, Counts: p.db, Outcomes: p.db, QuotaOf: contacts.quota,
		Alerts: alerts.NewBook(client), Tellers: p.tellers(publisher), Requests: requestmemory.New(client),
		Sources: p.sources, DefaultSource: c.Scraper.Source,
		Providers: contacts.providers, Verifier: contacts.verifier, Monitors: contacts.monitors,
		Checks: p.checks(client, r), Warnings: p.warnings, Now: time.Now, NewID: func() string { return ulid.Make().String() },
		Policies: map[job.Queue]job.RetryPolicy{
			job.Scraping:   {Attempts: c.Jobs.ScrapingAttempts, Backoff: c.Jobs.ScrapingBackoff},
			job.Enrichment: {Attempts: c.Jobs.EnrichmentAttempts, Backoff: c.Jobs.EnrichmentBackoff},
		},
	}), nil
}

func (p *parts) queue(client redis.UniversalClient) (*workqueue.Client, error) {
	return workqueue.New(workqueue.Config{
		Client: client, EventStream: eventstream.Name, EventsMaxLen: eventstream.MaxLen, Events: jobstore.Events, Lease: p.config.Jobs.Lease,
		KeepCompleted: p.config.Jobs.KeepCompleted, KeepFailed: p.config.Jobs.KeepFailed, Logger: p.log,
	})
}

func (p *parts) rates() map[job.Queue]app.Rate {
	rate := p.config.Enrichment.RateLimit
	return map[job.Queue]app.Rate{job.Enrichment: {Limit: rate.Limit, Window: rate.Window}}
}

func (p *parts) checks(client redis.UniversalClient, r roles) []app.HealthCheck {
	checks := []app.HealthCheck{{Name: "redis", Check: jobstore.Ping(client)}, {Name: "database", Check: p.db.Ping}}
	if r.worksOn(job.Scraping) && p.config.Scraper.Source == googleMapsSource { // the others need no browser
		checks = append(checks, app.HealthCheck{Name: "browser", Check: p.source.Check})
	}
	return checks
}

func (p *parts) overrides() outbound.Overrides {
	overrides := make(outbound.Overrides, len(p.config.DialOverrides))
	for i, o := range p.config.DialOverrides {
		overrides[i] = outbound.Override(o)
	}
	return overrides
}

func (p *parts) buildPorts(r roles) error {
	queue, err := p.queue(p.groupClient)
	if err != nil {
		return err
	}
	if r.work {
		if err := p.buildWorker(r, queue); err != nil {
			return err
		}
	}
	if err := p.buildCommands(queue); err != nil {
		return err
	}
	if r.api {
		p.buildAPI()
	}
	return nil
}

func (p *parts) buildWorker(r roles, queue *workqueue.Client) (err error) {
	c := p.config
	rate := c.Enrichment.RateLimit
	p.workSubscriber = workqueue.NewSubscriber(queue, workqueue.SubscriberConfig{
		Grace: c.ShutdownGrace,
		Topics: map[string]workqueue.TopicOptions{
			job.Scraping.String():   {Concurrency: c.Scraper.ScraperConcurrency},
			job.Enrichment.String(): {Concurrency: c.Enrichment.EnrichmentConcurrency, Rate: workqueue.Rate{Limit: rate.Limit, Window: rate.Window}},
		},
	})
	p.jobs, err = messages.NewJobRouter(messages.JobOptions{
		App: p.work, Work: p.workSubscriber, Deliveries: jobstore.NewDeliveries(time.Now), Queues: r.queues, Logger: p.log,
		Timeouts: map[job.Queue]time.Duration{job.Scraping: c.Scraper.Timeout, job.Enrichment: enrichmentTimeout},
	})
	if err != nil {
		return err
	}
	save, err := p.eventSubscriber(messages.SaveGroup)
	if err != nil {
		return err
	}
	history, err := p.eventSubscriber(messages.HistoryGroup)
	if err != nil {
		return err
	}
	p.events, err = messages.NewEventRouter(messages.EventOptions{
		App: p.work, Save: save, History: history, Stream: eventstream.Name, Logger: p.log,
	})
	return err
}

// enrichmentTimeout bounds one attempt at an enrichment, beyond what its
// website and provider may take.
const enrichmentTimeout = 3 * time.Minute

func (p *parts) eventSubscriber(group string) (message.Subscriber, error) {
	return eventstream.NewSubscriber(p.redis.forWork(), group, watermill.NewSlogLogger(p.log))
}

func (p *parts) buildCommands(queue *workqueue.Client) (err error) {
	p.inbox = workqueue.NewInbox(queue, "inbox-"+ulid.Make().String(), workqueue.InboxConfig{})
	p.commands, err = messages.NewCommandRouter(messages.CommandOptions{
		App: p.work, Commands: p.inbox, Stream: jobstore.CommandsStream, Poison: workqueue.Poison, Logger: p.log,
	})
	return err
}

func (p *parts) buildAPI() {
	c := p.config
	follower := p.redis.forWork()
	p.closers = append(p.closers, follower)
	if metrics, err := registered(newProviderMetrics(p.requests.Monitors)); err == nil { // one of a process is enough
		p.closers = append(p.closers, metrics)
	}
	p.feed = ws.NewFeed(eventFeed{eventstream.NewFollower(follower, p.log)}, ws.Tallies{Queues: p.queueViews, Stats: p.requests.Stats}, p.log)
	p.server = http.New(http.Options{
		App: p.requests, Logger: p.log, Version: version, Tokens: c.Security.APITokens, AllowedOrigins: c.Security.AllowedOrigins,
		PostsPerMinute: c.Security.RateLimitPerMinute,
		Mount: func(r http.Router, a http.Access) {
			p.feed.Mount(r, ws.Access{Origins: c.Security.AllowedOrigins, Request: a.Request, Token: a.Token})
		},
	})
}

func (p *parts) queueViews(ctx context.Context) ([]app.QueueView, error) {
	queues, err := p.requests.Queues(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]app.QueueView, len(queues))
	for i, q := range queues {
		views[i] = app.ViewQueue(q)
	}
	return views, nil
}

// close ends what build made, browser first and Redis last.
func (p *parts) close() {
	if p.source != nil {
		_ = p.source.Close()
	}
	for _, c := range p.closers {
		_ = c.Close()
	}
	if p.db != nil {
		_ = p.db.Close()
	}
	if p.redis != nil {
		if err := p.redis.close(); err != nil {
			p.log.Error("Redis not ended", "error", err)
		}
	}
}

// eventFeed shows the event stream as the WebSocket port wants it.
type eventFeed struct{ follower *eventstream.Follower }

func (f eventFeed) Follow(ctx context.Context, since string, see func(ws.Event) error) error {
	err := f.follower.Follow(ctx, since, func(id, eventType string, envelope []byte) error {
		return see(ws.Event{ID: id, Type: eventType, Frame: envelope})
	})
	if errors.Is(err, eventstream.ErrGap) {
		return ws.ErrGap
	}
	return err
}

func openDatabase(ctx context.Context, c config.Config, log *slog.Logger) (*database.DB, error) {
	db, err := database.Open(database.Options{URL: c.DatabaseURL, DataDir: c.DataDir, Now: time.Now, Logger: log})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

func migrationStatus(cmd *cobra.Command, c config.Config) error {
	db, err := database.Open(database.Options{URL: c.DatabaseURL, DataDir: c.DataDir})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	list, err := db.Migrations(cmd.Context())
	if err != nil {
		return err
	}
	for _, m := range list {
		state := "missing"
		if m.Applied {
			state = "applied"
		}
		cmd.Printf("%-8s %s\n", state, m.Name)
	}
	return nil
}

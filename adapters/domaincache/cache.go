// Package domaincache keeps in Redis what a provider answered about a domain,
// misses too, so that the branches of one firm cost one crawl and one search:
// also when they are enriched at the same time, in whichever processes.
package domaincache

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed release.lua
var releaseSource string

var releaseScript = redis.NewScript(releaseSource)

const (
	// claimFor is longer than any provider takes; the claim of one that died ends with it.
	claimFor = 2 * time.Minute
	// patience is how long another's answer is waited for before the job is
	// put off, so that it holds no worker.
	patience = 45 * time.Second
	// poll is how often the answer is looked for.
	poll = 50 * time.Millisecond
	// again is when a job that was put off looks for the answer.
	again = 10 * time.Second
	// writeTimeout bounds what is written after an answer, whose own context may be over.
	writeTimeout = 2 * time.Second
)

// Cache keeps the answers of one provider. Safe for concurrent use.
type Cache struct {
	redis    redis.UniversalClient
	provider string
	now      app.Clock
	log      *slog.Logger
}

// New makes a provider's cache.
func New(client redis.UniversalClient, provider string, now app.Clock, log *slog.Logger) *Cache {
	return &Cache{client, provider, now, log}
}

// Once answers about a domain from what is kept, or by ask, which says how
// long its answer is to be kept: 0 keeps none. Of several that want one domain
// at the same time one asks, and the others wait for its answer; who waits too
// long is Postponed. With force nothing kept is used. A Redis that fails costs
// a question, not the job.
func (c *Cache) Once(ctx context.Context, domain string, force bool, ask func(context.Context) ([]byte, time.Duration, error)) ([]byte, error) {
	deadline := time.Now().Add(patience)
	for {
		if answer, ok := c.load(ctx, domain, force); ok {
			return answer, nil
		}
		release, claimed := c.claim(ctx, domain)
		if claimed {
			defer release()
			return c.ask(ctx, domain, force, ask)
		}
		if err := wait(ctx, poll); err != nil {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fault.Postpone(c.now().Add(again), c.provider+": another job asks about "+domain)
		}
	}
}

// ask looks once more, now that nobody else can be storing an answer.
func (c *Cache) ask(ctx context.Context, domain string, force bool, ask func(context.Context) ([]byte, time.Duration, error)) ([]byte, error) {
	if answer, ok := c.load(ctx, domain, force); ok {
		return answer, nil
	}
	answer, keep, err := ask(ctx)
	if err != nil || keep <= 0 {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := c.redis.Set(ctx, c.key(domain), answer, keep).Err(); err != nil {
		c.log.Warn("answer not kept", "provider", c.provider, "domain", domain, "error", err)
	}
	return answer, nil
}

func (c *Cache) load(ctx context.Context, domain string, force bool) ([]byte, bool) {
	if force {
		return nil, false
	}
	answer, err := c.redis.Get(ctx, c.key(domain)).Bytes()
	if err != nil && !errors.Is(err, redis.Nil) {
		c.log.Warn("kept answer not read", "provider", c.provider, "domain", domain, "error", err)
	}
	return answer, err == nil
}

// claim is ours, too, when Redis cannot say.
func (c *Cache) claim(ctx context.Context, domain string) (release func(), claimed bool) {
	key, token := c.key(domain)+":claim", uuid.NewString()
	err := c.redis.SetArgs(ctx, key, token, redis.SetArgs{Mode: "NX", TTL: claimFor}).Err()
	if errors.Is(err, redis.Nil) {
		return nil, false
	}
	if err != nil {
		c.log.Warn("domain not claimed", "provider", c.provider, "domain", domain, "error", err)
		return func() {}, true
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		if err := releaseScript.Run(ctx, c.redis, []string{key}, token).Err(); err != nil {
			c.log.Warn("claim not released", "provider", c.provider, "domain", domain, "error", err)
		}
	}, true
}

func (c *Cache) key(domain string) string {
	return fmt.Sprintf("leadstream:answers:%s:%s", c.provider, domain)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

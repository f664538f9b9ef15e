package hunter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// cacheFor is how long an answer about a domain is used again.
const cacheFor = 30 * 24 * time.Hour

// DomainCache keeps Hunter's answers in Redis, misses too, so that the
// branches of one firm cost one search.
type DomainCache struct{ redis redis.UniversalClient }

// NewDomainCache makes a cache.
func NewDomainCache(client redis.UniversalClient) *DomainCache { return &DomainCache{client} }

func (c *DomainCache) load(ctx context.Context, domain string) (k known, ok bool, err error) {
	raw, err := c.redis.Get(ctx, cacheKey(domain)).Bytes()
	if errors.Is(err, redis.Nil) {
		return known{}, false, nil
	}
	if err != nil {
		return known{}, false, fmt.Errorf("reading the domain cache: %w", err)
	}
	if err := json.Unmarshal(raw, &k); err != nil {
		return known{}, false, fmt.Errorf("decoding the domain cache: %w", err)
	}
	return k, true, nil
}

func (c *DomainCache) store(ctx context.Context, domain string, k known) error {
	raw, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encoding for the domain cache: %w", err)
	}
	if err := c.redis.Set(ctx, cacheKey(domain), raw, cacheFor).Err(); err != nil {
		return fmt.Errorf("writing the domain cache: %w", err)
	}
	return nil
}

func cacheKey(domain string) string { return "leadstream:hunter:domain:" + domain }

// recall answers from the cache; one that fails costs a search, not the job.
func (p *Provider) recall(ctx context.Context, domain string) (known, bool) {
	if p.cache == nil {
		return known{}, false
	}
	k, ok, err := p.cache.load(ctx, domain)
	if err != nil {
		p.log.Warn("domain cache not read", "error", err)
	}
	return k, ok
}

// remember keeps what Hunter answered about a domain.
func (p *Provider) remember(ctx context.Context, domain string, k known) known {
	p.hold.answered()
	if p.cache == nil {
		return k
	}
	if err := p.cache.store(ctx, domain, k); err != nil {
		p.log.Warn("domain cache not written", "error", err)
	}
	return k
}

package main

import (
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/breaker"
	"leadstream/adapters/domaincache"
	"leadstream/adapters/hunter"
	"leadstream/adapters/website"
	"leadstream/app"
	"leadstream/internal/outbound"
)

// outgoingTimeout bounds one request to a website or a provider.
const outgoingTimeout = 30 * time.Second

// contactParts are what finds contacts, on one Redis client.
type contactParts struct {
	providers []app.ContactProvider // asked in this order
	verifier  app.AddressVerifier   // nil verifies none
	monitors  []app.ProviderMonitor
	quota     app.QuotaReader
}

func (p *parts) contacts(client redis.UniversalClient) contactParts {
	c := p.config.Enrichment
	sites := p.breaker(client, "website")
	searches := hunter.NewQuota(client, hunter.Searches, c.HunterQuota, time.Now)
	found := contactParts{
		providers: []app.ContactProvider{website.New(website.Options{
			HTTP: outbound.NewGuardedClient(p.overrides(), outgoingTimeout), ExtraTLDs: p.overrides().Suffixes(),
			HostDelay: c.CrawlDelay, Cache: domaincache.New(client, "website", time.Now, p.log), Breaker: sites, Logger: p.log,
		})},
		monitors: []app.ProviderMonitor{sites}, quota: searches,
	}
	if c.HunterAPIKey == "" {
		return found
	}
	provider := hunter.New(hunter.Options{
		HTTP: outbound.NewClient(p.overrides(), outgoingTimeout), BaseURL: c.HunterBaseURL, Key: c.HunterAPIKey, Redis: client, Quota: searches,
		Cache: domaincache.New(client, "hunter", time.Now, p.log), Breaker: p.breaker(client, "hunter"), Now: time.Now, Logger: p.log,
	})
	found.providers, found.monitors = append(found.providers, provider), append(found.monitors, provider)
	if c.HunterVerify {
		found.verifier = hunter.NewVerifier(provider, hunter.NewQuota(client, hunter.Verifications, c.HunterQuota, time.Now),
			domaincache.New(client, "hunter_verifier", time.Now, p.log), 0)
	}
	return found
}

func (p *parts) breaker(client redis.UniversalClient, provider string) *breaker.Breaker {
	c := p.config.Enrichment
	return breaker.New(breaker.Options{
		Provider: provider, Redis: client, Failures: c.BreakerFailures, OpenFor: c.BreakerOpenFor, Now: time.Now, Logger: p.log,
	})
}

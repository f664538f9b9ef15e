package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// checks gathers what is wrong with values that could be read.
type checks struct{ faults Faults }

func (c *checks) require(ok bool, name, message string, args ...any) {
	if !ok {
		c.faults = append(c.faults, name+": "+fmt.Sprintf(message, args...))
	}
}

func (c *checks) oneOf(name, value string, allowed ...string) {
	c.require(slices.Contains(allowed, value), name, "must be one of %s", strings.Join(allowed, ", "))
}

func (c *checks) url(name, value string, schemes ...string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	ok := err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
	c.require(ok, name, "must be a URL that begins with %s://", strings.Join(schemes, ":// or "))
}

func (c *checks) atLeast(name string, value, least int) {
	c.require(value >= least, name, "must be at least %d", least)
}

func (c *checks) lasting(name string, value, least time.Duration) {
	c.require(value >= least, name, "must be at least %s", least)
}

// check reports values that cannot work, alone or together. values tells what was set.
func (c Config) check(values map[string]string) Faults {
	var k checks
	c.checkNetwork(&k)
	c.Redis.check(&k, values)
	c.checkWork(&k)
	k.oneOf("LOG_LEVEL", c.LogLevel, "debug", "info", "warn", "error")
	k.oneOf("LOG_FORMAT", c.LogFormat, "", "text", "json")
	k.require(c.DataDir != "", "DATA_DIR", "must not be empty")
	return k.faults
}

func (c Config) checkNetwork(k *checks) {
	host, _, err := net.SplitHostPort(c.HTTPAddr)
	k.require(err == nil, "HTTP_ADDR", "must be host:port")
	if err == nil && !loopback(host) {
		k.require(len(c.Security.APITokens) > 0, "HTTP_ADDR",
			"%s is reachable by others, which needs API_TOKENS; without, bind 127.0.0.1", c.HTTPAddr)
	}
	k.url("DATABASE_URL", c.DatabaseURL, "postgres", "postgresql")
	k.url("SCRAPER_BASE_URL", c.Scraper.BaseURL, "http", "https")
	k.url("SCRAPER_PROXY", c.Scraper.Proxy, "http", "https", "socks5")
	k.url("HUNTER_BASE_URL", c.Enrichment.HunterBaseURL, "http", "https")
	k.url("APIFY_BASE_URL", c.Scraper.ApifyBaseURL, "http", "https")
	k.url("OVERPASS_URL", c.Scraper.OverpassURL, "http", "https")
	k.url("NOMINATIM_URL", c.Scraper.NominatimURL, "http", "https")
	k.url("ALERT_WEBHOOK_URL", c.Alerts.WebhookURL, "http", "https")
	k.url("OTEL_EXPORTER_OTLP_ENDPOINT", c.OTLPEndpoint, "http", "https")
	for _, origin := range c.Security.AllowedOrigins {
		k.url("ALLOWED_ORIGINS", origin, "http", "https")
	}
	for _, token := range c.Security.APITokens {
		k.require(len(token) >= 16, "API_TOKENS", "each token must have at least 16 characters")
	}
	k.atLeast("RATE_LIMIT_PER_MINUTE", c.Security.RateLimitPerMinute, 1)
}

func (r Redis) check(k *checks, values map[string]string) {
	k.url("REDIS_URL", r.URL, "redis", "rediss", "unix")
	named := 0
	for _, set := range []bool{r.URL != "", r.Host != "", len(r.ClusterAddrs) > 0, len(r.SentinelAddrs) > 0} {
		if set {
			named++
		}
	}
	k.require(named <= 1, "REDIS_URL", "only one of REDIS_URL, REDIS_HOST, REDIS_CLUSTER_ADDRS and REDIS_SENTINEL_ADDRS may be set")
	k.require(len(r.ClusterAddrs) == 0, "REDIS_CLUSTER_ADDRS", "a Redis Cluster cannot hold a job and its event in one step yet; name a single Redis or sentinels")
	k.require((len(r.SentinelAddrs) > 0) == (r.SentinelMaster != ""), "REDIS_SENTINEL_MASTER", "goes with REDIS_SENTINEL_ADDRS")
	for _, addr := range r.SentinelAddrs {
		_, _, err := net.SplitHostPort(addr)
		k.require(err == nil, "REDIS_SENTINEL_ADDRS", "%s must be host:port", addr)
	}
	k.require(r.Port >= 1 && r.Port <= 65535, "REDIS_PORT", "must be 1 to 65535")
	k.atLeast("REDIS_DB", r.DB, 0)
	for _, name := range []string{"REDIS_PASSWORD", "REDIS_PORT", "REDIS_DB", "REDIS_TLS"} {
		_, set := values[name]
		k.require(!set || !r.Embedded() && r.URL == "", name, "needs REDIS_HOST")
	}
}

func (c Config) checkWork(k *checks) {
	k.oneOf("SCRAPER_SOURCE", c.Scraper.Source, Sources...)
	k.require(c.Scraper.Source != "apify" || c.Scraper.ApifyToken != "", "APIFY_TOKEN", "is needed where SCRAPER_SOURCE is apify")
	k.require(c.Scraper.Language != "", "SCRAPER_LANGUAGE", "must not be empty")
	k.atLeast("SCRAPER_CONCURRENCY", c.Scraper.ScraperConcurrency, 1)
	k.lasting("SCRAPER_TIMEOUT", c.Scraper.Timeout, time.Second)
	k.atLeast("ENRICHMENT_CONCURRENCY", c.Enrichment.EnrichmentConcurrency, 1)
	k.atLeast("HUNTER_MONTHLY_QUOTA", c.Enrichment.HunterQuota, 0)
	k.lasting("ENRICHMENT_CRAWL_DELAY", c.Enrichment.CrawlDelay, time.Millisecond)
	k.atLeast("BREAKER_FAILURES", c.Enrichment.BreakerFailures, 1)
	k.lasting("BREAKER_OPEN_FOR", c.Enrichment.BreakerOpenFor, time.Millisecond)
	k.atLeast("JOBS_KEEP_COMPLETED", c.Jobs.KeepCompleted, 1)
	k.atLeast("JOBS_KEEP_FAILED", c.Jobs.KeepFailed, 1)
	k.atLeast("SCRAPING_ATTEMPTS", c.Jobs.ScrapingAttempts, 1)
	k.atLeast("ENRICHMENT_ATTEMPTS", c.Jobs.EnrichmentAttempts, 1)
	k.lasting("SCRAPING_BACKOFF", c.Jobs.ScrapingBackoff, time.Millisecond)
	k.lasting("ENRICHMENT_BACKOFF", c.Jobs.EnrichmentBackoff, time.Millisecond)
	k.lasting("JOB_LEASE", c.Jobs.Lease, 500*time.Millisecond)
	k.lasting("SHUTDOWN_GRACE", c.ShutdownGrace, 0)
	k.require(c.Alerts.FailureRate > 0 && c.Alerts.FailureRate <= 1, "ALERT_FAILURE_RATE", "must be above 0 and at most 1")
	k.lasting("ALERT_WINDOW", c.Alerts.Window, time.Second)
	k.require((c.Alerts.TelegramToken != "") == (c.Alerts.TelegramChatID != ""), "TELEGRAM_CHAT_ID", "goes with TELEGRAM_BOT_TOKEN")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

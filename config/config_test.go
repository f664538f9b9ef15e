package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leadstream/config"
)

var update = flag.Bool("update", false, "write .env.example anew")

func load(t *testing.T, environ ...string) (config.Config, error) {
	t.Helper()
	return config.Load(environ, filepath.Join(t.TempDir(), ".env"))
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := load(t)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:3000" || c.Enrichment.RateLimit != (config.Rate{Limit: 10, Window: time.Minute}) ||
		c.Jobs.Lease != 10*time.Second || !c.Redis.Embedded() || c.Scraper.Timeout != 15*time.Minute {
		t.Errorf("defaults %+v", c)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	c, err := load(t, "ENRICHMENT_RATE_LIMIT=0", "DIAL_OVERRIDES=*.example=127.0.0.1:4010, a.test=[::1]:80", "REDIS_HOST=redis",
		"REDIS_PASSWORD=secret", "HTTP_ADDR=0.0.0.0:3000", "API_TOKENS=0123456789abcdef, fedcba9876543210,", "SCRAPER_PROXY=")
	if err != nil {
		t.Fatal(err)
	}
	if c.Enrichment.RateLimit.Limit != 0 || len(c.DialOverrides) != 2 || c.DialOverrides[1] != (config.Override{Pattern: "a.test", Addr: "[::1]:80"}) {
		t.Errorf("rate %v, overrides %v", c.Enrichment.RateLimit, c.DialOverrides)
	}
	if c.Redis.Embedded() || !slices.Equal(c.Security.APITokens, []string{"0123456789abcdef", "fedcba9876543210"}) {
		t.Errorf("redis %+v, tokens %q", c.Redis, c.Security.APITokens)
	}
}

func TestEveryFaultIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, "SCRAPER_CONCURRENCY=many", "SCRAPER_TIMEOUT=soon", "ENRICHMENT_RATE_LIMIT=10", "LOG_LEVEL=loud", "HTTP_ADDR=nonsense",
		"DIAL_OVERRIDES=*.example", "JOB_LEASE=1ms", "DATABASE_URL=mysql://x/y", "ALERT_FAILURE_RATE=2", "HUNTER_VERIFY=perhaps")
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	for _, name := range []string{"SCRAPER_CONCURRENCY", "SCRAPER_TIMEOUT", "ENRICHMENT_RATE_LIMIT", "LOG_LEVEL", "HTTP_ADDR",
		"DIAL_OVERRIDES", "JOB_LEASE", "DATABASE_URL", "ALERT_FAILURE_RATE", "HUNTER_VERIFY"} {
		n := 0
		for _, fault := range faults {
			if strings.HasPrefix(fault, name+": ") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is named %d times in %q", name, n, []string(faults))
		}
	}
	if len(faults) != 10 {
		t.Errorf("%d faults: %q", len(faults), []string(faults))
	}
}

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	for _, environ := range [][]string{
		{"HTTP_ADDR=0.0.0.0:3000"},
		{"HTTP_ADDR=:3000"},
		{"REDIS_URL=redis://a:6379", "REDIS_HOST=b"},
		{"REDIS_SENTINEL_ADDRS=a:1"},
		{"REDIS_SENTINEL_ADDRS=a", "REDIS_SENTINEL_MASTER=m"},
		{"REDIS_PASSWORD=x"},
		{"API_TOKENS=short"},
		{"TELEGRAM_BOT_TOKEN=x"},
		{"SCRAPER_SOURCE=yellow_pages"},
		{"SCRAPER_SOURCE=apify"},
		{"REDIS_CLUSTER_ADDRS=a:1,b:2"},
	} {
		if _, err := load(t, environ...); err == nil {
			t.Errorf("%v was accepted", environ)
		}
	}
}

func TestDotenvFillsWhatTheEnvironmentLacks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte("SCRAPER_CONCURRENCY=7\nHTTP_ADDR=127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{"HTTP_ADDR=127.0.0.1:2"}, path)
	if err != nil || c.Scraper.ScraperConcurrency != 7 || c.HTTPAddr != "127.0.0.1:2" {
		t.Errorf("%d, %s, %v", c.Scraper.ScraperConcurrency, c.HTTPAddr, err)
	}
}

func TestDescribeMasksSecrets(t *testing.T) {
	t.Parallel()
	c, err := load(t, "REDIS_URL=redis://u:hush@h:6379/0", "HUNTER_API_KEY=hush", "API_TOKENS=hush0123456789abc", "SCRAPER_PROXY=http://u:hush@p:1",
		"DATABASE_URL=postgres://h/leads?password=hush", "ALERT_WEBHOOK_URL=https://hooks.example/hush")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Describe() {
		if strings.Contains(s.Value, "hush") {
			t.Errorf("%s shows %s", s.Name, s.Value)
		}
		if s.Name == "REDIS_URL" && (!s.Secret || s.Value != "redis://u:xxxxx@h:6379/0") {
			t.Errorf("REDIS_URL is shown as %+v", s)
		}
		if s.Doc == "" {
			t.Errorf("%s is not described", s.Name)
		}
	}
}

func TestExampleFileIsUpToDate(t *testing.T) {
	t.Parallel()
	if *update {
		if err := os.WriteFile("../.env.example", []byte(config.Example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != config.Example() {
		t.Error(".env.example differs from the settings: run `make generate`")
	}
}

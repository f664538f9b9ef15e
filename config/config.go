// Package config reads the settings from the environment, validates them all
// at once, and describes them.
package config

import "time"

// Config is every setting in force. The tags are read by Load, Describe and
// the generator of .env.example: env names the variable, doc tells a person
// what it does, secret masks its value.
type Config struct {
	HTTPAddr    string `env:"HTTP_ADDR" envDefault:"127.0.0.1:3000" doc:"address the API and the dashboard listen on"`
	DataDir     string `env:"DATA_DIR" envDefault:"./data" doc:"where the embedded Redis and SQLite keep their files"`
	DatabaseURL string `env:"DATABASE_URL" doc:"postgres://… ; empty is SQLite in DATA_DIR" secret:"url"`

	Redis      Redis
	Scraper    Scraper
	Enrichment Enrichment
	Jobs       Jobs
	Security   Security
	Alerts     Alerts

	DialOverrides DialOverrides `env:"DIAL_OVERRIDES" doc:"host patterns that outgoing HTTP and Chromium reach elsewhere: *.example=127.0.0.1:4010, …"`
	ShutdownGrace time.Duration `env:"SHUTDOWN_GRACE" envDefault:"25s" doc:"how long running jobs may finish after SIGTERM"`
	LogLevel      string        `env:"LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error"`
	LogFormat     string        `env:"LOG_FORMAT" doc:"text or json; empty is text on a terminal, else json"`
	OTLPEndpoint  string        `env:"OTEL_EXPORTER_OTLP_ENDPOINT" doc:"where traces are sent; empty sends none"`
}

// Redis says which Redis is used; with nothing set, an embedded one.
type Redis struct {
	URL            string `env:"REDIS_URL" doc:"redis://, rediss:// or unix://; empty with no REDIS_HOST is an embedded Redis" secret:"url"`
	Host           string `env:"REDIS_HOST" doc:"instead of REDIS_URL"`
	Port           int    `env:"REDIS_PORT" envDefault:"6379" doc:"with REDIS_HOST"`
	Password       string `env:"REDIS_PASSWORD" doc:"with REDIS_HOST, a cluster or sentinels" secret:"all"`
	DB             int    `env:"REDIS_DB" envDefault:"0" doc:"with REDIS_HOST or sentinels"`
	TLS            bool   `env:"REDIS_TLS" envDefault:"false" doc:"with REDIS_HOST, a cluster or sentinels"`
	ClusterAddrs   List   `env:"REDIS_CLUSTER_ADDRS" doc:"host:port, … of a Redis Cluster, which is refused so far"`
	SentinelAddrs  List   `env:"REDIS_SENTINEL_ADDRS" doc:"host:port, … of sentinels"`
	SentinelMaster string `env:"REDIS_SENTINEL_MASTER" doc:"the master that the sentinels watch"`
}

// Embedded reports whether no Redis is named.
func (r Redis) Embedded() bool {
	return r.URL == "" && r.Host == "" && len(r.ClusterAddrs) == 0 && len(r.SentinelAddrs) == 0
}

// Sources are the names of where scrapes may search.
var Sources = []string{"google_maps", "apify", "osm"}

// Scraper says how places are found.
type Scraper struct {
	Source             string        `env:"SCRAPER_SOURCE" envDefault:"google_maps" doc:"source of scrapes that name none: google_maps, apify or osm"`
	BaseURL            string        `env:"SCRAPER_BASE_URL" envDefault:"https://www.google.com" doc:"the map site"`
	ScraperConcurrency int           `env:"SCRAPER_CONCURRENCY" envDefault:"2" doc:"scrapes at once in this process"`
	Timeout            time.Duration `env:"SCRAPER_TIMEOUT" envDefault:"15m" doc:"longest attempt at one scrape"`
	Proxy              string        `env:"SCRAPER_PROXY" doc:"http:// or socks5:// proxy of the browser" secret:"url"`
	ChromiumPath       string        `env:"CHROMIUM_PATH" doc:"empty finds Chromium on PATH"`
	Language           string        `env:"SCRAPER_LANGUAGE" envDefault:"en" doc:"language of the map site"`
	ApifyToken         string        `env:"APIFY_TOKEN" doc:"the account of the source apify" secret:"all"`
	ApifyBaseURL       string        `env:"APIFY_BASE_URL" envDefault:"https://api.apify.com" doc:"Apify's address"`
	OverpassURL        string        `env:"OVERPASS_URL" envDefault:"https://overpass-api.de/api/interpreter" doc:"what the source osm asks for places"`
	NominatimURL       string        `env:"NOMINATIM_URL" envDefault:"https://nominatim.openstreetmap.org" doc:"what the source osm asks where a location is"`
}

// Enrichment says how contacts are found.
type Enrichment struct {
	EnrichmentConcurrency int           `env:"ENRICHMENT_CONCURRENCY" envDefault:"10" doc:"enrichments at once in this process"`
	RateLimit             Rate          `env:"ENRICHMENT_RATE_LIMIT" envDefault:"10/1m" doc:"starts per window over all processes; 0 is no limit"`
	HunterAPIKey          string        `env:"HUNTER_API_KEY" doc:"empty finds contacts on websites alone" secret:"all"`
	HunterBaseURL         string        `env:"HUNTER_BASE_URL" envDefault:"https://api.hunter.io" doc:"Hunter's address"`
	HunterQuota           int           `env:"HUNTER_MONTHLY_QUOTA" envDefault:"500" doc:"searches a month"`
	HunterVerify          bool          `env:"HUNTER_VERIFY" envDefault:"false" doc:"verify the best address of each business"`
	CrawlDelay            time.Duration `env:"ENRICHMENT_CRAWL_DELAY" envDefault:"500ms" doc:"pause between two requests of one website"`
	BreakerFailures       int           `env:"BREAKER_FAILURES" envDefault:"10" doc:"consecutive faults of one provider until its circuit breaker opens"`
	BreakerOpenFor        time.Duration `env:"BREAKER_OPEN_FOR" envDefault:"30s" doc:"how long an open breaker lets nothing through"`
}

// Jobs says how jobs are kept and retried.
type Jobs struct {
	KeepCompleted      int           `env:"JOBS_KEEP_COMPLETED" envDefault:"100" doc:"completed jobs kept per queue"`
	KeepFailed         int           `env:"JOBS_KEEP_FAILED" envDefault:"500" doc:"failed jobs kept per queue"`
	ScrapingAttempts   int           `env:"SCRAPING_ATTEMPTS" envDefault:"2" doc:"attempts at a scrape"`
	ScrapingBackoff    time.Duration `env:"SCRAPING_BACKOFF" envDefault:"5s" doc:"wait after the first failed attempt; doubles each time"`
	EnrichmentAttempts int           `env:"ENRICHMENT_ATTEMPTS" envDefault:"3" doc:"attempts at an enrichment"`
	EnrichmentBackoff  time.Duration `env:"ENRICHMENT_BACKOFF" envDefault:"2s" doc:"wait after the first failed attempt; doubles each time"`
	Lease              time.Duration `env:"JOB_LEASE" envDefault:"10s" doc:"a silent worker's jobs are taken over within 1.5 leases"`
}

// Security says who may use the API.
type Security struct {
	APITokens          List `env:"API_TOKENS" doc:"bearer tokens; needed to listen beyond loopback" secret:"all"`
	AllowedOrigins     List `env:"ALLOWED_ORIGINS" doc:"origins of browsers beside the API's own"`
	RateLimitPerMinute int  `env:"RATE_LIMIT_PER_MINUTE" envDefault:"100" doc:"POST requests a client may send a minute"`
}

// Alerts says when and whom to alert.
type Alerts struct {
	FailureRate    float64       `env:"ALERT_FAILURE_RATE" envDefault:"0.10" doc:"share of failed jobs that raises an alert"`
	Window         time.Duration `env:"ALERT_WINDOW" envDefault:"10m" doc:"time over which the share is taken"`
	WebhookURL     string        `env:"ALERT_WEBHOOK_URL" doc:"where alerts are posted" secret:"all"`
	TelegramToken  string        `env:"TELEGRAM_BOT_TOKEN" doc:"for alerts by Telegram" secret:"all"`
	TelegramChatID string        `env:"TELEGRAM_CHAT_ID" doc:"for alerts by Telegram"`
}

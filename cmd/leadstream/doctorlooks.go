package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/database"
	"leadstream/adapters/googlemaps"
	"leadstream/adapters/localredis"
	"leadstream/config"
)

// oldestRedis is the first major version with all that the queues use.
const oldestRedis = 7

func lookAtData(_ context.Context, c config.Config) finding {
	f := finding{Name: "data", Status: well, Detail: c.DataDir + " is there and can be written"}
	existing, err := filepath.Abs(c.DataDir)
	for err == nil {
		_, err = os.Stat(existing)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		existing, err = filepath.Dir(existing), nil
		f.Detail = c.DataDir + " will be created"
	}
	if err == nil {
		err = writable(existing)
	}
	if err != nil {
		return finding{f.Name, ailing, err.Error(), "give the folder to the user who runs leadstream, or choose another with DATA_DIR"}
	}
	return f
}

// writable asks the system, as a file of ours is not to be left behind.
func writable(path string) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no folder", path)
	}
	const write, search = 2, 1
	if err := syscall.Access(path, write|search); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

func lookAtRedis(ctx context.Context, c config.Config) finding {
	if c.Redis.Embedded() {
		return lookAtRedisServer(ctx)
	}
	options, err := namedRedis(c.Redis)
	if err != nil {
		return finding{"redis", ailing, err.Error(), "set REDIS_URL to redis://user:password@host:port/0"}
	}
	client := (&redisDialer{options: options}).forRequests()
	defer func() { _ = client.Close() }()
	redis.SetLogger(silence{})
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return finding{"redis", ailing, fmt.Sprintf("no Redis answers: %s", err), "start it, or mend REDIS_URL (REDIS_HOST, REDIS_PASSWORD …); with none named, leadstream runs its own"}
	}
	f := redisVersion(regexp.MustCompile(`redis_version:(\S+)`), info, "reached")
	if warnings := lossWarnings(ctx, client); f.Status == well && len(warnings) > 0 {
		return finding{"redis", doubt, strings.Join(warnings, "; "), "change redis.conf, or use CONFIG SET and CONFIG REWRITE"}
	}
	return f
}

// silence keeps the client's own log off the doctor's page.
type silence struct{}

// Printf drops the line.
func (silence) Printf(context.Context, string, ...any) {}

func lookAtRedisServer(ctx context.Context) finding {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return finding{"redis", ailing, "none is named, and there is no redis-server on PATH", strings.TrimPrefix(localredis.ErrNotInstalled.Error(), "no redis-server on PATH: ")}
	}
	if err != nil {
		return finding{"redis", ailing, fmt.Sprintf("redis-server does not start: %s", err), "install it anew, or name another Redis with REDIS_URL"}
	}
	return redisVersion(regexp.MustCompile(`v=(\S+)`), string(out), "leadstream runs its own,")
}

func redisVersion(pattern *regexp.Regexp, text, how string) finding {
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return finding{Name: "redis", Status: doubt, Detail: how + " of an unknown version", Mend: fmt.Sprintf("make sure that it is Redis %d or newer", oldestRedis)}
	}
	major, _, _ := strings.Cut(m[1], ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestRedis {
		return finding{"redis", ailing, fmt.Sprintf("%s version %s is too old", how, m[1]), fmt.Sprintf("install Redis %d or newer", oldestRedis)}
	}
	return finding{Name: "redis", Status: well, Detail: how + " version " + m[1]}
}

func lookAtDatabase(ctx context.Context, c config.Config) finding {
	what, mend := "Postgres", "start it, or mend DATABASE_URL; without, leadstream keeps an SQLite file"
	if c.DatabaseURL == "" {
		file := filepath.Join(c.DataDir, database.FileName)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return finding{Name: "database", Status: well, Detail: file + " (SQLite) will be created"}
		}
		what, mend = file, "restore the file from a backup, or choose another DATA_DIR"
	}
	db, err := database.Open(database.Options{URL: c.DatabaseURL, DataDir: c.DataDir})
	if err == nil {
		defer func() { _ = db.Close() }()
		err = db.Ping(ctx)
	}
	if err != nil {
		return finding{"database", ailing, err.Error(), mend}
	}
	list, err := db.Migrations(ctx)
	if err != nil {
		return finding{"database", ailing, err.Error(), mend}
	}
	for _, m := range list {
		if !m.Applied {
			return finding{"database", doubt, what + " lacks the migration " + m.Name, "`leadstream migrate up`, or `leadstream serve`, which does it too"}
		}
	}
	return finding{Name: "database", Status: well, Detail: what + " answers, its schema is up to date"}
}

func lookAtChromium(ctx context.Context, c config.Config) finding {
	status := ailing
	if c.Scraper.Source != googleMapsSource {
		status = doubt // only for requests that ask for it
	}
	mend := "install Chromium (apt install chromium, brew install --cask chromium) or name one with CHROMIUM_PATH"
	source, err := googlemaps.New(googlemaps.Options{BaseURL: c.Scraper.BaseURL, ChromiumPath: c.Scraper.ChromiumPath, DataDir: c.DataDir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return finding{"chromium", ailing, err.Error(), "mend SCRAPER_BASE_URL"}
	}
	defer func() { _ = source.Close() }()
	found, err := source.Version(ctx)
	if err != nil {
		return finding{"chromium", status, err.Error(), mend}
	}
	return finding{Name: "chromium", Status: well, Detail: found}
}

func lookAtSources(_ context.Context, c config.Config) finding {
	usable := []string{googleMapsSource, osmSource}
	if c.Scraper.ApifyToken != "" {
		usable = append(usable, apifySource)
	}
	return finding{Name: "sources", Status: well, Detail: fmt.Sprintf("%s; requests that name none get %s", strings.Join(usable, ", "), c.Scraper.Source)}
}

func lookAtContacts(_ context.Context, c config.Config) finding {
	if c.Enrichment.HunterAPIKey == "" {
		return finding{"contacts", doubt, "on websites alone", "for contacts of other origin set HUNTER_API_KEY, a key from hunter.io"}
	}
	return finding{Name: "contacts", Status: well, Detail: fmt.Sprintf("on websites, then at Hunter, %d searches a month", c.Enrichment.HunterQuota)}
}

// lookAtAddress tells whether the service runs, or could.
func lookAtAddress(ctx context.Context, c config.Config) finding {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.HTTPAddr)
	if err == nil {
		_ = listener.Close()
		return finding{Name: "address", Status: well, Detail: c.HTTPAddr + " is free; no service runs there"}
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return finding{"address", ailing, err.Error(), "choose another HTTP_ADDR"}
	}
	var health struct {
		Status string            `json:"status"`
		Down   map[string]string `json:"down"`
	}
	running := &client{base: "http://" + reachable(c.HTTPAddr)}
	err = running.call(ctx, http.MethodGet, "/readyz", nil, &health)
	switch no, refused := errors.AsType[refusal](err); {
	case err == nil && health.Status == "ok":
		return finding{Name: "address", Status: well, Detail: "a service runs at " + running.base + ", and is ready"}
	case refused && no.Status == http.StatusServiceUnavailable:
		return finding{"address", doubt, "a service runs at " + running.base + ", but is not ready", "look at " + running.base + "/readyz, which names what is down"}
	default:
		return finding{"address", ailing, c.HTTPAddr + " is taken by another program", "end that, or choose another HTTP_ADDR"}
	}
}

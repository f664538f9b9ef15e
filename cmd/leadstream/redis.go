package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/adapters/localredis"
	"leadstream/config"
)

// redisDialer makes clients of the one Redis in use. Each part of the service
// has its own, since some close theirs and some block on theirs.
type redisDialer struct {
	options  redis.UniversalOptions
	embedded *localredis.Server // nil when a Redis is named
}

// connectRedis finds the Redis that the settings name, or starts one.
func connectRedis(ctx context.Context, c config.Config, log *slog.Logger) (*redisDialer, error) {
	d := &redisDialer{}
	if c.Redis.Embedded() {
		server, err := localredis.Start(ctx, c.DataDir, log)
		if err != nil {
			return nil, err
		}
		d.embedded = server
		d.options = redis.UniversalOptions{Addrs: []string{server.Options().Addr}}
		return d, nil
	}
	options, err := namedRedis(c.Redis)
	if err != nil {
		return nil, err
	}
	d.options = options
	return d, nil
}

func namedRedis(r config.Redis) (redis.UniversalOptions, error) {
	if r.URL != "" {
		parsed, err := redis.ParseURL(r.URL)
		if err != nil {
			return redis.UniversalOptions{}, usageError{fmt.Errorf("REDIS_URL: %w", err)}
		}
		return redis.UniversalOptions{
			Addrs: []string{parsed.Addr}, Username: parsed.Username, Password: parsed.Password, DB: parsed.DB, TLSConfig: parsed.TLSConfig,
		}, nil
	}
	options := redis.UniversalOptions{Password: r.Password, DB: r.DB}
	if r.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if len(r.SentinelAddrs) > 0 {
		options.Addrs, options.MasterName = r.SentinelAddrs, r.SentinelMaster
	} else {
		options.Addrs = []string{fmt.Sprintf("%s:%d", r.Host, r.Port)}
	}
	return options, nil
}

// forWork is a client for workers, which wait for a slow Redis.
func (d *redisDialer) forWork() redis.UniversalClient {
	options := d.options
	options.ReadTimeout, options.WriteTimeout, options.PoolSize = 5*time.Second, 5*time.Second, 64
	return redis.NewUniversalClient(&options)
}

// forRequests is a client for requests, which are told of an outage within a second.
func (d *redisDialer) forRequests() redis.UniversalClient {
	options := d.options
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = 300*time.Millisecond, 400*time.Millisecond, 400*time.Millisecond
	options.PoolTimeout, options.MaxRetries, options.DialerRetries, options.PoolSize = 500*time.Millisecond, 1, 1, 64
	return redis.NewUniversalClient(&options)
}

// lossWarnings tell of a named Redis that may lose jobs: one that evicts keys
// when it is full, or keeps nothing on disk.
func lossWarnings(ctx context.Context, client redis.UniversalClient) []string {
	setting := func(name string) string { return client.ConfigGet(ctx, name).Val()[name] }
	var warnings []string
	if policy := setting("maxmemory-policy"); policy != "" && policy != "noeviction" {
		warnings = append(warnings, "this Redis evicts keys when it is full, and with them jobs (maxmemory-policy "+policy+"): set it to noeviction")
	}
	if setting("appendonly") == "no" && strings.TrimSpace(setting("save")) == "" {
		warnings = append(warnings, "this Redis keeps nothing on disk, so jobs do not survive its restart: set appendonly yes")
	}
	return warnings
}

func (d *redisDialer) close() error {
	if d.embedded == nil {
		return nil
	}
	return d.embedded.Close()
}

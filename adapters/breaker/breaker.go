// Package breaker is a circuit breaker for a contact provider. Each process
// counts the provider's outages by itself; what follows from them is kept in
// Redis, so that all processes leave alone a provider that one of them found
// out of order, and one request of all tries whether it is back. (gobreaker's
// own distributed breaker holds a lock for as long as each request lasts.)
package breaker

import (
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed enter.lua
var enterSource string

//go:embed state.lua
var stateSource string

//go:embed open.lua
var openSource string

var (
	enterScript = redis.NewScript(enterSource)
	stateScript = redis.NewScript(stateSource)
	openScript  = redis.NewScript(openSource)
)

const (
	// soon is when to come again while another request tries the provider.
	soon = time.Second
	// probeFor is how long the one that tries may take; then another one may.
	probeFor = 2 * time.Minute
	// writeTimeout bounds what is written after a request, whose own context may be over.
	writeTimeout = 2 * time.Second
)

// Options is what a breaker needs.
type Options struct {
	Provider string
	Redis    redis.UniversalClient
	Failures int           // consecutive outages that open it; at least 1
	OpenFor  time.Duration // until one request may try again
	Now      app.Clock
	Logger   *slog.Logger
}

// Breaker guards one provider. Safe for concurrent use.
type Breaker struct {
	options Options
	local   *gobreaker.CircuitBreaker[struct{}]
	key     string
}

var _ app.ProviderMonitor = (*Breaker)(nil)

// New makes a breaker.
func New(o Options) *Breaker {
	b := &Breaker{options: o, key: "leadstream:breaker:" + o.Provider}
	b.local = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name: o.Provider, Timeout: o.OpenFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= o.Failures },
		IsSuccessful: func(err error) bool { return !isOutage(err) },
		IsExcluded:   func(err error) bool { return err != nil && !says(err) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			o.Logger.Warn("circuit breaker changed", "provider", o.Provider, "from", from.String(), "to", to.String())
		},
	})
	return b
}

// verdict is an error that knows whether the provider is out of order.
type verdict interface{ Outage() bool }

// says reports an error that tells of the provider, not of our own cancellation.
func says(err error) bool {
	var v verdict
	return errors.As(err, &v)
}

func isOutage(err error) bool {
	var v verdict
	return errors.As(err, &v) && v.Outage()
}

// Do runs call, and answers its error. While the provider is out of order it
// answers a Postponed one instead: also for the outage that opens the breaker
// and for a try in vain, so that no job loses an attempt by them. An error of call counts when its chain has
// a method Outage() bool: true is an outage, false an answer as good as none.
func (b *Breaker) Do(ctx context.Context, call func() error) error {
	probes, err := b.enter(ctx)
	if err != nil {
		return err
	}
	_, err = b.local.Execute(func() (struct{}, error) { return struct{}{}, call() })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		b.release(ctx, probes)
		return b.postponed(b.options.Now().Add(soon))
	}
	if b.settle(ctx, probes, err) {
		return b.postponed(b.options.Now().Add(b.options.OpenFor))
	}
	return err
}

// enter asks whether the provider may be asked, and whether this request is
// the one that tries it.
func (b *Breaker) enter(ctx context.Context) (probes bool, err error) {
	wait, err := enterScript.Run(ctx, b.options.Redis, []string{b.key}, probeFor.Milliseconds(), soon.Milliseconds()).Int64()
	if err != nil {
		return false, fault.Unavailablef("asking the circuit breaker: %w", err)
	}
	if wait > 0 {
		return false, b.postponed(b.options.Now().Add(time.Duration(wait) * time.Millisecond))
	}
	return wait < 0, nil
}

func (b *Breaker) postponed(until time.Time) error {
	return fault.Postpone(until, b.options.Provider+": circuit breaker open")
}

// settle tells all processes what a request showed of the provider, and
// answers whether it found the breaker open then.
func (b *Breaker) settle(ctx context.Context, probes bool, err error) (open bool) {
	switch {
	case isOutage(err) && (probes || b.local.State() == gobreaker.StateOpen):
		b.options.Logger.Info("provider out of order", "provider", b.options.Provider, "error", err)
		open = true
		b.write(ctx, func(ctx context.Context) error {
			return openScript.Run(ctx, b.options.Redis, []string{b.key}, b.options.OpenFor.Milliseconds()).Err()
		})
	case probes && (err == nil || says(err) && !isOutage(err)):
		b.write(ctx, func(ctx context.Context) error { return b.options.Redis.Del(ctx, b.key).Err() })
	default:
		b.release(ctx, probes)
	}
	return open
}

// release lets another request try.
func (b *Breaker) release(ctx context.Context, probes bool) {
	if probes {
		b.write(ctx, func(ctx context.Context) error { return b.options.Redis.HDel(ctx, b.key, "probe").Err() })
	}
}

func (b *Breaker) write(ctx context.Context, write func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := write(ctx); err != nil {
		b.options.Logger.Warn("circuit breaker not shared", "provider", b.options.Provider, "error", err)
	}
}

// ProviderState tells how the breaker stands, over all processes.
func (b *Breaker) ProviderState(ctx context.Context) (app.ProviderState, error) {
	left, err := stateScript.Run(ctx, b.options.Redis, []string{b.key}).Int64()
	if err != nil {
		return app.ProviderState{}, fault.Unavailablef("reading the circuit breaker: %w", err)
	}
	state := app.ProviderState{Provider: b.options.Provider, Breaker: "closed"}
	switch {
	case left > 0:
		state.Breaker, state.Until = "open", b.options.Now().Add(time.Duration(left)*time.Millisecond)
	case left == 0:
		state.Breaker = "half_open"
	}
	return state, nil
}

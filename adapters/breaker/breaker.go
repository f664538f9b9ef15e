// Package breaker is a circuit breaker for a contact provider. Outages in a
// row are counted over all processes, in Redis, so that all of them leave alone
// a provider that some found out of order, and one request of all tries whether
// it is back. What gobreaker adds is the count of a process that Redis does not
// answer. (Its own distributed breaker holds a lock for as long as each request
// lasts.)
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

//go:embed outage.lua
var outageSource string

//go:embed answered.lua
var answeredSource string

var (
	enterScript    = redis.NewScript(enterSource)
	stateScript    = redis.NewScript(stateSource)
	outageScript   = redis.NewScript(outageSource)
	answeredScript = redis.NewScript(answeredSource)
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
// An outage that does not open the breaker is answered with a method
// Outages() int: how many there have been in a row, in all processes.
func (b *Breaker) Do(ctx context.Context, call func() error) error {
	as, err := b.enter(ctx)
	if err != nil {
		return err
	}
	_, err = b.local.Execute(func() (struct{}, error) { return struct{}{}, call() })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		b.release(ctx, as)
		return b.postponed(b.options.Now().Add(soon))
	}
	if isOutage(err) {
		return b.outage(ctx, as, err)
	}
	switch {
	case as != plainly && (err == nil || says(err)):
		b.write(ctx, func(ctx context.Context) error {
			return answeredScript.Run(ctx, b.options.Redis, []string{b.key}, flag(as == trying)).Err()
		})
	default:
		b.release(ctx, as)
	}
	return err
}

// entry is how a request goes through.
type entry int

const (
	plainly entry = iota
	trying        // alone, to see whether the provider is back
	doubted       // after outages, which an answer makes good
)

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// outages is an outage with how many there have been in a row.
type outages struct {
	error
	n int
}

func (o outages) Unwrap() error { return o.error }

// Outages is how many calls to the provider have failed in a row, over all processes.
func (o outages) Outages() int { return o.n }

// enter asks whether the provider may be asked, and how.
func (b *Breaker) enter(ctx context.Context) (entry, error) {
	wait, err := enterScript.Run(ctx, b.options.Redis, []string{b.key}, probeFor.Milliseconds(), soon.Milliseconds()).Int64()
	if err != nil {
		return plainly, fault.Unavailablef("asking the circuit breaker: %w", err)
	}
	switch {
	case wait > 0:
		return plainly, b.postponed(b.options.Now().Add(time.Duration(wait) * time.Millisecond))
	case wait == -1:
		return trying, nil
	case wait == -2:
		return doubted, nil
	default:
		return plainly, nil
	}
}

func (b *Breaker) postponed(until time.Time) error {
	return fault.Postpone(until, b.options.Provider+": circuit breaker open")
}

// outage tells all processes of an outage, and answers what follows from it for the job.
func (b *Breaker) outage(ctx context.Context, as entry, err error) error {
	opens := as == trying || b.local.State() == gobreaker.StateOpen
	inRow := int64(1)
	b.write(ctx, func(ctx context.Context) (failed error) {
		inRow, failed = outageScript.Run(ctx, b.options.Redis, []string{b.key}, b.options.OpenFor.Milliseconds(), b.options.Failures, flag(opens)).Int64()
		return failed
	})
	if opens || inRow == 0 {
		b.options.Logger.Info("provider out of order", "provider", b.options.Provider, "error", err)
		return b.postponed(b.options.Now().Add(b.options.OpenFor))
	}
	return outages{err, int(inRow)}
}

// release lets another request try.
func (b *Breaker) release(ctx context.Context, as entry) {
	if as == trying {
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

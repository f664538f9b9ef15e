package hunter

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed quota_common.lua
var quotaCommon string

//go:embed reserve.lua
var reserveSource string

//go:embed settle.lua
var settleSource string

//go:embed reconcile.lua
var reconcileSource string

//go:embed read.lua
var readSource string

var (
	reserveScript   = redis.NewScript(quotaCommon + reserveSource)
	settleScript    = redis.NewScript(quotaCommon + settleSource)
	reconcileScript = redis.NewScript(quotaCommon + reconcileSource)
	readScript      = redis.NewScript(quotaCommon + readSource)
)

const (
	// heldFor is longer than any request takes: who holds a reservation for
	// that long has died, and what it held is counted as used.
	heldFor = 10 * time.Minute
	// reconcileEvery is how often Hunter's own count is asked for, by all processes together.
	reconcileEvery = time.Hour
)

// Quotas that Hunter counts apart.
const (
	Searches      = "searches"
	Verifications = "verifications"
)

// Reservation is a request that was taken off a period's quota, and is to be
// spent or given back.
type Reservation string

// Quota keeps count of requests that are paid for, over all processes.
type Quota interface {
	// Reserve takes one request, or answers false when none is left.
	Reserve(ctx context.Context) (Reservation, bool, error)
	// Settle ends a reservation: what it was for was paid for, or cost nothing.
	Settle(ctx context.Context, r Reservation, spent bool) error
	// Exhaust notes that Hunter itself has none left until then.
	Exhaust(ctx context.Context, until time.Time) error
	// Reconcile takes over Hunter's own count, from what account answers. Most
	// calls do nothing, since once an hour is enough.
	Reconcile(ctx context.Context, account func(context.Context) (Usage, error)) error
}

// Usage is what Hunter itself has counted.
type Usage struct {
	Used   int       // -1 when it does not tell
	Resets time.Time // zero when it does not tell
}

// PeriodQuota counts requests in Redis, so that all processes together never
// exceed the limit.
type PeriodQuota struct {
	redis redis.UniversalClient
	name  string
	limit int
	now   app.Clock
}

var (
	_ Quota           = (*PeriodQuota)(nil)
	_ app.QuotaReader = (*PeriodQuota)(nil)
)

// NewQuota makes a quota of limit requests a period: Hunter's, once its account
// has told when that ends, and a month of UTC until then.
func NewQuota(client redis.UniversalClient, name string, limit int, now app.Clock) *PeriodQuota {
	return &PeriodQuota{client, name, limit, now}
}

// Reserve takes one request of the period; false when none is left, by our own
// count or by Hunter's word.
func (q *PeriodQuota) Reserve(ctx context.Context) (Reservation, bool, error) {
	id, ends := uuid.NewString(), q.now().Add(heldFor).UnixMilli()
	taken, err := q.run(ctx, reserveScript, q.limit, id, ends).Int()
	if err != nil {
		return "", false, fault.Unavailablef("reserving a request: %w", err)
	}
	return Reservation(id), taken == 1, nil
}

// Settle counts a reservation as used, or gives it back.
func (q *PeriodQuota) Settle(ctx context.Context, r Reservation, spent bool) error {
	cost := 0
	if spent {
		cost = 1
	}
	if err := q.run(ctx, settleScript, string(r), cost).Err(); err != nil {
		return fault.Unavailablef("settling a reservation: %w", err)
	}
	return nil
}

// Exhaust notes that Hunter has none left until then, whatever we counted.
func (q *PeriodQuota) Exhaust(ctx context.Context, until time.Time) error {
	if err := q.redis.HSet(ctx, q.key(), "out", until.UnixMilli()).Err(); err != nil {
		return fault.Unavailablef("noting the quota: %w", err)
	}
	return nil
}

// Reconcile asks for Hunter's count when nobody has within the hour. A count
// that was overtaken by requests of ours is left for the next time.
func (q *PeriodQuota) Reconcile(ctx context.Context, account func(context.Context) (Usage, error)) error {
	due, err := q.redis.SetNX(ctx, q.key()+":reconciled", q.now().UnixMilli(), reconcileEvery).Result()
	if err != nil || !due {
		return err
	}
	s, err := q.read(ctx)
	if err != nil {
		return err
	}
	usage, err := account(ctx)
	if err != nil || usage.Used < 0 {
		return err
	}
	resets := int64(0)
	if !usage.Resets.IsZero() {
		resets = usage.Resets.UnixMilli()
	}
	return q.run(ctx, reconcileScript, s.seq, usage.Used, resets).Err()
}

// Quota tells how much of the period is used; all of it while Hunter says so.
func (q *PeriodQuota) Quota(ctx context.Context) (app.Quota, error) {
	s, err := q.read(ctx)
	if err != nil {
		return app.Quota{}, err
	}
	now := q.now().UTC()
	quota := app.Quota{Provider: providerName, Month: now.Format("2006-01"), Used: min(s.used, q.limit), Limit: q.limit, ResetsAt: s.resets}
	if now.Before(s.out) {
		quota.Used, quota.ResetsAt = q.limit, s.out
	}
	return quota, nil
}

// standing is how the period stands.
type standing struct {
	used        int // with what is held
	resets, out time.Time
	seq         int64
}

func (q *PeriodQuota) read(ctx context.Context) (standing, error) {
	texts, err := q.run(ctx, readScript).StringSlice()
	if err != nil {
		return standing{}, fault.Unavailablef("reading the quota: %w", err)
	}
	numbers := make([]int64, len(texts))
	for i, text := range texts {
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return standing{}, fmt.Errorf("reading the quota: %w", err)
		}
	}
	return standing{int(numbers[0]), time.UnixMilli(numbers[1]).UTC(), time.UnixMilli(numbers[2]).UTC(), numbers[3]}, nil
}

func (q *PeriodQuota) run(ctx context.Context, script *redis.Script, args ...any) *redis.Cmd {
	now := q.now()
	return script.Run(ctx, q.redis, []string{q.key(), q.key() + ":held"}, append([]any{now.UnixMilli(), nextMonth(now).UnixMilli()}, args...)...)
}

// key keeps what belongs together in one slot of a cluster.
func (q *PeriodQuota) key() string { return "leadstream:quota:{hunter:" + q.name + "}" }

func nextMonth(now time.Time) time.Time {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

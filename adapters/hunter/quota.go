package hunter

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed reserve.lua
var reserveSource string

var (
	reserveScript  = redis.NewScript(reserveSource)
	giveBackScript = redis.NewScript(`if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then return redis.call('DECR', KEYS[1]) end return 0`)
)

// counterFor is how long a month's counter is kept, past its end.
const counterFor = 40 * 24 * time.Hour

// MonthlyQuota counts searches in Redis, so that all processes together never
// exceed the limit.
type MonthlyQuota struct {
	redis redis.UniversalClient
	limit int
	now   app.Clock
}

var (
	_ Quota           = (*MonthlyQuota)(nil)
	_ app.QuotaReader = (*MonthlyQuota)(nil)
)

// NewMonthlyQuota makes a quota of limit searches a month of UTC.
func NewMonthlyQuota(client redis.UniversalClient, limit int, now app.Clock) *MonthlyQuota {
	return &MonthlyQuota{client, limit, now}
}

// Reserve takes one search of the month, or answers false.
func (q *MonthlyQuota) Reserve(ctx context.Context) (bool, error) {
	taken, err := reserveScript.Run(ctx, q.redis, []string{q.key()}, q.limit, int(counterFor.Seconds())).Int()
	if err != nil {
		return false, fault.Unavailablef("reserving a search: %w", err)
	}
	return taken == 1, nil
}

// GiveBack returns one that cost nothing.
func (q *MonthlyQuota) GiveBack(ctx context.Context) error {
	return giveBackScript.Run(ctx, q.redis, []string{q.key()}).Err()
}

// Exhaust notes that Hunter says the month is used up, whatever we counted.
func (q *MonthlyQuota) Exhaust(ctx context.Context) error {
	if err := q.redis.Set(ctx, q.key(), q.limit, counterFor).Err(); err != nil {
		return fault.Unavailablef("noting the quota: %w", err)
	}
	return nil
}

// Quota tells how much of the month is used.
func (q *MonthlyQuota) Quota(ctx context.Context) (app.Quota, error) {
	used, err := q.redis.Get(ctx, q.key()).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return app.Quota{}, fault.Unavailablef("reading the quota: %w", err)
	}
	now := q.now().UTC()
	return app.Quota{
		Provider: providerName, Month: now.Format("2006-01"), Used: min(used, q.limit), Limit: q.limit,
		ResetsAt: time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC),
	}, nil
}

func (q *MonthlyQuota) key() string {
	return "leadstream:quota:hunter:" + q.now().UTC().Format("2006-01")
}

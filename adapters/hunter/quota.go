package hunter

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed reserve.lua
var reserveSource string

//go:embed give_back.lua
var giveBackSource string

var (
	reserveScript  = redis.NewScript(reserveSource)
	giveBackScript = redis.NewScript(giveBackSource)
)

const (
	// counterFor is how long a month's counter is kept, past its end.
	counterFor   = 40 * 24 * time.Hour
	counterKey   = "leadstream:quota:hunter:" // and the month, 2026-11
	exhaustedKey = "leadstream:quota:hunter:exhausted"
)

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

// Reserve takes one search of the month; false when none is left, by our own
// count or by Hunter's word.
func (q *MonthlyQuota) Reserve(ctx context.Context) (Reservation, bool, error) {
	_, exhausted, err := q.exhausted(ctx)
	if err != nil || exhausted {
		return "", false, err
	}
	key := q.key()
	taken, err := reserveScript.Run(ctx, q.redis, []string{key}, q.limit, int(counterFor.Seconds())).Int()
	if err != nil {
		return "", false, fault.Unavailablef("reserving a search: %w", err)
	}
	return Reservation(key), taken == 1, nil
}

// GiveBack returns a search to the month it was taken from.
func (q *MonthlyQuota) GiveBack(ctx context.Context, r Reservation) error {
	if err := giveBackScript.Run(ctx, q.redis, []string{string(r)}).Err(); err != nil {
		return fmt.Errorf("giving a search back: %w", err)
	}
	return nil
}

// Exhaust notes that Hunter has none left until then, whatever we counted.
func (q *MonthlyQuota) Exhaust(ctx context.Context, until time.Time) error {
	keep := max(until.Sub(q.now()), time.Second)
	if err := q.redis.Set(ctx, exhaustedKey, until.UTC().Format(time.RFC3339), keep).Err(); err != nil {
		return fault.Unavailablef("noting the quota: %w", err)
	}
	return nil
}

func (q *MonthlyQuota) exhausted(ctx context.Context) (until time.Time, exhausted bool, err error) {
	text, err := q.redis.Get(ctx, exhaustedKey).Result()
	if errors.Is(err, redis.Nil) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fault.Unavailablef("reading the quota: %w", err)
	}
	until, err = time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reading the quota: %w", err)
	}
	return until, q.now().Before(until), nil
}

// Quota tells how much of the month is used; all of it while Hunter says so.
func (q *MonthlyQuota) Quota(ctx context.Context) (app.Quota, error) {
	used, err := q.redis.Get(ctx, q.key()).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return app.Quota{}, fault.Unavailablef("reading the quota: %w", err)
	}
	now := q.now().UTC()
	quota := app.Quota{Provider: providerName, Month: now.Format("2006-01"), Used: min(used, q.limit), Limit: q.limit, ResetsAt: nextMonth(now)}
	until, exhausted, err := q.exhausted(ctx)
	if exhausted {
		quota.Used, quota.ResetsAt = q.limit, until
	}
	return quota, err
}

func (q *MonthlyQuota) key() string { return counterKey + q.now().UTC().Format("2006-01") }

func nextMonth(now time.Time) time.Time {
	now = now.UTC()
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

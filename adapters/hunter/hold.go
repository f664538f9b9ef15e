package hunter

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

//go:embed hold.lua
var holdSource string

var holdScript = redis.NewScript(holdSource)

const (
	slowest   = 30 * time.Minute // to wait after any 403
	tooFast   = time.Minute      // to wait after a first 403 that does not say
	lasting   = time.Hour        // of 403s, after which jobs do without Hunter
	keyRefuse = 15 * time.Minute // until a refused key is tried again
)

// hold is why, and until when, Hunter is not asked: by no process, since all
// share its key. It is kept in Redis by a fingerprint of the key, so that a
// new key has a history of its own.
type hold struct {
	redis redis.UniversalClient
	key   string
	now   app.Clock
}

func newHold(client redis.UniversalClient, apiKey string, now app.Clock) *hold {
	sum := sha256.Sum256([]byte(apiKey))
	return &hold{client, "leadstream:hold:hunter:" + hex.EncodeToString(sum[:4]), now}
}

// held is how the hold stands.
type held struct {
	slowSince, slowUntil time.Time
	keySince, keyUntil   time.Time
}

func (h held) any() bool { return !h.slowSince.IsZero() || !h.keySince.IsZero() }

func (h *hold) load(ctx context.Context) (held, error) {
	fields, err := h.redis.HGetAll(ctx, h.key).Result()
	if err != nil {
		return held{}, fault.Unavailablef("reading why hunter is not asked: %w", err)
	}
	at := func(name string) time.Time {
		if ms, err := strconv.ParseInt(fields[name], 10, 64); err == nil {
			return time.UnixMilli(ms)
		}
		return time.Time{}
	}
	return held{at("slow_since"), at("slow_until"), at("key_since"), at("key_until")}, nil
}

// slow notes a 403 and answers until when to wait, and since when that lasts.
func (h *hold) slow(ctx context.Context, retryAfter time.Duration) (held, error) {
	now := h.now()
	texts, err := holdScript.Run(ctx, h.redis, []string{h.key},
		now.UnixMilli(), max(retryAfter, 0).Milliseconds(), tooFast.Milliseconds(), slowest.Milliseconds()).StringSlice()
	if err != nil {
		return held{}, fault.Unavailablef("noting that hunter is asked too fast: %w", err)
	}
	until, _ := strconv.ParseInt(texts[0], 10, 64) // numbers of the script's making
	since, _ := strconv.ParseInt(texts[1], 10, 64)
	return held{slowUntil: time.UnixMilli(until), slowSince: time.UnixMilli(since)}, nil
}

// refuseKey notes a 401; it is news until the key is accepted.
func (h *hold) refuseKey(ctx context.Context) (news bool, err error) {
	now := h.now()
	news, err = h.redis.HSetNX(ctx, h.key, "key_since", now.UnixMilli()).Result()
	if err == nil {
		err = h.redis.HSet(ctx, h.key, "key_until", now.Add(keyRefuse).UnixMilli()).Err()
	}
	if err != nil {
		return news, fault.Unavailablef("noting the refused key: %w", err)
	}
	return news, nil
}

// answered notes that Hunter did what it was asked.
func (h *hold) answered(ctx context.Context) error {
	return h.redis.Del(ctx, h.key).Err()
}

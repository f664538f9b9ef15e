// Package alerts keeps in Redis which alerts stand, and posts them to a
// webhook and to Telegram.
package alerts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

// key is a hash of the alerts that stand, with the millisecond they were raised in.
const key = "leadstream:alerts"

// take removes a field and answers what it held.
var take = redis.NewScript(`
local since = redis.call('HGET', KEYS[1], ARGV[1])
if since then redis.call('HDEL', KEYS[1], ARGV[1]) end
return since`)

var (
	_ app.AlertBook   = (*Book)(nil)
	_ app.AlertTeller = (*Webhook)(nil)
	_ app.AlertTeller = (*Telegram)(nil)
)

// Book fills app.AlertBook.
type Book struct{ client redis.UniversalClient }

// NewBook makes a book on a client of its owner's.
func NewBook(client redis.UniversalClient) *Book { return &Book{client} }

// Raise notes that an alert stands.
func (b *Book) Raise(ctx context.Context, name string, at time.Time) (bool, error) {
	raised, err := b.client.HSetNX(ctx, key, name, at.UnixMilli()).Result()
	if err != nil {
		return false, fault.Unavailablef("raising an alert: %w", err)
	}
	return raised, nil
}

// Clear notes that an alert stands no more.
func (b *Book) Clear(ctx context.Context, name string) (since time.Time, cleared bool, err error) {
	ms, err := take.Run(ctx, b.client, []string{key}, name).Int64()
	if errors.Is(err, redis.Nil) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fault.Unavailablef("clearing an alert: %w", fmt.Errorf("%s: %w", name, err))
	}
	return time.UnixMilli(ms).UTC(), true, nil
}

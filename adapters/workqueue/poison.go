package workqueue

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// PoisonEntry is one entry of a poison stream, its fields as any Redis client sees them.
type PoisonEntry struct {
	ID     string
	Fields map[string]string
}

// PoisonStream names a topic's poison stream.
func (c *Client) PoisonStream(topic string) string { return c.key(topic, "poison") }

// ListPoison lists entries of a poison stream, newest first, from before an entry id ("" for all).
func (c *Client) ListPoison(ctx context.Context, stream, before string, limit int) (entries []PoisonEntry, total int, err error) {
	from := "+"
	if before != "" {
		from = "(" + before
	}
	pipe := c.config.Client.Pipeline()
	listed := pipe.XRevRangeN(ctx, stream, from, "-", int64(limit))
	length := pipe.XLen(ctx, stream)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, 0, fmt.Errorf("listing %s: %w", stream, err)
	}
	for _, m := range listed.Val() {
		entries = append(entries, poisonEntry(m))
	}
	return entries, int(length.Val()), nil
}

// Poison reads one entry of a poison stream.
func (c *Client) Poison(ctx context.Context, stream, id string) (PoisonEntry, error) {
	found, err := c.config.Client.XRange(ctx, stream, id, id).Result()
	if err != nil {
		return PoisonEntry{}, fmt.Errorf("reading %s: %w", stream, err)
	}
	if len(found) == 0 {
		return PoisonEntry{}, fmt.Errorf("poison entry %s: %w", id, ErrNotFound)
	}
	return poisonEntry(found[0]), nil
}

// DiscardPoison drops an entry; false when it is not there.
func (c *Client) DiscardPoison(ctx context.Context, stream, id string) (bool, error) {
	n, err := c.config.Client.XDel(ctx, stream, id).Result()
	return n > 0, err
}

func poisonEntry(m redis.XMessage) PoisonEntry {
	fields := make(map[string]string, len(m.Values))
	for k, v := range m.Values {
		fields[k] = fmt.Sprint(v)
	}
	return PoisonEntry{ID: m.ID, Fields: fields}
}

package workqueue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrNotFound answers for what is not there (any more).
var ErrNotFound = errors.New("not found")

// Get reads one job.
func (c *Client) Get(ctx context.Context, topic, id string) (Record, error) {
	h, err := c.config.Client.HGetAll(ctx, c.key(topic, "job:"+id)).Result()
	if err != nil {
		return Record{}, fmt.Errorf("reading job %s: %w", id, err)
	}
	if len(h) == 0 {
		return Record{}, fmt.Errorf("job %s: %w", id, ErrNotFound)
	}
	return parseRecord(topic, id, h), nil
}

// Ref is a job's place in an ordered listing.
type Ref struct {
	ID    string
	Score float64 // what the listing is ordered by
}

// Listing names a set of a topic's jobs by what it is ordered by.
type Listing string

// The listings: all jobs by the microsecond they were accepted in; finished
// and delayed ones by the millisecond they finished or are due in.
const (
	All       Listing = "index"
	Completed Listing = "completed"
	Failed    Listing = "failed"
	Cancelled Listing = "cancelled"
	Upcoming  Listing = "delayed"
)

// Refs lists jobs, highest score first: up to limit of those at or below max
// (nil for all); the caller drops what it has seen of that very score.
func (c *Client) Refs(ctx context.Context, topic string, listing Listing, upTo *float64, limit int) ([]Ref, error) {
	from := "+inf"
	if upTo != nil {
		from = strconv.FormatFloat(*upTo, 'f', -1, 64)
	}
	members, err := c.config.Client.ZRevRangeByScoreWithScores(ctx, c.key(topic, string(listing)),
		&redis.ZRangeBy{Max: from, Min: "-inf", Count: int64(limit)}).Result()
	if err != nil {
		return nil, fmt.Errorf("listing jobs of %s: %w", topic, err)
	}
	refs := make([]Ref, len(members))
	for i, m := range members {
		id, _ := m.Member.(string)
		refs[i] = Ref{ID: id, Score: m.Score}
	}
	return refs, nil
}

// Count is how many jobs a listing has.
func (c *Client) Count(ctx context.Context, topic string, listing Listing) (int, error) {
	n, err := c.config.Client.ZCard(ctx, c.key(topic, string(listing))).Result()
	return int(n), err
}

// GetMany reads jobs in one round trip; those that are gone are left out.
func (c *Client) GetMany(ctx context.Context, topic string, ids []string) ([]Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	pipe := c.config.Client.Pipeline()
	reads := make([]*redis.MapStringStringCmd, len(ids))
	for i, id := range ids {
		reads[i] = pipe.HGetAll(ctx, c.key(topic, "job:"+id))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("reading jobs of %s: %w", topic, err)
	}
	records := make([]Record, 0, len(ids))
	for i, read := range reads {
		if h := read.Val(); len(h) > 0 {
			records = append(records, parseRecord(topic, ids[i], h))
		}
	}
	return records, nil
}

// Stats is how a topic stands.
type Stats struct {
	Paused         bool
	Waiting        int
	Active         int
	Delayed        int
	Completed      int
	Failed         int
	Cancelled      int
	Workers        int // live worker processes
	Slots          int // over all live workers
	StartsInWindow int
	OldestWaiting  time.Duration
}

// Stats counts a topic's jobs and workers.
func (c *Client) Stats(ctx context.Context, topic string, window time.Duration) (Stats, error) {
	answer, err := c.run(ctx, statsScript, topic, c.config.Lease.Milliseconds(), window.Milliseconds())
	if err != nil {
		return Stats{}, fmt.Errorf("counting %s: %w", topic, err)
	}
	items, _ := answer.([]any)
	if len(items) != 11 {
		return Stats{}, fmt.Errorf("counting %s: %d numbers", topic, len(items))
	}
	n := make([]int, len(items))
	for i, item := range items {
		v, _ := item.(int64)
		n[i] = int(v)
	}
	return Stats{
		Paused: n[0] == 1, Waiting: n[1], Active: n[2], Delayed: n[3], Completed: n[4], Failed: n[5], Cancelled: n[6],
		Workers: n[7], Slots: n[8], StartsInWindow: n[9], OldestWaiting: time.Duration(n[10]) * time.Millisecond,
	}, nil
}

// Batch reads a batch's own counters: total and one for each state.
func (c *Client) Batch(ctx context.Context, topic, batch string) (map[string]int, error) {
	h, err := c.config.Client.HGetAll(ctx, c.key(topic, "batch:"+batch)).Result()
	if err != nil {
		return nil, fmt.Errorf("reading batch %s: %w", batch, err)
	}
	if len(h) == 0 {
		return nil, fmt.Errorf("batch %s: %w", batch, ErrNotFound)
	}
	counts := make(map[string]int, len(h))
	for name, value := range h {
		counts[name] = atoi(value)
	}
	return counts, nil
}

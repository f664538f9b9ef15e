package workqueue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrNotFound answers for what is not there (any more).
var ErrNotFound = errors.New("not found")

// Get reads one job.
func (c *Client) Get(ctx context.Context, topic, id string) (Record, error) {
	records, err := c.GetMany(ctx, topic, []string{id})
	if err != nil {
		return Record{}, err
	}
	if len(records) == 0 {
		return Record{}, fmt.Errorf("job %s: %w", id, ErrNotFound)
	}
	return records[0], nil
}

// GetMany reads jobs as they stand at one moment; those that are gone are left out.
func (c *Client) GetMany(ctx context.Context, topic string, ids []string) ([]Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	answer, err := c.run(ctx, getScript, topic, args...)
	if err != nil {
		return nil, fmt.Errorf("reading jobs of %s: %w", topic, err)
	}
	found, _ := answer.([]any)
	if len(found) != len(ids) {
		return nil, fmt.Errorf("reading jobs of %s: %d answers for %d jobs", topic, len(found), len(ids))
	}
	records := make([]Record, 0, len(ids))
	for i, id := range ids {
		if flat, _ := found[i].([]any); len(flat) > 0 {
			records = append(records, parseRecord(topic, id, pairs(flat)))
		}
	}
	return records, nil
}

// Position is where a job stands in an ordered listing: the millisecond of
// what the listing is ordered by, and a sequence within it where there is one.
type Position struct{ Millis, Sequence int64 }

// Before reports whether p comes before o, in time.
func (p Position) Before(o Position) bool {
	return p.Millis < o.Millis || p.Millis == o.Millis && p.Sequence < o.Sequence
}

// String is the position as the id of a stream entry.
func (p Position) String() string { return fmt.Sprintf("%d-%d", p.Millis, p.Sequence) }

// ParsePosition reads what String wrote.
func ParsePosition(s string) (Position, error) {
	ms, sequence, _ := strings.Cut(s, "-")
	m, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("parsing position: %w", err)
	}
	n, err := strconv.ParseInt(sequence, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("parsing position: %w", err)
	}
	return Position{m, n}, nil
}

// Ref is a job's place in a listing.
type Ref struct {
	ID string
	At Position
}

// Listing names a set of a topic's jobs by what it is ordered by.
type Listing string

// The listings: all jobs by when they were accepted, running ones too; finished
// and delayed ones by when they finished or are due.
const (
	All       Listing = "all"
	Active    Listing = "active"
	Completed Listing = "completed"
	Failed    Listing = "failed"
	Cancelled Listing = "cancelled"
	Upcoming  Listing = "delayed"
)

// OfBatch lists a batch's jobs by when they were accepted, finished ones that
// retention has dropped among them.
func OfBatch(batch string) Listing { return Listing(batchPrefix + batch + ":jobs") }

const batchPrefix = "batch:"

// newest is later than any position.
var newest = Position{math.MaxInt64, math.MaxInt64}

// Refs lists jobs, the latest first: up to limit of those at or before a
// position (nil for all); the caller drops what it has seen of that very one.
func (c *Client) Refs(ctx context.Context, topic string, listing Listing, upTo *Position, limit int) ([]Ref, error) {
	to := newest
	if upTo != nil {
		to = *upTo
	}
	var refs []Ref
	var err error
	switch {
	case listing == All:
		refs, err = c.indexRefs(ctx, topic, to, limit)
	case strings.HasPrefix(string(listing), batchPrefix):
		refs, err = c.streamRefs(ctx, c.key(topic, string(listing)), to, limit)
	case listing == Active:
		refs, err = c.activeRefs(ctx, topic, to, limit)
	case listing == Completed:
		refs, err = c.completedRefs(ctx, topic, to, limit)
	default:
		refs, err = c.setRefs(ctx, c.key(topic, string(listing)), to, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("listing jobs of %s: %w", topic, err)
	}
	return refs, nil
}

func (c *Client) streamRefs(ctx context.Context, key string, upTo Position, limit int) ([]Ref, error) {
	end := "+"
	if upTo != newest {
		end = upTo.String()
	}
	entries, err := c.config.Client.XRevRangeN(ctx, key, end, "-", int64(limit)).Result()
	if err != nil {
		return nil, err
	}
	refs := make([]Ref, 0, len(entries))
	for _, e := range entries {
		at, err := ParsePosition(e.ID)
		if err != nil {
			return nil, err
		}
		id, _ := e.Values["id"].(string)
		refs = append(refs, Ref{id, at})
	}
	return refs, nil
}

func (c *Client) indexRefs(ctx context.Context, topic string, upTo Position, limit int) ([]Ref, error) {
	to := "+"
	if upTo != newest {
		to = upTo.String()
	}
	answer, err := c.run(ctx, indexPage, topic, to, limit)
	if err != nil {
		return nil, err
	}
	return acceptedRefs(answer)
}

func (c *Client) activeRefs(ctx context.Context, topic string, upTo Position, limit int) ([]Ref, error) {
	answer, err := c.run(ctx, activeScript, topic)
	if err != nil {
		return nil, err
	}
	refs, err := acceptedRefs(answer)
	if err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(refs, func(r Ref) bool { return upTo.Before(r.At) })
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(b.At.Millis, a.At.Millis), cmp.Compare(b.At.Sequence, a.At.Sequence))
	})
	return refs[:min(len(refs), limit)], nil
}

// acceptedRefs reads pairs of an id and the entry it was accepted with.
func acceptedRefs(answer any) ([]Ref, error) {
	flat := stringSlice(answer)
	refs := make([]Ref, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		at, err := ParsePosition(flat[i+1])
		if err != nil {
			return nil, err
		}
		refs = append(refs, Ref{flat[i], at})
	}
	return refs, nil
}

func (c *Client) completedRefs(ctx context.Context, topic string, upTo Position, limit int) ([]Ref, error) {
	answer, err := c.run(ctx, completedPage, topic, upTo.Millis, limit)
	if err != nil {
		return nil, err
	}
	flat := stringSlice(answer)
	refs := make([]Ref, 0, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		ms, _ := strconv.ParseInt(flat[i+1], 10, 64) // written by endings.lua
		refs = append(refs, Ref{flat[i], Position{Millis: ms}})
	}
	return refs, nil
}

func (c *Client) setRefs(ctx context.Context, key string, upTo Position, limit int) ([]Ref, error) {
	to := "+inf"
	if upTo != newest {
		to = strconv.FormatInt(upTo.Millis, 10)
	}
	members, err := c.config.Client.ZRevRangeByScoreWithScores(ctx, key,
		&redis.ZRangeBy{Max: to, Min: "-inf", Count: int64(limit)}).Result()
	if err != nil {
		return nil, err
	}
	refs := make([]Ref, len(members))
	for i, m := range members {
		id, _ := m.Member.(string)
		refs[i] = Ref{id, Position{Millis: int64(m.Score)}}
	}
	return refs, nil
}

// Count is how many jobs a listing has.
func (c *Client) Count(ctx context.Context, topic string, listing Listing) (int, error) {
	key := c.key(topic, string(listing))
	var n int64
	var err error
	switch {
	case listing == All:
		s, statsErr := c.Stats(ctx, topic, 0)
		return s.Waiting + s.Active + s.Delayed + s.Completed + s.Failed + s.Cancelled, statsErr
	case strings.HasPrefix(string(listing), batchPrefix):
		n, err = c.config.Client.XLen(ctx, key).Result()
	case listing == Completed:
		n, err = c.config.Client.LLen(ctx, key).Result()
	case listing == Active:
		s, statsErr := c.Stats(ctx, topic, 0)
		n, err = int64(s.Active), statsErr
	default:
		n, err = c.config.Client.ZCard(ctx, key).Result()
	}
	return int(n), err
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

package workqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// agedAfter is how long a job of a lower priority waits before one start in
// ten may go to it ahead of its betters (FAIR_EVERY in take.lua).
const agedAfter = 30 * time.Second

// taken is what one call of take.lua answered.
type taken struct {
	deliveries []*Delivery
	wait       time.Duration // until something may be due; negative: only a new entry can change it
	cursors    []string
}

// take starts as many jobs as slots and throttle allow, and with reap also
// takes over those of workers whose lease ran out.
func (s *Subscriber) take(ctx context.Context, topic string, slots int, reap bool) (taken, error) {
	options := s.options(topic)
	lease := int64(0)
	if reap {
		lease = s.client.config.Lease.Milliseconds()
	}
	answer, err := s.client.run(ctx, takeScript, topic, s.consumer, slots, options.Rate.Limit,
		options.Rate.Window.Milliseconds(), lease, s.client.config.MaxLosses, agedAfter.Milliseconds())
	if err != nil {
		return taken{}, fmt.Errorf("taking from %s: %w", topic, err)
	}
	return parseTaken(topic, answer)
}

func parseTaken(topic string, answer any) (taken, error) {
	parts, ok := answer.([]any)
	if !ok || len(parts) != 3 {
		return taken{}, fmt.Errorf("taking from %s: unexpected answer %T", topic, answer)
	}
	jobs, _ := parts[0].([]any)
	wait, _ := parts[1].(int64)
	t := taken{wait: time.Duration(wait) * time.Millisecond, cursors: stringSlice(parts[2])}
	if wait < 0 {
		t.wait = -1
	}
	for _, job := range jobs {
		fields, _ := job.([]any)
		if len(fields) != 5 {
			return taken{}, fmt.Errorf("taking from %s: a job of %d fields", topic, len(fields))
		}
		id, _ := fields[2].(string)
		priority, _ := fields[0].(string)
		entryID, _ := fields[1].(string)
		lost, _ := fields[3].(int64)
		t.deliveries = append(t.deliveries, &Delivery{
			Record: parseRecord(topic, id, pairs(stringSlice(fields[4]))), priority: priority, entryID: entryID, lost: lost == 1,
		})
	}
	return t, nil
}

func pairs(flat []string) map[string]string {
	m := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		m[flat[i]] = flat[i+1]
	}
	return m
}

// blockTime bounds each blocking read, since go-redis does not end one when
// its context does.
const blockTime = time.Second

// waitForEntry blocks until a stream of the topic grows beyond the cursors or
// the time is up.
func (s *Subscriber) waitForEntry(ctx context.Context, topic string, t taken) error {
	block := blockTime
	if t.wait >= 0 && t.wait < block {
		block = max(t.wait, time.Millisecond)
	}
	streams := make([]string, 0, 8)
	for _, name := range []string{PriorityHigh, PriorityNormal, PriorityLow, "wake"} {
		streams = append(streams, s.client.key(topic, name))
	}
	err := s.client.config.Client.XRead(ctx, &redis.XReadArgs{
		Streams: append(streams, t.cursors...), Count: 1, Block: block,
	}).Err()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

package workqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Entry is a job to accept.
type Entry struct {
	ID            string
	Name          string
	Payload       []byte
	Priority      string // default PriorityNormal
	MaxAttempts   int    // default 1
	Backoff       time.Duration
	BatchID       string
	ParentID      string
	UniqueKey     string // at most one unfinished job of a topic holds it
	CorrelationID string
	Metadata      map[string]string
	Delay         time.Duration
}

// Enqueue accepts all entries or none, in one round trip. The answer holds for
// each entry "" when it was accepted, else the id of the job that stands
// already under its id or unique key.
func (c *Client) Enqueue(ctx context.Context, topic string, entries ...Entry) ([]string, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 12*len(entries))
	for _, e := range entries {
		metadata, err := json.Marshal(e.Metadata)
		if err != nil {
			return nil, fmt.Errorf("encoding metadata of %s: %w", e.ID, err)
		}
		setDefault(&e.Priority, PriorityNormal)
		setDefault(&e.MaxAttempts, 1)
		args = append(args, e.ID, e.Name, e.Payload, e.Priority, e.MaxAttempts, e.Backoff.Milliseconds(),
			e.BatchID, e.ParentID, e.UniqueKey, e.CorrelationID, metadata, e.Delay.Milliseconds())
	}
	answer, err := c.run(ctx, enqueueScript, topic, args...)
	if err != nil {
		return nil, fmt.Errorf("enqueueing on %s: %w", topic, err)
	}
	return stringSlice(answer), nil
}

// Unheld filters unique keys down to those that no unfinished job of the topic holds.
func (c *Client) Unheld(ctx context.Context, topic string, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	holders, err := c.config.Client.HMGet(ctx, c.key(topic, "unique"), keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("reading unique keys of %s: %w", topic, err)
	}
	var free []string
	for i, holder := range holders {
		if holder == nil {
			free = append(free, keys[i])
		}
	}
	return free, nil
}

func stringSlice(answer any) []string {
	items, _ := answer.([]any)
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.(string)
	}
	return texts
}

package workqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
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
	// RememberFor is how long the id stays taken after retention has dropped
	// the job, in whole seconds; 0 frees it then.
	RememberFor time.Duration
}

var enqueueAct = act{"enqueue", enqueueScript}

// Enqueue accepts all entries or none, in one round trip. The answer holds for
// each entry "" when it was accepted, else the id of the job that stands
// already under its id or unique key. Calls that come while others are on
// their way travel together; the answer of a call whose context ends first is
// unknown to it.
func (c *Client) Enqueue(ctx context.Context, topic string, entries ...Entry) ([]string, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 10*len(entries))
	for i := range entries {
		if err := c.check(&entries[i]); err != nil {
			return nil, err
		}
		var err error
		if args, err = appendEntry(args, &entries[i]); err != nil {
			return nil, err
		}
	}
	answers, err := c.gatherer(topic, enqueueAct).send(ctx, args, len(entries))
	if err != nil {
		return nil, fmt.Errorf("enqueueing on %s: %w", topic, err)
	}
	return answers, nil
}

// check refuses what would make events that nobody can read.
func (c *Client) check(e *Entry) error {
	if c.config.EventStream == "" {
		return nil
	}
	if len(e.Payload) > 0 && (!json.Valid(e.Payload) || !utf8.Valid(e.Payload)) {
		return fmt.Errorf("enqueueing job %q: its payload is not JSON in UTF-8", e.ID)
	}
	for _, id := range [...]string{e.ID, e.BatchID, e.ParentID, e.CorrelationID} {
		if !utf8.ValidString(id) {
			return fmt.Errorf("enqueueing job %q: id %q is not UTF-8", e.ID, id)
		}
	}
	return nil
}

// appendEntry adds what enqueue.lua wants of a job; absent fields cost nothing.
func appendEntry(args []any, e *Entry) ([]any, error) {
	priority, ok := priorityOrder[e.Priority]
	if !ok {
		priority = priorityOrder[PriorityNormal]
	}
	args = append(args, priority, max(e.Delay.Milliseconds(), 0), 0)
	first := len(args)
	add := func(name string, value any) { args = append(args, name, value) }
	if plain(e.ID) {
		add("id", e.ID)
	} else {
		add("quoted", e.ID)
	}
	add("v", encodeView(e))
	if e.Backoff > 0 {
		add("o", e.Backoff.Milliseconds())
	}
	for _, f := range [...]struct{ name, value string }{
		{"b", e.BatchID}, {"u", e.UniqueKey}, {"cor", e.CorrelationID},
	} {
		if f.value != "" {
			add(f.name, f.value)
		}
	}
	if len(e.Metadata) > 0 {
		metadata, err := json.Marshal(e.Metadata)
		if err != nil {
			return nil, fmt.Errorf("encoding metadata of %s: %w", e.ID, err)
		}
		add("md", metadata)
	}
	if seconds := int64(e.RememberFor / time.Second); seconds > 0 {
		add("k", seconds)
	}
	args[first-1] = len(args) - first
	return args, nil
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

package workqueue

import (
	"context"
	"fmt"
	"strings"
)

var noteAct = act{"note", noteScript}

// note answers whether the job was there to be noted of. Calls that come while
// others are on their way travel together.
func (c *Client) note(ctx context.Context, topic, what, id string, values ...any) (bool, error) {
	answers, err := c.gatherer(topic, noteAct).send(ctx, append([]any{what, id, len(values)}, values...), 1)
	if err != nil {
		return false, fmt.Errorf("noting %s of job %s: %w", what, id, err)
	}
	return answers[0] == "1", nil
}

// Report writes a running job's progress, with events in the same step. It
// answers false when the given run is not the valid one any more.
func (c *Client) Report(ctx context.Context, r Record, percent int, message string, events ...Event) (bool, error) {
	values := append([]any{r.Run, percent, strings.ToValidUTF8(message, "\uFFFD"), r.CorrelationID}, eventArgs(events)...)
	noted, err := c.note(ctx, r.Topic, "progress", r.ID, values...)
	if d, ok := c.running.Load(runKey{r.Topic, r.ID}); ok && noted {
		d.(*Delivery).noteProgress(message) //nolint:forcetypeassert // nothing else is stored there
	}
	return noted, err
}

// AppendLog adds a line to a job's log, which is kept as long as the job and
// has its newest thousand lines.
func (c *Client) AppendLog(ctx context.Context, topic, id string, line []byte) error {
	_, err := c.note(ctx, topic, "log", id, line)
	return err
}

// Log reads lines of a job's log from an offset on, and how many it has.
func (c *Client) Log(ctx context.Context, topic, id string, offset, limit int) (lines []string, total int, err error) {
	key := c.key(topic, "logs:"+id)
	pipe := c.config.Client.Pipeline()
	slice := pipe.LRange(ctx, key, int64(offset), int64(offset+limit-1))
	length := pipe.LLen(ctx, key)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, 0, fmt.Errorf("reading the log of job %s: %w", id, err)
	}
	return slice.Val(), int(length.Val()), nil
}

// MarkOnce notes a value under a key of the job's own, unless one is noted
// there already: counting by key is then the same however often it is done.
func (c *Client) MarkOnce(ctx context.Context, topic, id, key, value string) error {
	_, err := c.note(ctx, topic, "mark", id, key, value)
	return err
}

// Marks counts a job's noted values.
func (c *Client) Marks(ctx context.Context, topic, id string) (map[string]int, error) {
	values, err := c.config.Client.HVals(ctx, c.key(topic, "tally:"+id)).Result()
	if err != nil {
		return nil, fmt.Errorf("counting marks of job %s: %w", id, err)
	}
	counts := map[string]int{}
	for _, v := range values {
		counts[v]++
	}
	return counts, nil
}

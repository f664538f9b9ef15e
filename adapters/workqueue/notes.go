package workqueue

import (
	"context"
	"fmt"
)

// maxLogLines bounds a job's log: the newest are kept.
const maxLogLines = 1000

// AppendLog adds a line to a job's log, which is kept as long as the job.
func (c *Client) AppendLog(ctx context.Context, topic, id string, line []byte) error {
	key := c.key(topic, "logs:"+id)
	pipe := c.config.Client.Pipeline()
	pipe.RPush(ctx, key, line)
	pipe.LTrim(ctx, key, -maxLogLines, -1)
	pipe.SAdd(ctx, c.key(topic, "own"), id)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("logging for job %s: %w", id, err)
	}
	return nil
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
	pipe := c.config.Client.Pipeline()
	pipe.HSetNX(ctx, c.key(topic, "tally:"+id), key, value)
	pipe.SAdd(ctx, c.key(topic, "own"), id)
	_, err := pipe.Exec(ctx)
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

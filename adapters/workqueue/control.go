package workqueue

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// StateUnknown answers for a job that is not there (any more).
const StateUnknown = "unknown"

// StateHeld answers for a job whose unique key another unfinished job holds by now.
const StateHeld = "held"

// Cancel cancels a job and answers the state it was in: a waiting or delayed
// one is cancelled by then, an active one is wanted cancelled, any other is
// left alone.
func (c *Client) Cancel(ctx context.Context, topic, id string) (string, error) {
	args := []any{id, c.config.KeepFailed}
	args = append(args, eventArgs(c.config.Events(Record{Topic: topic, ID: id}, Settlement{State: StateCancelled}))...)
	return c.answerState(ctx, cancelScript, topic, args...)
}

// Requeue lets a failed or cancelled job run again with its attempts anew, and
// answers the state it was in; any other is left alone.
func (c *Client) Requeue(ctx context.Context, topic, id string) (string, error) {
	return c.answerState(ctx, requeueScript, topic, id)
}

// SetPaused keeps jobs from starting, in every process, or lets them start again.
func (c *Client) SetPaused(ctx context.Context, topic string, paused bool, events ...Event) error {
	_, err := c.run(ctx, pauseScript, topic, append([]any{flag(paused)}, eventArgs(events)...)...)
	return err
}

func (c *Client) answerState(ctx context.Context, script *redis.Script, topic string, args ...any) (string, error) {
	answer, err := c.run(ctx, script, topic, args...)
	if err != nil {
		return "", err
	}
	state, _ := answer.(string)
	return state, nil
}

func eventArgs(events []Event) []any {
	args := make([]any, 0, 2*len(events))
	for _, e := range events {
		args = append(args, e.Type, e.Data)
	}
	return args
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

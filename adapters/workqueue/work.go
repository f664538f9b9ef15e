package workqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// agedAfter is how long a job of a lower priority waits before one start in
// ten may go to it ahead of its betters (FAIR_EVERY in starting.lua).
const agedAfter = 30 * time.Second

// work is one call of work.lua: deliveries to end, then slots to fill.
type work struct {
	ends  []*Delivery
	slots int // negative takes nothing
	reap  bool
	after *worked // when set, what must be outdone before the call is carried out
}

// What endings.lua says of an end.
const (
	endRefused = 0 // another worker has the job by now
	endWritten = 1
	endWanted  = 2 // not written, since the job is wanted cancelled and was to run again
)

// worked is what it answered.
type worked struct {
	ends    []int64 // for each end: endRefused, endWritten or endWanted
	started []*Delivery
	wait    time.Duration // until something may be due; negative: only a new entry can change it
	cursors []string      // empty while nobody needs to block
}

func (s *Subscriber) work(ctx context.Context, topic string, w work) (worked, error) {
	args := s.workArgs(topic, w)
	answer, err := s.runAfter(ctx, topic, w.after, args)
	if err != nil {
		return worked{}, fmt.Errorf("working on %s: %w", topic, err)
	}
	return parseWorked(topic, answer)
}

func (s *Subscriber) workArgs(topic string, w work) []any {
	options, config := s.options(topic), s.client.config
	lease := int64(0)
	if w.reap {
		lease = config.Lease.Milliseconds()
	}
	args := make([]any, 0, 11+16*len(w.ends))
	args = append(args, s.consumer, w.slots, options.Rate.Limit, options.Rate.Window.Milliseconds(), lease,
		config.MaxLosses, agedAfter.Milliseconds(), config.KeepCompleted, config.KeepFailed, len(w.ends), oldestView(w.ends))
	for _, d := range w.ends {
		args = append(args, d.args...)
	}
	return args
}

// runAfter calls work.lua, once there may be something new when after is set.
// Both commands are sent at once: Redis keeps the second until the blocking
// first one is over, and then needs no word from here to go on.
func (s *Subscriber) runAfter(ctx context.Context, topic string, after *worked, args []any) (any, error) {
	if after == nil {
		return s.client.run(ctx, workScript, topic, args...)
	}
	if s.patient == nil {
		if err := s.client.config.Client.XRead(ctx, s.blockedRead(topic, *after)).Err(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		return s.client.run(ctx, workScript, topic, args...)
	}
	pipe := s.patient.Pipeline()
	pipe.XRead(ctx, s.blockedRead(topic, *after))
	call := workScript.EvalSha(ctx, pipe, s.client.scriptKeys(topic), append(s.client.scriptHead(topic), args...)...)
	_, _ = pipe.Exec(ctx) // a read that found nothing new is an error there
	answer, err := call.Result()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return s.client.run(ctx, workScript, topic, args...)
	}
	return answer, err
}

// oldestView is how many take-overs the queue had seen when the earliest of
// the deliveries began; any later one puts them all to the proof.
func oldestView(ends []*Delivery) int64 {
	if len(ends) == 0 {
		return 0
	}
	oldest := ends[0].takeovers
	for _, d := range ends {
		oldest = min(oldest, d.takeovers)
	}
	return oldest
}

func parseWorked(topic string, answer any) (worked, error) {
	parts, ok := answer.([]any)
	if !ok || len(parts) != 5 {
		return worked{}, fmt.Errorf("working on %s: unexpected answer %T", topic, answer)
	}
	ends, _ := parts[0].([]any)
	wait, _ := parts[2].(int64)
	result := worked{wait: time.Duration(wait) * time.Millisecond, cursors: stringSlice(parts[3])}
	if wait < 0 {
		result.wait = -1
	}
	for _, end := range ends {
		code, _ := end.(int64)
		result.ends = append(result.ends, code)
	}
	var err error
	result.started, err = parseAllStarted(topic, parts[1], parts[4])
	return result, err
}

func parseAllStarted(topic string, started, takeovers any) ([]*Delivery, error) {
	jobs, _ := started.([]any)
	deliveries := make([]*Delivery, 0, len(jobs))
	for _, job := range jobs {
		d, err := parseStarted(topic, job)
		if err != nil {
			return nil, err
		}
		d.takeovers, _ = takeovers.(int64)
		deliveries = append(deliveries, d)
	}
	return deliveries, nil
}

func parseStarted(topic string, job any) (*Delivery, error) {
	parts, _ := job.([]any)
	if len(parts) != 4 {
		return nil, fmt.Errorf("working on %s: a job of %d parts", topic, len(parts))
	}
	d := &Delivery{}
	d.entryID, _ = parts[0].(string)
	d.state, _ = parts[1].(string)
	flags, _ := parts[2].(int64)
	flat, _ := parts[3].([]any)
	h := pairs(flat)
	id := h["id"] + h["quoted"]
	if h["c"] == "" {
		h["c"] = d.entryID // it is where it was accepted
	}
	d.view, d.carried = h["v"], carried(flat)
	d.Record = parseRecord(topic, id, h)
	d.Record.applyState(d.state)
	d.lost, d.Record.CancelRequested = flags&1 != 0, flags&2 != 0
	d.progress = d.Record.ProgressMessage
	return d, nil
}

// carried are the fields of an entry that its job's end asks for.
func carried(flat []any) []any {
	var kept []any
	for i := 0; i+1 < len(flat); i += 2 {
		switch flat[i] {
		case "b", "u", "cor", "k", "c":
			kept = append(kept, flat[i], flat[i+1])
		}
	}
	return kept
}

func pairs(flat []any) map[string]string {
	m := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		name, _ := flat[i].(string)
		m[name], _ = flat[i+1].(string)
	}
	return m
}

// blockTime bounds each blocking read, since go-redis does not end one when
// its context does; a closing worker is roused through the stream wake. After
// that an idle worker looks for itself, whatever the streams say.
const blockTime = 10 * time.Second

// patient is the client with time for a blocking read, which go-redis does not
// give by itself to commands that are sent together; nil where there is no such.
func patient(client redis.UniversalClient) *redis.Client {
	single, ok := client.(*redis.Client)
	if !ok {
		return nil
	}
	return single.WithTimeout(blockTime + max(single.Options().ReadTimeout, 3*time.Second))
}

// blockedRead blocks until a stream of the topic grows beyond the cursors,
// something may be due, or it is time to look again.
func (s *Subscriber) blockedRead(topic string, w worked) *redis.XReadArgs {
	block := blockTime
	if w.wait >= 0 {
		block = min(block, max(w.wait, time.Millisecond))
	}
	streams := make([]string, 0, 8)
	for _, name := range []string{PriorityHigh, PriorityNormal, PriorityLow, "wake"} {
		streams = append(streams, s.client.key(topic, name))
	}
	return &redis.XReadArgs{Streams: append(streams, w.cursors...), Count: 1, Block: block}
}

// rouse makes blocked reads of a topic return.
func (s *Subscriber) rouse(ctx context.Context, topic string) error {
	return s.client.config.Client.XAdd(ctx, &redis.XAddArgs{
		Stream: s.client.key(topic, "wake"), MaxLen: 1, Values: []string{"w", "1"},
	}).Err()
}

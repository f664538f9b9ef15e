package eventstream

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrGap says that the event a reader saw last is no longer kept.
var ErrGap = errors.New("the event to continue after is no longer kept")

const (
	followBlock = time.Second // bounds each blocking read: go-redis does not end one with its context
	followCount = 500
	retryAfter  = 200 * time.Millisecond
	// clockSlack is how far a publisher's clock and Redis's may differ for an
	// id to be found without reading the whole stream.
	clockSlack = 5 * time.Second
)

// Follower reads the stream without a consumer group, as each API process
// does: every reader sees every event.
type Follower struct {
	client redis.UniversalClient
	log    *slog.Logger
}

// NewFollower makes a follower.
func NewFollower(client redis.UniversalClient, log *slog.Logger) *Follower {
	return &Follower{client: client, log: log}
}

// Follow calls see with type and envelope of every event after the one with
// the id since (empty: from now on), in order, until ctx ends or see fails.
// It keeps its place while Redis is away.
func (f *Follower) Follow(ctx context.Context, since string, see func(id, eventType string, envelope []byte) error) error {
	position, err := f.position(ctx, since)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		entries, err := f.read(ctx, position)
		if err != nil {
			f.log.Debug("event stream not readable, trying again", "error", err)
			pause(ctx)
			continue
		}
		if len(entries) == 0 {
			position = f.afterReset(ctx, position)
		}
		for _, e := range entries {
			position = e.ID
			if id, eventType, envelope, ok := parse(e); ok {
				if err := see(id, eventType, envelope); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

func (f *Follower) read(ctx context.Context, position string) ([]redis.XMessage, error) {
	streams, err := f.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{Name, position}, Count: followCount, Block: followBlock,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// afterReset starts over when the stream is younger than the position: Redis
// came back empty, and its new events would never be read.
func (f *Follower) afterReset(ctx context.Context, position string) string {
	last, err := f.lastID(ctx)
	if err == nil && older(last, position) {
		return "0-0"
	}
	return position
}

// position finds the entry to read after; reading begins anew until Redis answers.
func (f *Follower) position(ctx context.Context, since string) (string, error) {
	for {
		var id string
		var err error
		if since == "" {
			id, err = f.lastID(ctx)
		} else {
			id, err = f.find(ctx, since)
		}
		if err == nil || errors.Is(err, ErrGap) {
			return id, err
		}
		if !pause(ctx) {
			return "", ctx.Err()
		}
	}
}

func (f *Follower) lastID(ctx context.Context) (string, error) {
	info, err := f.client.XInfoStream(ctx, Name).Result()
	if err != nil {
		if strings.Contains(err.Error(), "no such key") {
			return "0-0", nil
		}
		return "", err
	}
	return info.LastGeneratedID, nil
}

// find looks for an event's entry: first around the time in its id, then,
// newest first, everywhere.
func (f *Follower) find(ctx context.Context, since string) (string, error) {
	micros, err := strconv.ParseInt(strings.SplitN(since, "-", 2)[0], 10, 64)
	if err != nil {
		return "", ErrGap
	}
	ms := micros / 1000
	from, to := ms-clockSlack.Milliseconds(), ms+clockSlack.Milliseconds()
	if id, err := f.scan(ctx, since, strconv.FormatInt(to, 10), strconv.FormatInt(max(from, 0), 10)); err != nil || id != "" {
		return id, err
	}
	id, err := f.scan(ctx, since, "+", "-")
	if err == nil && id == "" {
		return "", ErrGap
	}
	return id, err
}

func (f *Follower) scan(ctx context.Context, since, from, to string) (string, error) {
	for {
		entries, err := f.client.XRevRangeN(ctx, Name, from, to, 2*followCount).Result()
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if id, _, _, ok := parse(e); ok && id == since {
				return e.ID, nil
			}
		}
		if len(entries) < 2*followCount {
			return "", nil
		}
		from = "(" + entries[len(entries)-1].ID
	}
}

// parse reads an entry; what others wrote on the stream that is no event is passed over.
func parse(e redis.XMessage) (id, eventType string, envelope []byte, ok bool) {
	id, okID := e.Values["_watermill_message_uuid"].(string)
	eventType, okType := e.Values[TypeKey].(string)
	payload, okPayload := e.Values["payload"].(string)
	return id, eventType, []byte(payload), okID && okType && okPayload
}

func older(a, b string) bool {
	aMS, aSeq := entryID(a)
	bMS, bSeq := entryID(b)
	return aMS < bMS || aMS == bMS && aSeq < bSeq
}

func entryID(id string) (ms, seq uint64) {
	head, tail, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(head, 10, 64) // Redis wrote it
	seq, _ = strconv.ParseUint(tail, 10, 64)
	return ms, seq
}

func pause(ctx context.Context) bool {
	select {
	case <-time.After(retryAfter):
		return true
	case <-ctx.Done():
		return false
	}
}

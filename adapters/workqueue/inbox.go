package workqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"github.com/vmihailenco/msgpack"
)

// inboxBlock bounds each read, and with it how late lost readers' entries are found.
const inboxBlock = time.Second

// inboxGroup is the consumer group that reads an inbox.
const inboxGroup = "workers"

// The public fields of an inbox entry; Watermill's own wire form is read as well.
const (
	inboxName    = "name"
	inboxPayload = "payload"
	inboxID      = "id"
)

const (
	watermillUUID     = "_watermill_message_uuid"
	watermillMetadata = "metadata"
)

// Inbox is a message.Subscriber on a plain stream that anyone may XADD to:
// entries are read in order, one at a time, and leave the stream when acked.
// What is nacked is read again after RetryAfter; Poison moves an entry away
// for good. Nothing on the stream can end the subscription.
type Inbox struct {
	client   *Client
	config   InboxConfig
	consumer string
	closing  chan struct{}
	closed   sync.Once
	readers  sync.WaitGroup
}

// InboxConfig is how an inbox is read.
type InboxConfig struct {
	// RetryAfter is how long a nacked entry waits; default 1 s.
	RetryAfter time.Duration
	// MaxBytes is how large an entry's payload may be; larger ones go to
	// poison unread. Default 256 KiB.
	MaxBytes int
}

// NewInbox makes an inbox; consumer names this process among the readers.
func NewInbox(client *Client, consumer string, config InboxConfig) *Inbox {
	setDefault(&config.RetryAfter, time.Second)
	setDefault(&config.MaxBytes, 256<<10)
	return &Inbox{client: client, config: config, consumer: consumer, closing: make(chan struct{})}
}

// InboxPoisonStream names the poison stream of an inbox.
func InboxPoisonStream(stream string) string { return stream + ":poison" }

type poisonKey struct{}

// Poison marks an inbox message as never to succeed: acking it then moves it
// to the poison stream with the reason.
func Poison(m *message.Message, reason, handler string) {
	if p, ok := m.Context().Value(poisonKey{}).(*poisoning); ok {
		*p = poisoning{reason, handler}
	}
}

type poisoning struct{ reason, handler string }

// Subscribe reads a stream until ctx ends or Close.
func (b *Inbox) Subscribe(ctx context.Context, stream string) (<-chan *message.Message, error) {
	select {
	case <-b.closing:
		return nil, errors.New("workqueue: inbox closed")
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &inboxReader{inbox: b, stream: stream, log: b.client.config.Logger.With("stream", stream), output: make(chan *message.Message)}
	b.readers.Go(func() {
		defer close(r.output)
		r.readUntil(ctx)
	})
	go func() {
		defer cancel()
		select {
		case <-b.closing:
		case <-ctx.Done():
		}
	}()
	return r.output, nil
}

// Close stops reading; an entry in the hands of a handler is waited for.
func (b *Inbox) Close() error {
	b.closed.Do(func() { close(b.closing) })
	b.readers.Wait()
	return nil
}

type inboxReader struct {
	inbox  *Inbox
	stream string
	log    *slog.Logger
	output chan *message.Message
}

func (r *inboxReader) readUntil(ctx context.Context) {
	for ctx.Err() == nil {
		entries, err := r.next(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("inbox not readable, trying again", "error", err)
			wait(ctx, 500*time.Millisecond)
			continue
		}
		for _, e := range entries {
			r.handle(ctx, e)
		}
	}
}

// next gives entries of readers that are gone before new ones.
func (r *inboxReader) next(ctx context.Context) ([]redis.XMessage, error) {
	client := r.inbox.client.config.Client
	claimed, _, err := client.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: r.stream, Group: inboxGroup, Consumer: r.inbox.consumer, MinIdle: r.inbox.client.config.Lease, Start: "0", Count: 10,
	}).Result()
	if err == nil && len(claimed) > 0 {
		return claimed, nil
	}
	if err == nil {
		var streams []redis.XStream
		streams, err = client.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: inboxGroup, Consumer: r.inbox.consumer, Streams: []string{r.stream, ">"}, Count: 1, Block: inboxBlock,
		}).Result()
		if errors.Is(err, redis.Nil) {
			return nil, nil
		}
		if err == nil {
			return streams[0].Messages, nil
		}
	}
	if strings.HasPrefix(err.Error(), "NOGROUP") { // a new Redis, or one that came back empty
		return nil, client.XGroupCreateMkStream(ctx, r.stream, inboxGroup, "0").Err()
	}
	return nil, err
}

// handle offers an entry until it is acked or reading ends; what is left
// pending then is claimed by another reader, or by this one when it is back.
func (r *inboxReader) handle(ctx context.Context, e redis.XMessage) {
	for {
		m, err := r.parse(e)
		if err != nil {
			if r.done(ctx, e.ID, &poisoning{err.Error(), "inbox"}) {
				return
			}
			continue
		}
		verdict := &poisoning{}
		mctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), poisonKey{}, verdict))
		m.SetContext(mctx)
		acked, offered := r.offer(ctx, m, e.ID)
		cancel()
		if !offered || acked && r.done(ctx, e.ID, verdict) {
			return
		}
		if !wait(ctx, r.inbox.config.RetryAfter) {
			return
		}
	}
}

// offer hands a message out and waits for its end, while the entry stays in
// this reader's name however long that takes.
func (r *inboxReader) offer(ctx context.Context, m *message.Message, entryID string) (acked, offered bool) {
	renew := time.NewTicker(r.inbox.client.config.Lease / 3)
	defer renew.Stop()
	output, ended := r.output, ctx.Done()
	for {
		select {
		case output <- m:
			output, ended = nil, nil // a handler that has it is waited for
		case <-ended:
			return false, false
		case <-m.Acked():
			return true, true
		case <-m.Nacked():
			return false, true
		case <-renew.C:
			r.renew(ctx, entryID)
		}
	}
}

func (r *inboxReader) renew(ctx context.Context, entryID string) {
	err := r.inbox.client.config.Client.XClaimJustID(context.WithoutCancel(ctx), &redis.XClaimArgs{
		Stream: r.stream, Group: inboxGroup, Consumer: r.inbox.consumer, Messages: []string{entryID},
	}).Err()
	if err != nil {
		r.log.Warn("inbox entry's lease not renewed", "entry_id", entryID, "error", err)
	}
}

// done removes an entry, to the poison stream when it is to be poisoned.
func (r *inboxReader) done(ctx context.Context, id string, p *poisoning) bool {
	ctx = context.WithoutCancel(ctx)
	var err error
	if p.reason != "" {
		at := time.Now().UTC().Format(time.RFC3339Nano)
		err = inboxPoisonScript.Run(ctx, r.inbox.client.config.Client,
			[]string{r.stream, InboxPoisonStream(r.stream)}, inboxGroup, id, p.reason, p.handler, at).Err()
	} else {
		pipe := r.inbox.client.config.Client.TxPipeline()
		pipe.XAck(ctx, r.stream, inboxGroup, id)
		pipe.XDel(ctx, r.stream, id)
		_, err = pipe.Exec(ctx)
	}
	if err != nil {
		r.log.Warn("inbox entry not removed", "entry_id", id, "error", err)
	}
	return err == nil
}

// parse turns an entry into a message whose UUID is the sender's id, or one
// derived from the entry's, so that a redelivery has the same.
func (r *inboxReader) parse(e redis.XMessage) (*message.Message, error) {
	if len(e.Values) == 0 {
		return nil, errors.New("entry has no fields")
	}
	fields := make(map[string]string, len(e.Values))
	for k, v := range e.Values {
		fields[k] = fmt.Sprint(v)
	}
	payload, ok := fields[inboxPayload]
	if !ok {
		return nil, errors.New("entry has no field payload")
	}
	if len(payload) > r.inbox.config.MaxBytes {
		return nil, fmt.Errorf("payload has %d bytes, at most %d are read", len(payload), r.inbox.config.MaxBytes)
	}
	metadata, err := metadataOf(fields)
	if err != nil {
		return nil, err
	}
	id := fields[inboxID]
	if id == "" {
		id = fields[watermillUUID]
	}
	if id == "" {
		id = "cmd-" + e.ID
	}
	m := message.NewMessage(id, []byte(payload))
	m.Metadata = metadata
	return m, nil
}

func metadataOf(fields map[string]string) (message.Metadata, error) {
	metadata := message.Metadata{}
	if packed := fields[watermillMetadata]; packed != "" && fields[watermillUUID] != "" {
		if err := msgpack.Unmarshal([]byte(packed), &metadata); err != nil {
			return nil, fmt.Errorf("reading Watermill metadata: %w", err)
		}
	}
	rest := maps.Clone(fields)
	for _, own := range []string{inboxPayload, inboxID, watermillUUID, watermillMetadata} {
		delete(rest, own)
	}
	maps.Copy(metadata, rest)
	return metadata, nil
}

// RequeueInboxPoison puts a poison entry back on its inbox; false when it is not there.
func (c *Client) RequeueInboxPoison(ctx context.Context, stream, id string) (bool, error) {
	answer, err := inboxRequeueScript.Run(ctx, c.config.Client, []string{stream, InboxPoisonStream(stream)}, id).Int()
	return answer == 1, err
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

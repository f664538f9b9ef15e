package eventstream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"leadstream/adapters/eventstream"
	"leadstream/domain/business"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) {
	// redisstream's reader sleeps for half a second after an error, past its end.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream.(*Subscriber).read"))
}

const soon = 10 * time.Second

var quiet = slog.New(slog.DiscardHandler)

func publisher(t *testing.T, client *redis.Client) *eventstream.Publisher {
	t.Helper()
	p, err := eventstream.NewPublisher(client, watermill.NopLogger{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func created(id int64) business.Business {
	return business.Business{ID: id, Place: business.Place{Name: "A"}, EnrichmentStatus: business.Pending, FirstSeenJob: "s1"}
}

func publish(t *testing.T, p *eventstream.Publisher, ids ...int64) {
	t.Helper()
	for _, id := range ids {
		if err := p.PublishBusiness(t.Context(), business.CreatedEvent, created(id)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEntryIsReadableByAnyone reads the public fields without any library.
func TestEntryIsReadableByAnyone(t *testing.T) {
	t.Parallel()
	client := testenv.Redis(t).Client()
	publish(t, publisher(t, client), 7)
	e := client.XRange(t.Context(), eventstream.Name, "-", "+").Val()[0]
	var envelope struct {
		ID        string         `json:"id"`
		Timestamp time.Time      `json:"timestamp"`
		Type      string         `json:"type"`
		Data      map[string]any `json:"data"`
	}
	if err := json.Unmarshal([]byte(e.Values["payload"].(string)), &envelope); err != nil {
		t.Fatal(err)
	}
	if e.Values["type"] != "business:created" || envelope.Type != "business:created" || envelope.ID == "" || envelope.Timestamp.IsZero() || envelope.Data["id"] != 7.0 {
		t.Errorf("entry %v, envelope %+v", e.Values, envelope)
	}
}

func group(t *testing.T, server *testenv.RedisServer, name string) <-chan *message.Message {
	t.Helper()
	client := server.Client()
	s, err := eventstream.NewSubscriber(client, name, watermill.NopLogger{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, err := s.Subscribe(ctx, eventstream.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		for range out {
		}
		_ = s.Close()
	})
	return out
}

func receive(t *testing.T, out <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m := <-out:
		m.Ack()
		return m
	case <-time.After(soon):
		t.Fatal("no event came")
		return nil
	}
}

// TestGarbageDoesNotEndASubscription writes on the stream what is no event.
func TestGarbageDoesNotEndASubscription(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	out := group(t, server, "g")
	for _, fields := range [][]string{{"x", "y"}, {"_watermill_message_uuid", "u", "metadata", "\xff\xff garbage", "payload", "{}"}} {
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: eventstream.Name, Values: fields}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, publisher(t, client), 1)
	for range 2 {
		if m := receive(t, out); m.Metadata.Get(eventstream.MalformedKey) == "" {
			t.Errorf("message %s is not marked as malformed", m.UUID)
		}
	}
	if m := receive(t, out); m.Metadata.Get("type") != business.CreatedEvent {
		t.Errorf("message %v", m.Metadata)
	}
}

// TestGroupsComeBack empties Redis under a subscription.
func TestGroupsComeBack(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	ctx, cancel := context.WithCancel(t.Context())
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		eventstream.KeepGroups(ctx, client, quiet, "g")
	}()
	defer func() { cancel(); <-kept }()
	out := group(t, server, "g")
	p := publisher(t, client)
	publish(t, p, 1)
	receive(t, out)
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	publish(t, p, 2)
	receive(t, out)
}

// follow collects events until there are n, or ends with Follow's error.
func follow(t *testing.T, server *testenv.RedisServer, since string, n int) ([]string, error) {
	t.Helper()
	enough := errors.New("enough")
	var ids []string
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	err := eventstream.NewFollower(server.Client(), quiet).Follow(ctx, since, func(id, _ string, envelope []byte) error {
		if !json.Valid(envelope) {
			return fmt.Errorf("envelope %q", envelope)
		}
		if ids = append(ids, id); len(ids) == n {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return ids, err
}

func TestFollowContinuesAfterAnEvent(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	publish(t, publisher(t, client), 1, 2, 3, 4, 5)
	var all []string
	for _, e := range client.XRange(t.Context(), eventstream.Name, "-", "+").Val() {
		all = append(all, e.Values["_watermill_message_uuid"].(string))
	}
	ids, err := follow(t, server, all[1], 3)
	if err != nil || fmt.Sprint(ids) != fmt.Sprint(all[2:]) {
		t.Errorf("after %s came %v, want %v, %v", all[1], ids, all[2:], err)
	}
	for _, gone := range []string{"1-gone", "garbage", "99999999999999999-x"} {
		if _, err := follow(t, server, gone, 1); !errors.Is(err, eventstream.ErrGap) {
			t.Errorf("after %s: %v, want a gap", gone, err)
		}
	}
	// An id whose clock was an hour off is found all the same.
	values := map[string]any{"type": "x", "payload": "{}", "_watermill_message_uuid": fmt.Sprintf("%d-odd", time.Now().Add(-time.Hour).UnixMicro())}
	if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: eventstream.Name, Values: values}).Err(); err != nil {
		t.Fatal(err)
	}
	publish(t, publisher(t, client), 6)
	if ids, err := follow(t, server, values["_watermill_message_uuid"].(string), 1); err != nil || len(ids) != 1 {
		t.Errorf("after an odd id: %v, %v", ids, err)
	}
}

// TestFollowSurvivesRestarts restarts Redis under a follower: nothing that is
// still kept is missed, and nothing comes twice.
func TestFollowSurvivesRestarts(t *testing.T) {
	t.Parallel()
	server := testenv.Redis(t)
	client := server.Client()
	p := publisher(t, client)
	publish(t, p, 1)
	first := client.XRange(t.Context(), eventstream.Name, "-", "+").Val()[0].Values["_watermill_message_uuid"].(string)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan string, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = eventstream.NewFollower(server.Client(), quiet).Follow(ctx, first, func(id, _ string, _ []byte) error { got <- id; return nil })
	}()
	defer func() { cancel(); <-ended }()
	next := func() string {
		select {
		case id := <-got:
			return id
		case <-time.After(soon):
			t.Fatal("no event came")
			return ""
		}
	}
	publish(t, p, 2)
	seen := map[string]bool{next(): true}
	server.Restart()
	publish(t, publisher(t, server.Client()), 3, 4)
	for range 2 {
		id := next()
		if seen[id] {
			t.Errorf("%s came twice", id)
		}
		seen[id] = true
	}
	if err := server.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	publish(t, publisher(t, server.Client()), 5)
	next() // a stream that began anew is followed from its beginning
}

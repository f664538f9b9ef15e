package workqueue_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"github.com/vmihailenco/msgpack"

	"leadstream/adapters/workqueue"
	"leadstream/internal/testenv"
)

const inbox = "leadstream:commands"

type inboxFixture struct {
	*fixture

	server *redis.Client
}

func newInboxFixture(t *testing.T) *inboxFixture {
	t.Helper()
	f := newFixture(t)
	return &inboxFixture{f, f.redis.Client()}
}

func (f *inboxFixture) add(fields ...string) string {
	f.t.Helper()
	id, err := f.server.XAdd(f.t.Context(), &redis.XAddArgs{Stream: inbox, Values: fields}).Result()
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f *inboxFixture) read(consumer string) (<-chan *message.Message, *workqueue.Inbox) {
	f.t.Helper()
	b := workqueue.NewInbox(f.newClient(), consumer, workqueue.InboxConfig{RetryAfter: 20 * time.Millisecond, MaxBytes: 1000})
	out, err := b.Subscribe(context.Background(), inbox)
	if err != nil {
		f.t.Fatal(err)
	}
	given, ended := make(chan *message.Message), make(chan struct{})
	f.t.Cleanup(func() {
		close(ended)
		_ = b.Close()
	})
	go func() {
		for m := range out {
			select {
			case given <- m:
				go func() { // what a failed test leaves must not keep the inbox open
					select {
					case <-m.Acked():
					case <-ended:
						m.Nack()
					}
				}()
			case <-ended:
				m.Nack()
			}
		}
	}()
	return given, b
}

func (f *inboxFixture) isEmpty() {
	f.t.Helper()
	testenv.Eventually(f.t, soon, func() bool {
		left, err := f.server.XLen(f.t.Context(), inbox).Result()
		pending, perr := f.server.XPending(f.t.Context(), inbox, "workers").Result()
		return err == nil && perr == nil && left == 0 && pending.Count == 0
	}, "the inbox is empty")
}

func (f *inboxFixture) poison(n int) []workqueue.PoisonEntry {
	f.t.Helper()
	var found []workqueue.PoisonEntry
	testenv.Eventually(f.t, soon, func() bool {
		all, total, err := f.client.ListPoison(f.t.Context(), workqueue.InboxPoisonStream(inbox), "", 100)
		found = all
		return err == nil && total == n
	}, "%d poison entries", n)
	return found
}

func TestInboxReadsBothForms(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	packed, err := msgpack.Marshal(map[string]string{"name": "scrape_businesses.v1", "k": "v"})
	if err != nil {
		t.Fatal(err)
	}
	plain := f.add("name", "n", "payload", `{"a":1}`, "priority", "high")
	f.add("name", "n", "payload", `{"a":2}`, "id", "mine")
	f.add("_watermill_message_uuid", "uuid", "payload", `{"a":3}`, "metadata", string(packed))
	out, _ := f.read("r1")
	for _, want := range []struct{ id, payload, key, value string }{
		{"cmd-" + plain, `{"a":1}`, "priority", "high"},
		{"mine", `{"a":2}`, "name", "n"},
		{"uuid", `{"a":3}`, "k", "v"},
	} {
		m := f.receive(out)
		if m.UUID != want.id || string(m.Payload) != want.payload || m.Metadata.Get(want.key) != want.value {
			t.Errorf("read %s %s %v, want %v", m.UUID, m.Payload, m.Metadata, want)
		}
		m.Ack()
	}
	f.isEmpty()
}

func TestInboxPoisonsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	for _, fields := range [][]string{
		{"name", "n"},
		{"", ""},
		{"payload", strings.Repeat("x", 1001)},
		{"_watermill_message_uuid", "u", "payload", "{}", "metadata", "\xff\xfe"},
		{"\x00", "\xff"},
	} {
		f.add(fields...)
	}
	f.add("name", "n", "payload", "last")
	out, _ := f.read("r1")
	m := f.receive(out)
	if string(m.Payload) != "last" {
		t.Errorf("read %q", m.Payload)
	}
	m.Ack()
	f.isEmpty()
	for _, e := range f.poison(5) {
		if e.Fields["reason_poisoned"] == "" || e.Fields["topic_poisoned"] != inbox || e.Fields["handler_poisoned"] != "inbox" {
			t.Errorf("poison entry %v", e.Fields)
		}
		if at, err := time.Parse(time.RFC3339Nano, e.Fields["failed_at"]); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("failed at %s, %v", e.Fields["failed_at"], err)
		}
	}
}

func TestInboxOffersANackedEntryAgainInItsPlace(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	for i := range 3 {
		f.add("payload", fmt.Sprint(i))
	}
	out, _ := f.read("r1")
	var order []string
	for i := range 6 {
		m := f.receive(out)
		order = append(order, string(m.Payload))
		if i%2 == 0 {
			m.Nack()
		} else {
			m.Ack()
		}
	}
	if got := strings.Join(order, ""); got != "001122" {
		t.Errorf("read %s", got)
	}
	f.isEmpty()
}

func TestInboxPoisonedByItsHandlerAndRequeued(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	f.add("name", "n", "payload", "p", "id", "i")
	out, _ := f.read("r1")
	m := f.receive(out)
	workqueue.Poison(m, "never", "h")
	m.Ack()
	e := f.poison(1)[0]
	if e.Fields["reason_poisoned"] != "never" || e.Fields["handler_poisoned"] != "h" || e.Fields["payload"] != "p" {
		t.Errorf("poison entry %v", e.Fields)
	}
	f.isEmpty()
	for _, want := range []bool{true, false} {
		if ok, err := f.client.RequeueInboxPoison(t.Context(), inbox, e.ID); ok != want || err != nil {
			t.Errorf("requeued %v, %v", ok, err)
		}
	}
	m = f.receive(out)
	if m.UUID != "i" || string(m.Payload) != "p" || m.Metadata.Get("reason_poisoned") != "" {
		t.Errorf("read again as %s %s %v", m.UUID, m.Payload, m.Metadata)
	}
	m.Ack()
	f.poison(0)
	f.isEmpty()
}

func TestInboxTakesOverFromAReaderThatIsGone(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	f.add("payload", "p")
	lost := f.redis.Client()
	client, err := workqueue.New(workqueue.Config{Client: lost, Lease: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	dead := workqueue.NewInbox(client, "dead", workqueue.InboxConfig{RetryAfter: time.Millisecond})
	out, err := dead.Subscribe(context.Background(), inbox)
	if err != nil {
		t.Fatal(err)
	}
	m := f.receive(out)
	_ = lost.Close()
	begin := time.Now()
	living, _ := f.read("living")
	again := f.receive(living)
	if took := time.Since(begin); again.UUID != m.UUID || took > 3*time.Second {
		t.Errorf("%s was taken over after %s", again.UUID, took)
	}
	again.Ack()
	f.isEmpty()
	m.Nack()
	_ = dead.Close()
}

// TestInboxLongHandlerKeepsItsEntry: a handler that is slower than a lease is
// no dead one.
func TestInboxLongHandlerKeepsItsEntry(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	f.add("payload", "p")
	first, _ := f.read("first")
	m := f.receive(first)
	second, _ := f.read("second")
	f.none(second, 2500*time.Millisecond)
	m.Ack()
	f.isEmpty()
}

func TestInboxOutlivesAnEmptiedRedis(t *testing.T) {
	t.Parallel()
	f := newInboxFixture(t)
	out, b := f.read("r1")
	f.add("payload", "before")
	f.receive(out).Ack()
	f.isEmpty()
	if err := f.server.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.add("payload", "after")
	if m := f.receive(out); string(m.Payload) != "after" || !m.Ack() {
		t.Errorf("read %s", m.Payload)
	}
	f.redis.Restart()
	f.add("payload", "again")
	f.receive(out).Ack()
	f.isEmpty()
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Subscribe(t.Context(), inbox); err == nil {
		t.Error("a closed inbox can be read")
	}
}

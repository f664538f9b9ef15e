package hunter_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"leadstream/internal/testenv"
)

// notes are what is said, by servers too.
type notes struct {
	mu   sync.Mutex
	text strings.Builder
}

func (n *notes) Write(text []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(text)
}

func (n *notes) WriteString(text string) { _, _ = n.Write([]byte(text)) }

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

const secretKey = "very-secret-key"

// TestKeyStaysSecret looks for the key in every error, log line, result and
// URL, and in all that is written to Redis, while Hunter answers in every way.
func TestKeyStaysSecret(t *testing.T) {
	t.Parallel()
	said := &notes{}
	for _, answer := range []http.HandlerFunc{
		says(200, emailsBody(`{"value":"ada@shop.example"}`)), says(200, "no JSON "+secretKey), says(302, "", "Location: http://elsewhere.example/?"+secretKey),
		says(400, errorBody("wrong_params")), says(401, errorBody("authentication_failed")), says(403, ""), says(404, ""), says(429, ""), says(451, ""),
		says(500, ""), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		s := newStandWithKey(t, secretKey, func(w http.ResponseWriter, r *http.Request) {
			said.WriteString(r.URL.String() + "\n")
			if r.Header.Get("X-Api-Key") != secretKey {
				t.Errorf("%s came without the key", r.URL)
			}
			answer(w, r)
		})
		s.ask(t, said)
	}
	town, gone := townRig(t, secretKey, 10)
	_ = town.Close()
	gone.ask(t, said)
	line := newRig(t, town.Addr(), secretKey+"\n"+secretKey, 10) // a header cannot hold it
	line.ask(t, said)
	if text := said.String(); len(text) < 500 || strings.Contains(text, "secret") {
		t.Errorf("the key is told: %s", text)
	}
}

// ask searches and verifies, and writes down all that can be read of it.
func (r *rig) ask(t *testing.T, said *notes) {
	t.Helper()
	found, err := r.provider.Contacts(t.Context(), lead("http://shop.example"))
	r.clock.Advance(40 * time.Minute)
	verdict, err2 := r.verifier.Verify(t.Context(), "ada@shop.example", false)
	state, err3 := r.provider.ProviderState(t.Context())
	quota, err4 := r.quota.Quota(t.Context())
	raw, _ := json.Marshal([]any{found, verdict, state, quota})
	_, _ = said.Write(raw)
	if all := errors.Join(err, err2, err3, err4); all != nil {
		said.WriteString(all.Error())
	}
	said.WriteString(strings.Join(r.logs.Lines(), "\n"))
	dump(t, r.redis, said)
}

// dump writes every key of a database and what it holds.
func dump(t *testing.T, db testenv.RedisDB, said *notes) {
	t.Helper()
	ctx, client := context.Background(), db.Client()
	for _, key := range client.Keys(ctx, "*").Val() {
		said.WriteString("\n" + key + " ")
		switch client.Type(ctx, key).Val() {
		case "string":
			said.WriteString(client.Get(ctx, key).Val())
		case "hash":
			raw, _ := json.Marshal(client.HGetAll(ctx, key).Val())
			_, _ = said.Write(raw)
		case "zset":
			said.WriteString(strings.Join(client.ZRange(ctx, key, 0, -1).Val(), " "))
		default:
			t.Errorf("%s is of a type that is not looked into", key)
		}
	}
}

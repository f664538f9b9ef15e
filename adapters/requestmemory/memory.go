// Package requestmemory remembers in Redis what requests were answered, for
// all processes of the API.
package requestmemory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
	"leadstream/domain/fault"
)

const (
	prefix = "leadstream:request:"
	// Keep is how long answers are remembered.
	Keep = 24 * time.Hour
	// claimFor is how long a request may run until its process counts as dead;
	// requests are bound to 10 s.
	claimFor = 30 * time.Second
)

// A value is a head of these fields, parted by separator, and the answer.
const (
	running   = "running"
	answered  = "answered"
	separator = "\n"
)

// recall answers the value of a key, after setting it if there is none.
var recall = redis.NewScript(`
local value = redis.call('GET', KEYS[1])
if value then return value end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`)

// settle replaces a claim by an answer, or deletes it when there is none.
var settle = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

var _ app.RequestMemory = (*Memory)(nil)

// Memory fills app.RequestMemory.
type Memory struct{ client redis.UniversalClient }

// New makes a memory on a client of its owner's.
func New(client redis.UniversalClient) *Memory { return &Memory{client} }

// Recall claims a key, or answers what is known of it.
func (m *Memory) Recall(ctx context.Context, key, fingerprint string) (app.Recollection, error) {
	claim := strings.Join([]string{running, fingerprint, rand.Text()}, separator)
	value, err := recall.Run(ctx, m.client, []string{name(key)}, claim, claimFor.Milliseconds()).Text()
	if errors.Is(err, redis.Nil) {
		return app.Recollection{Claim: claim}, nil
	}
	if err != nil {
		return app.Recollection{}, fault.Unavailablef("recalling a request: %w", err)
	}
	state, rest, _ := strings.Cut(value, separator)
	known, answer, _ := strings.Cut(rest, separator)
	switch {
	case known != fingerprint:
		return app.Recollection{Other: true}, nil
	case state == answered:
		return app.Recollection{Answer: []byte(answer)}, nil
	default:
		return app.Recollection{}, nil
	}
}

// Remember keeps an answer for a day, unless the claim has run out meanwhile.
func (m *Memory) Remember(ctx context.Context, key, claim string, answer []byte) error {
	_, rest, _ := strings.Cut(claim, separator)
	fingerprint, _, _ := strings.Cut(rest, separator)
	return m.settle(ctx, key, claim, strings.Join([]string{answered, fingerprint, string(answer)}, separator))
}

// Forget gives a claim back.
func (m *Memory) Forget(ctx context.Context, key, claim string) error {
	return m.settle(ctx, key, claim, "")
}

func (m *Memory) settle(ctx context.Context, key, claim, value string) error {
	if err := settle.Run(ctx, m.client, []string{name(key)}, claim, value, Keep.Milliseconds()).Err(); err != nil {
		return fault.Unavailablef("remembering a request: %w", err)
	}
	return nil
}

// name keeps keys of any length and characters apart.
func name(key string) string {
	sum := sha256.Sum256([]byte(key))
	return prefix + hex.EncodeToString(sum[:])
}

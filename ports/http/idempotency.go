package http

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"leadstream/app"
)

const (
	idempotencyKey = "Idempotency-Key"
	replayed       = "Idempotency-Replayed"
	// waitForTwin is how long a request waits for the answer of the one with its key that runs.
	waitForTwin = 5 * time.Second
	askAgain    = 20 * time.Millisecond
)

// validKey is what a key may be: up to 255 printable characters of ASCII.
var validKey = regexp.MustCompile(`^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$`)

// kept is an answer as it is remembered.
type kept struct {
	Status   int    `json:"status"`
	Type     string `json:"type"`
	Location string `json:"location,omitempty"`
	Body     []byte `json:"body"`
}

// idempotency answers a POST that is sent again with the key it had as it was
// answered first, and runs it once. Requests that came to nothing may be sent
// again as if they were new.
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header
type idempotency struct {
	memory app.RequestMemory
	log    *slog.Logger
	now    app.Clock
}

func (i idempotency) handle(c *fiber.Ctx) error {
	given := c.Get(idempotencyKey)
	if given == "" || c.Method() != fiber.MethodPost || !under(c.Path(), "/api") || i.memory == nil {
		return c.Next()
	}
	if !validKey.MatchString(given) {
		return sendProblem(c, newProblem(http.StatusBadRequest, "validation failed",
			faultDetail{"header." + idempotencyKey, "must be 1 to 255 printable characters of ASCII", given}))
	}
	key := strings.Join([]string{c.Get(fiber.HeaderAuthorization), c.Cookies(sessionCookie), given}, "\n")
	known, err := i.recall(c, key)
	switch {
	case err != nil:
		i.log.Warn("request not served", "request_id", requestID(c.Context()), "error", err)
		c.Set(fiber.HeaderRetryAfter, retryAfterSeconds)
		return sendProblem(c, newProblem(http.StatusServiceUnavailable, notAvailable))
	case known.Other:
		return sendProblem(c, newProblem(http.StatusUnprocessableEntity, "this Idempotency-Key was sent with another request"))
	case known.Answer != nil:
		return i.replay(c, known.Answer)
	case known.Claim == "":
		c.Set(fiber.HeaderRetryAfter, retryAfterSeconds)
		return sendProblem(c, newProblem(http.StatusConflict, "a request with this Idempotency-Key is still running"))
	}
	return i.run(c, key, known.Claim)
}

// recall waits for a request of the same key that runs.
func (i idempotency) recall(c *fiber.Ctx, key string) (app.Recollection, error) {
	ctx := c.UserContext()
	mark := fingerprint(c)
	for deadline := time.Now().Add(waitForTwin); ; {
		known, err := i.memory.Recall(ctx, key, mark)
		undecided := known.Claim == "" && known.Answer == nil && !known.Other
		if err != nil || !undecided || time.Now().After(deadline) {
			return known, err
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return known, nil
		}
	}
}

func (i idempotency) replay(c *fiber.Ctx, stored []byte) error {
	var k kept
	if err := json.Unmarshal(stored, &k); err != nil {
		i.log.Error("request failed", "request_id", requestID(c.Context()), "error", err)
		return sendProblem(c, newProblem(http.StatusInternalServerError, unexpected))
	}
	c.Set(replayed, "true")
	c.Set(fiber.HeaderContentType, k.Type)
	if k.Location != "" {
		c.Set(fiber.HeaderLocation, k.Location)
	}
	return c.Status(k.Status).Send(k.Body)
}

// run remembers an answer that is a success; every other way to end gives the claim back.
func (i idempotency) run(c *fiber.Ctx, key, claim string) error {
	settled := false
	settle := func(how func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), time.Second)
		defer cancel()
		settled = true
		if err := how(ctx); err != nil {
			i.log.Warn("answer not remembered", "request_id", requestID(c.Context()), "error", err)
		}
	}
	defer func() {
		if !settled {
			settle(func(ctx context.Context) error { return i.memory.Forget(ctx, key, claim) })
		}
	}()
	c.SetUserContext(context.WithValue(c.UserContext(), keyedID{}, jobIDFor(key, fingerprint(c), i.now())))
	if err := c.Next(); err != nil {
		return err
	}
	answer := c.Response()
	if status := answer.StatusCode(); status >= http.StatusOK && status < http.StatusMultipleChoices {
		stored, _ := json.Marshal(kept{ // always encodes
			Status: status, Type: string(answer.Header.ContentType()), Location: string(answer.Header.Peek(fiber.HeaderLocation)), Body: answer.Body(),
		})
		settle(func(ctx context.Context) error { return i.memory.Remember(ctx, key, claim, stored) })
	}
	return nil
}

func fingerprint(c *fiber.Ctx) string {
	hash := sha256.New()
	_, _ = hash.Write([]byte(c.Method() + " " + c.OriginalURL() + "\n")) // never fails
	_, _ = hash.Write(c.Body())
	return hex.EncodeToString(hash.Sum(nil))
}

// keyedID is the context's key of the id that a request's job is to have.
type keyedID struct{}

// jobIDFor makes the job's id follow from the key and the day: also when the
// process dies before the answer is remembered, the request that is sent again
// finds its job. Another day the key may be used again.
func jobIDFor(key, mark string, at time.Time) string {
	sum := sha256.Sum256([]byte(key + "\n" + mark + "\n" + at.UTC().Format(time.DateOnly)))
	return "key-" + hex.EncodeToString(sum[:16])
}

// originOf is where a request's job comes from.
func originOf(ctx context.Context) app.Origin {
	id, _ := ctx.Value(keyedID{}).(string)
	return app.Origin{JobID: id, TraceParent: traceParent(ctx)}
}

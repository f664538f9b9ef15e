package hunter

import (
	"context"
	"net/http"
	"strings"
	"time"

	"leadstream/app"
)

// Outcomes of a verification beside the verdicts and those of a search.
const (
	outcomePending     = "pending"     // Hunter did not find out in time
	outcomeUnreachable = "unreachable" // the mail server does not answer Hunter
	outcomeError       = "error"
)

const (
	polls       = 3 // of a verification that is in progress, counted once
	pollDefault = 2 * time.Second
)

// Verifier is an app.AddressVerifier: Hunter's, with a quota of its own.
type Verifier struct {
	provider *Provider
	quota    Quota
	cache    Cache
	poll     time.Duration
}

var _ app.AddressVerifier = (*Verifier)(nil)

// NewVerifier makes a verifier that asks as p does. poll is the pause while
// Hunter finds out; 0 is 2 s.
func NewVerifier(p *Provider, quota Quota, cache Cache, poll time.Duration) *Verifier {
	if poll == 0 {
		poll = pollDefault
	}
	return &Verifier{p, quota, cache, poll}
}

// Name is how the verifier is called in results.
func (*Verifier) Name() string { return "hunter_verifier" }

// Verify asks whether a mailbox takes mail, or tells what was found out within
// the last 30 days. What keeps Hunter from an answer is the verdict's outcome.
func (v *Verifier) Verify(ctx context.Context, address string, force bool) (app.Verdict, error) {
	raw, err := v.cache.Once(ctx, strings.ToLower(address), force, func(ctx context.Context) ([]byte, time.Duration, error) {
		outcome, keep, err := v.ask(ctx, address)
		return []byte(outcome), keep, err
	})
	if ctx.Err() != nil {
		return app.Verdict{}, ctx.Err()
	}
	if err != nil {
		v.provider.log.Warn("address not verified", "error", err)
		return app.Verdict{Outcome: outcomeError}, nil
	}
	outcome := string(raw)
	return app.Verdict{Outcome: outcome, Status: statusOf(outcome), Claimed: outcome == outcomeClaimed}, nil
}

func (v *Verifier) ask(ctx context.Context, address string) (outcome string, keep time.Duration, err error) {
	verdict, answered := "", 0
	outcome, err = v.provider.paid(ctx, v.quota, Verifications, func() (spent bool, err error) {
		verdict, answered, err = v.untilDone(ctx, address)
		return err == nil && answered != statusSMTPFailure, err
	})
	switch {
	case err != nil:
		return "", 0, err
	case outcome == outcomeClaimed:
		return outcome, keepAnswer, nil
	case outcome != "":
		return outcome, 0, nil
	case answered == http.StatusAccepted:
		return outcomePending, 0, nil
	case answered == statusSMTPFailure, statusOf(verdict) == "":
		return outcomeUnreachable, 0, nil
	default:
		return verdict, keepAnswer, nil
	}
}

// untilDone asks again while Hunter is finding out, which costs nothing more.
func (v *Verifier) untilDone(ctx context.Context, address string) (verdict string, status int, err error) {
	for i := 0; ; i++ {
		verdict, status, err = v.provider.client.verify(ctx, address)
		if err != nil || status != http.StatusAccepted || i == polls {
			return verdict, status, err
		}
		timer := time.NewTimer(v.poll)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", 0, ctx.Err()
		}
	}
}

// statusOf is the outcome where that is a verdict of Hunter's.
func statusOf(outcome string) string {
	switch outcome {
	case "valid", "invalid", "accept_all", "webmail", "disposable", "unknown":
		return outcome
	default:
		return ""
	}
}

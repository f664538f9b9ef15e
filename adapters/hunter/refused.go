package hunter

import (
	"context"
	"fmt"
	"net/http"

	"leadstream/domain/fault"
)

// held says what follows from a no that was said before.
func (p *Provider) held(h held) (outcome string, err error) {
	now := p.now()
	switch {
	case now.Before(h.keyUntil):
		return outcomeUnauthorised, nil
	case now.Before(h.slowUntil):
		return p.slowed(h)
	default:
		return "", nil
	}
}

// slowed puts jobs off while Hunter wants it slower, but not for ever.
func (p *Provider) slowed(h held) (outcome string, err error) {
	if p.now().Sub(h.slowSince) >= lasting {
		return outcomeTooFast, nil
	}
	return "", fault.Postpone(h.slowUntil, "hunter: asked to slow down")
}

// refused says what follows from Hunter's no, which came within an error.
func (p *Provider) refused(ctx context.Context, quota Quota, name string, no refusal, within error) (outcome string, err error) {
	switch {
	case no.status == http.StatusUnauthorized:
		news, err := p.hold.refuseKey(ctx)
		if news {
			p.log.Error("hunter refuses the API key", "retry_after", keyRefuse)
		}
		return outcomeUnauthorised, err
	case no.status == http.StatusForbidden:
		h, err := p.hold.slow(ctx, no.retryAfter)
		if err != nil {
			return "", err
		}
		return p.slowed(h)
	case no.status == http.StatusTooManyRequests:
		return outcomeQuota, p.exhausted(ctx, quota, name)
	case no.status == http.StatusUnavailableForLegalReasons:
		return outcomeClaimed, nil
	case no.status == http.StatusNotFound, no.status == http.StatusBadRequest && no.id == "invalid_domain":
		return outcomeNone, nil
	case no.status == http.StatusBadRequest:
		return "", fmt.Errorf("asking hunter: %w", no) // our own mistake
	default:
		return "", fault.Transientf("asking hunter: %w", within) // with what the breaker knows of outages
	}
}

// exhausted stops all processes until Hunter counts anew, by its own account
// or, where that is not told, until the next month.
func (p *Provider) exhausted(ctx context.Context, quota Quota, name string) error {
	until := nextMonth(p.now())
	if usage, err := p.client.usage(ctx, name); err == nil && !usage.Resets.IsZero() {
		until = usage.Resets
	}
	if err := quota.Exhaust(ctx, until); err != nil {
		return err
	}
	p.log.Warn("hunter's quota is used up", "quota", name, "until", until)
	return nil
}

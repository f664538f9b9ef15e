package hunter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"

	"leadstream/app"
	"leadstream/domain/fault"
)

const providerName = "hunter"

// The outcomes of a search.
const (
	outcomeFound        = "found"
	outcomeNone         = "none"
	outcomeNoDomain     = "no_domain"
	outcomeQuota        = "quota_exhausted"
	outcomeUnauthorised = "unauthorised"
	outcomeClaimed      = "claimed"
)

// Reservation is a search that was taken off a period's quota.
type Reservation string

// Quota keeps count of the searches, over all processes.
type Quota interface {
	// Reserve takes one search, or answers false when none is left.
	Reserve(ctx context.Context) (Reservation, bool, error)
	// GiveBack returns one that cost nothing.
	GiveBack(ctx context.Context, r Reservation) error
	// Exhaust notes that Hunter itself has none left until then.
	Exhaust(ctx context.Context, until time.Time) error
}

// Options is what the provider needs.
type Options struct {
	HTTP            *http.Client // that follows no redirects, which would take the key along
	BaseURL         string       // https://api.hunter.io
	Key             string
	Quota           Quota
	Cache           *DomainCache  // nil searches a domain anew for each of its businesses
	BreakerFailures int           // consecutive outages that open the breaker
	BreakerOpenFor  time.Duration // until one request may try again
	Now             app.Clock
	Logger          *slog.Logger
}

// Provider is an app.ContactProvider. Safe for concurrent use.
type Provider struct {
	client  *client
	quota   Quota
	cache   *DomainCache
	breaker *gobreaker.CircuitBreaker[[]foundEmail]
	hold    *hold
	now     app.Clock
	log     *slog.Logger
}

var _ app.ContactProvider = (*Provider)(nil)

// New makes a provider.
func New(o Options) *Provider {
	p := &Provider{client: newClient(o), quota: o.Quota, cache: o.Cache, hold: &hold{now: o.Now}, now: o.Now, log: o.Logger}
	p.breaker = gobreaker.NewCircuitBreaker[[]foundEmail](gobreaker.Settings{
		Name: providerName, Timeout: o.BreakerOpenFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= o.BreakerFailures },
		IsSuccessful: isAnswer,
		IsExcluded:   func(err error) bool { return !isAnswer(err) && !isOutage(err) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				p.hold.open(o.BreakerOpenFor)
			}
			o.Logger.Warn("circuit breaker changed", "provider", providerName, "from", from.String(), "to", to.String())
		},
	})
	return p
}

// isAnswer reports that Hunter is well, whatever it said.
func isAnswer(err error) bool {
	_, refused := errors.AsType[refusal](err)
	return err == nil || refused
}

func isOutage(err error) bool {
	_, out := errors.AsType[outage](err)
	return out
}

// Name is how the provider is called in results.
func (p *Provider) Name() string { return providerName }

// Contacts searches the domain of the business's website. It is Transient
// when Hunter is out of order, and Postponed when Hunter is not to be asked
// now: it said so, or the breaker is open.
func (p *Provider) Contacts(ctx context.Context, q app.ContactQuery) (app.Findings, error) {
	b := q.Business
	domain := domainOf(b.Place.Website)
	if domain == "" {
		return app.Findings{Outcome: outcomeNoDomain}, nil
	}
	if known, ok := p.recall(ctx, domain); ok {
		return known.findings(), nil
	}
	if p.hold.keyIsRefused() {
		return app.Findings{Outcome: outcomeUnauthorised}, nil
	}
	if err := p.mayAsk(); err != nil {
		return app.Findings{}, err
	}
	reserved, ok, err := p.quota.Reserve(ctx)
	if err != nil {
		return app.Findings{}, err
	}
	if !ok {
		return app.Findings{Outcome: outcomeQuota}, nil
	}
	emails, err := p.breaker.Execute(func() ([]foundEmail, error) { return p.client.search(ctx, domain) })
	if err != nil || len(emails) == 0 {
		p.giveBack(ctx, reserved)
	}
	if err != nil {
		return p.refused(ctx, domain, err)
	}
	return p.remember(ctx, domain, known{Emails: emails}).findings(), nil
}

func (p *Provider) mayAsk() error {
	if until, slow := p.hold.isSlow(); slow {
		return fault.Postpone(until, "hunter: asked to slow down")
	}
	if p.breaker.State() == gobreaker.StateOpen {
		return p.breakerOpen()
	}
	return nil
}

func (p *Provider) breakerOpen() error {
	return fault.Postpone(p.hold.halfOpens(), "hunter: circuit breaker open")
}

func (p *Provider) giveBack(ctx context.Context, r Reservation) {
	if err := p.quota.GiveBack(context.WithoutCancel(ctx), r); err != nil {
		p.log.Warn("search not given back to the quota", "error", err)
	}
}

// refused says what follows from Hunter's no, or from its silence.
func (p *Provider) refused(ctx context.Context, domain string, err error) (app.Findings, error) {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return app.Findings{}, p.breakerOpen()
	}
	no, ok := errors.AsType[refusal](err)
	if !ok {
		return app.Findings{}, err
	}
	switch {
	case no.status == http.StatusUnauthorized:
		if p.hold.refuseKey() {
			p.log.Error("hunter refuses the API key", "retry_after", keyRefuse)
		}
		return app.Findings{Outcome: outcomeUnauthorised}, nil
	case no.status == http.StatusForbidden:
		return app.Findings{}, fault.Postpone(p.hold.slow(no.retryAfter), "hunter: asked to slow down")
	case no.status == http.StatusTooManyRequests:
		return p.exhausted(ctx)
	case no.status == http.StatusUnavailableForLegalReasons:
		return p.remember(ctx, domain, known{Outcome: outcomeClaimed}).findings(), nil
	case no.status == http.StatusNotFound, no.status == http.StatusBadRequest && no.id == "invalid_domain":
		return p.remember(ctx, domain, known{}).findings(), nil
	case no.status == http.StatusBadRequest:
		return app.Findings{}, fmt.Errorf("asking hunter: %w", err) // our own mistake
	default:
		return app.Findings{}, fault.Transientf("asking hunter: %w", err)
	}
}

// exhausted stops all processes until Hunter counts anew, by its own account
// or, where that is not told, until the next month.
func (p *Provider) exhausted(ctx context.Context) (app.Findings, error) {
	until, err := p.client.resetDate(ctx)
	if err != nil || !until.After(p.now()) {
		until = nextMonth(p.now())
	}
	if err := p.quota.Exhaust(ctx, until); err != nil {
		return app.Findings{}, err
	}
	p.log.Warn("hunter's searches are used up", "until", until)
	return app.Findings{Outcome: outcomeQuota}, nil
}

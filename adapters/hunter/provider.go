package hunter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"leadstream/app"
)

const providerName = "hunter"

// The outcomes of a search.
const (
	outcomeFound        = "found"
	outcomeNone         = "none"
	outcomeNoDomain     = "no_domain"
	outcomeQuota        = "quota_exhausted"
	outcomeUnauthorised = "unauthorised"
	outcomeTooFast      = "too_fast"
	outcomeClaimed      = "claimed"
)

// keepAnswer is how long an answer about a domain or a mailbox is used again.
const keepAnswer = 30 * 24 * time.Hour

// Cache answers about a domain that was asked for before.
type Cache interface {
	// Once answers from what is kept, or by ask, which says how long to keep
	// its answer; 0 keeps none.
	Once(ctx context.Context, domain string, force bool, ask func(context.Context) ([]byte, time.Duration, error)) ([]byte, error)
}

// Breaker keeps from asking Hunter while it is out of order.
type Breaker interface {
	app.ProviderMonitor
	// Do runs call unless it is open, when it answers a Postponed error. An
	// error with a method Outage() bool counts.
	Do(ctx context.Context, call func() error) error
}

// Options is what the provider needs.
type Options struct {
	HTTP    *http.Client // that follows no redirects, which would take the key along
	BaseURL string       // https://api.hunter.io
	Key     string
	Redis   redis.UniversalClient // where processes tell each other when not to ask
	Quota   Quota                 // of searches
	Cache   Cache
	Breaker Breaker
	Now     app.Clock
	Logger  *slog.Logger
}

// Provider is an app.ContactProvider. Safe for concurrent use.
type Provider struct {
	client  *client
	quota   Quota
	cache   Cache
	breaker Breaker
	hold    *hold
	now     app.Clock
	log     *slog.Logger
}

var (
	_ app.ContactProvider = (*Provider)(nil)
	_ app.ProviderMonitor = (*Provider)(nil)
)

// New makes a provider.
func New(o Options) *Provider {
	return &Provider{
		client: newClient(o), quota: o.Quota, cache: o.Cache, breaker: o.Breaker, hold: newHold(o.Redis, o.Key, o.Now), now: o.Now, log: o.Logger,
	}
}

// Name is how the provider is called in results.
func (p *Provider) Name() string { return providerName }

// ProviderState tells how the breaker stands, and whether the key is refused.
func (p *Provider) ProviderState(ctx context.Context) (app.ProviderState, error) {
	state, err := p.breaker.ProviderState(ctx)
	if err != nil {
		return app.ProviderState{}, err
	}
	h, err := p.hold.load(ctx)
	if !h.keySince.IsZero() {
		state.Warning = "hunter refuses HUNTER_API_KEY since " + app.ViewTime(h.keySince) + ": contacts come from websites alone"
	}
	return state, err
}

// Contacts searches the domain of the business's website, or tells what was
// found there within the last 30 days. It is Transient when Hunter is out of
// order, and Postponed when Hunter is not to be asked now: it said so, or the
// breaker is open.
func (p *Provider) Contacts(ctx context.Context, q app.ContactQuery) (app.Findings, error) {
	domain := domainOf(q.Business.Place.Website)
	if domain == "" {
		return app.Findings{Outcome: outcomeNoDomain}, nil
	}
	var fresh *known
	raw, err := p.cache.Once(ctx, domain, q.Force, func(ctx context.Context) ([]byte, time.Duration, error) {
		k, keep, err := p.search(ctx, domain)
		if err != nil {
			return nil, 0, err
		}
		fresh = &k
		raw, err := json.Marshal(k)
		return raw, keep, err
	})
	switch {
	case err != nil:
		return app.Findings{}, err
	case fresh != nil:
		return fresh.findings(), nil
	}
	var k known
	if err := json.Unmarshal(raw, &k); err != nil {
		return app.Findings{}, fmt.Errorf("decoding a kept answer: %w", err)
	}
	return k.findings(), nil
}

// search asks Hunter, and says how long its answer holds.
func (p *Provider) search(ctx context.Context, domain string) (known, time.Duration, error) {
	var emails []foundEmail
	outcome, err := p.paid(ctx, p.quota, Searches, func() (spent bool, err error) {
		emails, err = p.client.search(ctx, domain)
		return len(emails) > 0, err // a miss costs nothing
	})
	switch {
	case err != nil:
		return known{}, 0, err
	case outcome == "":
		return known{Emails: emails}, keepAnswer, nil
	case outcome == outcomeNone, outcome == outcomeClaimed:
		return known{Outcome: outcome}, keepAnswer, nil
	default:
		return known{Outcome: outcome}, 0, nil // of Hunter's or ours, not of the domain
	}
}

// paid makes a request that is paid for from a quota. It answers an outcome
// where Hunter is not asked or says no, and none where call went well.
func (p *Provider) paid(ctx context.Context, quota Quota, name string, call func() (spent bool, err error)) (outcome string, err error) {
	h, err := p.hold.load(ctx)
	if err != nil {
		return "", err
	}
	if outcome, err := p.held(h); outcome != "" || err != nil {
		return outcome, err
	}
	reserved, ok, err := quota.Reserve(ctx)
	if err != nil {
		return "", err
	}
	if !ok {
		return outcomeQuota, nil
	}
	spent := false
	err = p.breaker.Do(ctx, func() (err error) {
		spent, err = call()
		return err
	})
	p.settle(ctx, quota, reserved, spent)
	if no, refused := errors.AsType[refusal](err); refused {
		return p.refused(ctx, quota, name, no, err)
	}
	if err != nil {
		return "", err
	}
	if h.any() {
		p.note(p.hold.answered(ctx))
	}
	p.reconcile(ctx, quota, name)
	return "", nil
}

// reconcile is worth a try, no more, once Hunter has shown that it is well.
func (p *Provider) reconcile(ctx context.Context, quota Quota, name string) {
	err := quota.Reconcile(ctx, func(ctx context.Context) (Usage, error) { return p.client.usage(ctx, name) })
	if err != nil {
		p.log.Info("quota not reconciled", "quota", name, "error", err)
	}
}

func (p *Provider) settle(ctx context.Context, quota Quota, r Reservation, spent bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := quota.Settle(ctx, r, spent); err != nil {
		p.log.Warn("reservation not settled", "error", err) // it ends by itself, as used
	}
}

// settleTimeout bounds what is written after a request, whose own context may be over.
const settleTimeout = 2 * time.Second

func (p *Provider) note(err error) {
	if err != nil {
		p.log.Warn("hold not changed", "error", err)
	}
}

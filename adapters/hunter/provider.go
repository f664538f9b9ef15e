package hunter

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/net/publicsuffix"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	providerName = "hunter"
	// tooFast is how long to wait after a 403 that does not say.
	tooFast = time.Minute
	// keyRetry is how long a refused key is not used again.
	keyRetry = 15 * time.Minute
)

// Outcomes beside "found" and "none".
const (
	outcomeNoDomain     = "no_domain"
	outcomeQuota        = "quota_exhausted"
	outcomeUnauthorised = "unauthorised"
	outcomeClaimed      = "claimed"
)

// Quota keeps the month's searches, over all processes.
type Quota interface {
	// Reserve takes one search of the month, or answers false.
	Reserve(ctx context.Context) (bool, error)
	// GiveBack returns one that cost nothing.
	GiveBack(ctx context.Context) error
	// Exhaust notes that the provider itself says the month is used up.
	Exhaust(ctx context.Context) error
}

// Options is what the provider needs.
type Options struct {
	HTTP            *http.Client
	BaseURL         string
	Key             string
	Quota           Quota
	BreakerFailures int
	BreakerOpenFor  time.Duration
	Now             app.Clock
	Logger          *slog.Logger
}

// Provider is an app.ContactProvider.
type Provider struct {
	client  *client
	quota   Quota
	breaker *gobreaker.CircuitBreaker[[]foundEmail]
	openFor time.Duration
	now     app.Clock
	log     *slog.Logger

	mu       sync.Mutex
	keyBadTo time.Time // until then the key is not tried again
	openTo   time.Time // until then the breaker is open
}

var _ app.ContactProvider = (*Provider)(nil)

// New makes a provider.
func New(o Options) *Provider {
	p := &Provider{
		client: &client{o.HTTP, o.BaseURL, o.Key, o.Now}, quota: o.Quota, openFor: o.BreakerOpenFor, now: o.Now, log: o.Logger,
	}
	p.breaker = gobreaker.NewCircuitBreaker[[]foundEmail](gobreaker.Settings{
		Name: providerName, Timeout: o.BreakerOpenFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= o.BreakerFailures },
		IsSuccessful: func(err error) bool { return !fault.Is(err, fault.Transient) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			o.Logger.Warn("circuit breaker changed", "provider", providerName, "from", from.String(), "to", to.String())
			if to == gobreaker.StateOpen {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.openTo = o.Now().Add(o.BreakerOpenFor)
			}
		},
	})
	return p
}

// Name is how the provider is called in results.
func (p *Provider) Name() string { return providerName }

// Contacts searches the business's domain. It costs one search of the month
// when something is found.
func (p *Provider) Contacts(ctx context.Context, b business.Business) (app.Findings, error) {
	domain := domainOf(b.Place.Website)
	if domain == "" {
		return app.Findings{Outcome: outcomeNoDomain}, nil
	}
	if p.keyIsBad() {
		return app.Findings{Outcome: outcomeUnauthorised}, nil
	}
	reserved, err := p.quota.Reserve(ctx)
	if err != nil {
		return app.Findings{}, err
	}
	if !reserved {
		return app.Findings{Outcome: outcomeQuota}, nil
	}
	emails, err := p.breaker.Execute(func() ([]foundEmail, error) { return p.client.search(ctx, domain) })
	if err != nil || len(emails) == 0 {
		if backErr := p.quota.GiveBack(context.WithoutCancel(ctx)); backErr != nil {
			p.log.Warn("search not given back to the quota", "error", backErr)
		}
	}
	if err != nil {
		return p.afterError(ctx, err)
	}
	return findings(emails), nil
}

// afterError says what follows from Hunter's no, or from its silence.
func (p *Provider) afterError(ctx context.Context, err error) (app.Findings, error) {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return app.Findings{}, fault.Postpone(p.breakerOpensAt(), "hunter is not answering; its circuit breaker is open")
	}
	r, refused := errors.AsType[refusal](err)
	if !refused {
		return app.Findings{}, err
	}
	switch {
	case r.status == http.StatusForbidden:
		wait := max(r.retryAfter, tooFast)
		return app.Findings{}, fault.Postpone(p.now().Add(wait), "hunter asks to slow down")
	case r.status == http.StatusTooManyRequests:
		if err := p.quota.Exhaust(ctx); err != nil {
			return app.Findings{}, err
		}
		return app.Findings{Outcome: outcomeQuota}, nil
	case r.status == http.StatusUnauthorized:
		p.rememberBadKey()
		return app.Findings{Outcome: outcomeUnauthorised}, nil
	case r.status == http.StatusUnavailableForLegalReasons:
		return app.Findings{Outcome: outcomeClaimed}, nil
	case r.status == http.StatusNotFound, r.status == http.StatusBadRequest:
		return app.Findings{Outcome: "none"}, nil
	default:
		return app.Findings{}, fault.Transientf("hunter answered unexpectedly: %w", err)
	}
}

func (p *Provider) keyIsBad() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Before(p.keyBadTo)
}

func (p *Provider) rememberBadKey() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keyBadTo = p.now().Add(keyRetry)
	p.log.Error("hunter refuses the API key; it is not asked for a while", "until", p.keyBadTo)
}

func (p *Provider) breakerOpensAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.openTo; at.After(p.now()) {
		return at
	}
	return p.now().Add(p.openFor) // half open: another call is its test
}

func findings(emails []foundEmail) app.Findings {
	f := app.Findings{Outcome: "none"}
	for _, e := range emails {
		if !strings.Contains(e.Value, "@") {
			continue
		}
		c := business.Contact{
			Kind: business.Email, Value: strings.ToLower(e.Value), Name: strings.TrimSpace(e.FirstName + " " + e.LastName),
			Position: e.Position, Personal: e.Type == "personal", Confidence: max(0, min(100, e.Confidence)), Provider: providerName,
		}
		if len(e.Sources) > 0 {
			c.SourceURL = e.Sources[0].URI
		}
		if e.Verification != nil {
			c.Verification = e.Verification.Status
		}
		f.Contacts = append(f.Contacts, c)
		f.Outcome = "found"
	}
	return f
}

// domainOf is the registrable domain of a website, empty where it is not the
// business's own: searching facebook.com costs a search and finds strangers.
func domainOf(website string) string {
	u, err := url.Parse(website)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if business.SocialHost(host) || business.DirectoryHost(host) || business.SharedHost(host) || business.FreeMailHost(host) {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

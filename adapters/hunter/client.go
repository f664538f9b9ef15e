package hunter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"leadstream/domain/fault"
	"leadstream/internal/outbound"
)

const (
	maxAnswer = 1 << 20
	pageSize  = "10" // the most that the free plan answers
)

// client speaks Hunter's API v2.
type client struct {
	http    *http.Client
	baseURL string
	key     string
	now     func() time.Time
}

func newClient(o Options) *client {
	base := strings.TrimSuffix(strings.TrimRight(o.BaseURL, "/"), "/v2")
	return &client{o.HTTP, base, strings.TrimSpace(o.Key), o.Now}
}

// domainSearch is what is used of GET /v2/domain-search.
type domainSearch struct {
	Data struct {
		Webmail    bool         `json:"webmail"`
		Disposable bool         `json:"disposable"`
		Emails     []foundEmail `json:"emails"`
	} `json:"data"`
}

type foundEmail struct {
	Value        string        `json:"value"`
	Type         string        `json:"type"` // personal or generic
	Confidence   int           `json:"confidence"`
	FirstName    string        `json:"first_name"`
	LastName     string        `json:"last_name"`
	Position     string        `json:"position"`
	Sources      []source      `json:"sources"`
	Verification *verification `json:"verification"`
}

type source struct {
	URI string `json:"uri"`
}

type verification struct {
	Status string `json:"status"` // valid, invalid, accept_all, webmail, disposable or unknown
}

// account is what is used of GET /v2/account.
type account struct {
	Data struct {
		ResetDate string `json:"reset_date"` // 2026-12-01
		Requests  struct {
			Credits       *counted `json:"credits"`
			Searches      *counted `json:"searches"`
			Verifications *counted `json:"verifications"`
		} `json:"requests"`
	} `json:"data"`
}

type counted struct {
	Used float64 `json:"used"` // credits come in halves
}

// verified is what is used of GET /v2/email-verifier.
type verified struct {
	Data struct {
		Status string `json:"status"` // valid, invalid, accept_all, webmail, disposable or unknown
	} `json:"data"`
}

type errorAnswer struct {
	Errors []struct {
		ID string `json:"id"`
	} `json:"errors"`
}

// refusal is an answer that says no; what follows from it is the provider's to say.
type refusal struct {
	status     int
	id         string // of Hunter's first error, such as invalid_domain
	retryAfter time.Duration
}

func (r refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("hunter answered %d %s", r.status, r.id))
}

// Outage reports that Hunter is well, whatever it said.
func (refusal) Outage() bool { return false }

// outage is a fault of Hunter or of the way there: what the breaker counts.
type outage struct{ error }

func (o outage) Unwrap() error { return o.error }

// Outage reports that Hunter is not well.
func (outage) Outage() bool { return true }

// search asks for the addresses of a domain, at most ten. Its errors are
// outage, refusal, a Transient one for an answer that cannot be understood,
// and ctx's own.
func (c *client) search(ctx context.Context, domain string) ([]foundEmail, error) {
	var answer domainSearch
	if err := c.get(ctx, "/v2/domain-search?"+url.Values{"domain": {domain}, "limit": {pageSize}}.Encode(), &answer); err != nil {
		return nil, err
	}
	if answer.Data.Webmail || answer.Data.Disposable {
		return nil, nil // whoever has an address there is not the business
	}
	return answer.Data.Emails, nil
}

// usage asks what Hunter has counted of a quota, and when it counts anew; it
// costs none.
func (c *client) usage(ctx context.Context, quota string) (Usage, error) {
	var answer account
	if err := c.get(ctx, "/v2/account", &answer); err != nil {
		return Usage{}, err
	}
	resets, err := time.Parse(time.DateOnly, answer.Data.ResetDate)
	if err != nil || !resets.After(c.now()) {
		resets = time.Time{}
	}
	own := answer.Data.Requests.Searches
	if quota == Verifications {
		own = answer.Data.Requests.Verifications
	}
	own = cmp.Or(own, answer.Data.Requests.Credits)
	if own == nil {
		return Usage{Used: -1, Resets: resets}, nil
	}
	return Usage{Used: int(math.Ceil(own.Used)), Resets: resets}, nil
}

// verify asks whether a mailbox takes mail. Its status is 200, or one of the
// two that say that it is not known yet.
func (c *client) verify(ctx context.Context, address string) (verdict string, status int, err error) {
	var answer verified
	err = c.get(ctx, "/v2/email-verifier?"+url.Values{"email": {address}}.Encode(), &answer)
	if no, ok := errors.AsType[refusal](err); ok && (no.status == http.StatusAccepted || no.status == statusSMTPFailure) {
		return "", no.status, nil
	}
	return answer.Data.Status, http.StatusOK, err
}

// statusSMTPFailure is Hunter's own: the mail server did not answer it; later it may.
const statusSMTPFailure = 222

func (c *client) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.baseURL+path, nil)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("X-API-KEY", c.key) // never in the URL: URLs get logged
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return lost(ctx, "reaching hunter", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := outbound.ReadCapped(response.Body, maxAnswer)
	switch {
	case response.StatusCode >= http.StatusInternalServerError:
		return outage{fault.Transientf("hunter answered %d", response.StatusCode)}
	case response.StatusCode != http.StatusOK:
		return c.refused(response, body)
	case errors.Is(err, outbound.ErrTooLarge):
		return fault.Transientf("reading hunter's answer: %w", err)
	case err != nil:
		return lost(ctx, "reading hunter's answer", err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Transientf("decoding hunter's answer: %w", err)
	}
	return nil
}

// lost tells our own cancellation, which says nothing of Hunter, from an outage.
func lost(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL
	}
	return outage{fault.Transientf(doing+": %w", err)}
}

func (c *client) refused(response *http.Response, body []byte) error {
	r := refusal{status: response.StatusCode, retryAfter: c.retryAfter(response.Header.Get("Retry-After"))}
	var answer errorAnswer
	if err := json.Unmarshal(body, &answer); err == nil && len(answer.Errors) > 0 {
		r.id = answer.Errors[0].ID
	}
	return r
}

// retryAfter reads the header's two forms, seconds or a date; 0 when there is none.
func (c *client) retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return at.Sub(c.now())
	}
	return 0
}

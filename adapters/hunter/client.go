// Package hunter finds contacts at hunter.io by a business's domain, within a
// monthly quota and behind a circuit breaker.
package hunter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// client speaks API v2.
type client struct {
	http    *http.Client
	baseURL string
	key     string
	now     func() time.Time
}

// domainSearch is the part of GET /v2/domain-search that is used.
type domainSearch struct {
	Data struct {
		Emails []foundEmail `json:"emails"`
	} `json:"data"`
}

type foundEmail struct {
	Value      string `json:"value"`
	Type       string `json:"type"` // personal or generic
	Confidence int    `json:"confidence"`
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
	Position   string `json:"position"`
	Sources    []struct {
		URI string `json:"uri"`
	} `json:"sources"`
	Verification *struct {
		Status string `json:"status"`
	} `json:"verification"`
}

type errorAnswer struct {
	Errors []struct {
		ID      string `json:"id"`
		Details string `json:"details"`
	} `json:"errors"`
}

// refusal is an answer that says no; what follows from it is the provider's to say.
type refusal struct {
	status     int
	id         string
	retryAfter time.Duration
}

func (r refusal) Error() string { return fmt.Sprintf("hunter answered %d %s", r.status, r.id) }

// search asks for the addresses of a domain. Faults of Hunter and of the way
// there are Transient; a refusal is a refusal.
func (c *client) search(ctx context.Context, domain string) ([]foundEmail, error) {
	var answer domainSearch
	query := url.Values{"domain": {domain}, "limit": {pageSize}}
	if err := c.get(ctx, "/v2/domain-search", query, &answer); err != nil {
		return nil, err
	}
	return answer.Data.Emails, nil
}

func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.baseURL, "/")+path+"?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("X-API-KEY", c.key) // never in the URL: URLs get logged
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return fault.Transientf("hunter cannot be reached: %w", unwrapURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := outbound.ReadCapped(response.Body, maxAnswer)
	if err != nil {
		return fault.Transientf("reading hunter's answer: %w", err)
	}
	if response.StatusCode >= 500 {
		return fault.Transientf("hunter answered %d", response.StatusCode)
	}
	if response.StatusCode != http.StatusOK {
		return c.refused(response, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Transientf("hunter's answer cannot be understood: %w", err)
	}
	return nil
}

func (c *client) refused(response *http.Response, body []byte) error {
	r := refusal{status: response.StatusCode}
	var answer errorAnswer
	if err := json.Unmarshal(body, &answer); err == nil && len(answer.Errors) > 0 {
		r.id = answer.Errors[0].ID
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		r.retryAfter = time.Duration(seconds) * time.Second
	}
	return r
}

// unwrapURL drops the method and URL that net/http puts in front of an error.
func unwrapURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

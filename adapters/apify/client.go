package apify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"leadstream/domain/fault"
	"leadstream/internal/outbound"
)

const (
	abortPath = "/abort"
	// actor is compass/crawler-google-places, as paths write it.
	actor = "compass~crawler-google-places"
	// maxAnswer holds a page of items, each some 10 KiB.
	maxAnswer = 16 << 20
	// perSecond is far below the 60 requests that Apify allows to one resource.
	perSecond = 10
)

// client speaks Apify's API v2. Its errors never hold the token: it is sent as
// a header alone, and URLs are not part of them.
type client struct {
	http    *http.Client
	baseURL string
	token   string
	limit   *rate.Limiter
	polite  *outbound.Courtesy
}

func newClient(o Options) *client {
	base := strings.TrimSuffix(strings.TrimRight(o.BaseURL, "/"), "/v2")
	return &client{o.HTTP, base, strings.TrimSpace(o.Token), rate.NewLimiter(perSecond, perSecond), outbound.NewCourtesy(o.Now)}
}

// run is what is used of a run.
type run struct {
	ID            string `json:"id"`
	Status        string `json:"status"`
	StatusMessage string `json:"statusMessage"`
	DatasetID     string `json:"defaultDatasetId"`
}

// ended reports that nothing more will be found.
func (r run) ended() bool {
	switch r.Status {
	case "SUCCEEDED", "FAILED", "ABORTED", "TIMED-OUT":
		return true
	default: // READY, RUNNING, TIMING-OUT, ABORTING
		return false
	}
}

// input is what the actor is asked for.
type input struct {
	Searches   []string `json:"searchStringsArray"`
	Location   string   `json:"locationQuery"`
	MaxPlaces  int      `json:"maxCrawledPlacesPerSearch"`
	Language   string   `json:"language"`
	SkipClosed bool     `json:"skipClosedPlaces"`
}

// start starts a run that Apify ends by itself after lasting, if that is not
// zero, and for which it charges no more than maxItems places.
func (c *client) start(ctx context.Context, in input, lasting time.Duration) (run, error) {
	query := url.Values{"maxItems": {strconv.Itoa(in.MaxPlaces)}}
	if lasting > 0 {
		query.Set("timeout", strconv.Itoa(int(lasting.Seconds())+1))
	}
	body, err := json.Marshal(in)
	if err != nil {
		return run{}, fmt.Errorf("writing the actor's input: %w", err)
	}
	return c.askRun(ctx, http.MethodPost, "/v2/acts/"+actor+"/runs?"+query.Encode(), body)
}

func (c *client) state(ctx context.Context, runID string) (run, error) {
	return c.askRun(ctx, http.MethodGet, "/v2/actor-runs/"+url.PathEscape(runID), nil)
}

func (c *client) abort(ctx context.Context, runID string) error {
	_, err := c.askRun(ctx, http.MethodPost, "/v2/actor-runs/"+url.PathEscape(runID)+abortPath, nil)
	return err
}

func (c *client) askRun(ctx context.Context, method, path string, body []byte) (run, error) {
	var answer struct {
		Data run `json:"data"`
	}
	if err := c.ask(ctx, method, path, body, &answer); err != nil {
		return run{}, err
	}
	if answer.Data.ID == "" {
		return run{}, fault.Transientf("apify answered without a run")
	}
	return answer.Data, nil
}

// items reads a page of a dataset, which may grow meanwhile.
func (c *client) items(ctx context.Context, datasetID string, offset, limit int) ([]json.RawMessage, error) {
	query := url.Values{"format": {"json"}, "offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
	var page []json.RawMessage
	err := c.ask(ctx, http.MethodGet, "/v2/datasets/"+url.PathEscape(datasetID)+"/items?"+query.Encode(), nil, &page)
	return page, err
}

func (c *client) ask(ctx context.Context, method, path string, body []byte, into any) error {
	if until, held := c.polite.Holds(); held && !strings.HasSuffix(path, abortPath) { // which stops costs
		return slower(until)
	}
	if err := c.limit.Wait(ctx); err != nil {
		// Beside an ended context, the one reason not to wait is that it would end first.
		return fmt.Errorf("waiting to ask apify: %w", cmp.Or(ctx.Err(), context.DeadlineExceeded))
	}
	request, err := http.NewRequestWithContext(ctx, method, c.baseURL+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token) // never in the URL: URLs get logged
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return lost(ctx, "reaching apify", err)
	}
	defer func() { _ = response.Body.Close() }()
	return c.read(ctx, response, into)
}

func (c *client) read(ctx context.Context, response *http.Response, into any) error {
	body, err := outbound.ReadCapped(response.Body, maxAnswer)
	switch {
	case response.StatusCode >= http.StatusMultipleChoices:
		return c.refused(response, body)
	case errors.Is(err, outbound.ErrTooLarge):
		return fault.Transientf("reading apify's answer: %w", err)
	case err != nil:
		return lost(ctx, "reading apify's answer", err)
	}
	c.polite.Answered()
	if err := json.Unmarshal(body, into); err != nil {
		return fault.Transientf("decoding apify's answer: %w", noDetail(err))
	}
	return nil
}

// noDetail keeps an answer's text, which may be anything, out of the error.
func noDetail(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return errors.New("it is not the JSON that was expected")
}

// lost tells our own cancellation, which says nothing of Apify, from an outage.
func lost(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL
	}
	return fault.Transientf(doing+": %w", err)
}

// refused turns an answer that says no into what to do about it.
func (c *client) refused(response *http.Response, body []byte) error {
	var answer struct {
		Error struct {
			Type string `json:"type"` // such as not-enough-usage-to-run-paid-actor
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &answer) // a gateway's page has no type
	kind := plainType(answer.Error.Type)
	switch status := response.StatusCode; {
	case status == http.StatusBadRequest:
		return fault.Invalidf("apify refuses the search (%s)", kind)
	case status == http.StatusUnauthorized:
		return fault.Conflictf("apify refuses the token: set APIFY_TOKEN to one that is valid")
	case status == http.StatusPaymentRequired, status == http.StatusForbidden && kind == "platform-feature-disabled":
		return fault.Conflictf("no credit is left at apify (%s)", kind)
	case status == http.StatusForbidden:
		return fault.Conflictf("apify does not let this token run the actor (%s)", kind)
	case status == http.StatusNotFound:
		return fault.Conflictf("apify does not know what was asked for (%s)", kind)
	case status == http.StatusTooManyRequests:
		return slower(c.polite.Refused(response.Header))
	default:
		return fault.Transientf("apify answered %d", status)
	}
}

func slower(until time.Time) error { return fault.Postpone(until, "apify: asked to slow down") }

// plainType lets through no more than the words of which Apify's types are made.
func plainType(text string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, text)
	if plain == "" || len(plain) > 80 {
		return "no reason given"
	}
	return plain
}

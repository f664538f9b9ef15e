package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-rod/rod"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	lookEvery = 100 * time.Millisecond // at a page that opens
	// consentWithin is how long the answer to the question for consent may
	// take before the button is clicked again.
	consentWithin = 10 * time.Second
	// sureAfter is how long a page with an error's status may take to show
	// something that is known after all.
	sureAfter = 3 * time.Second
)

// visit is one search in one page: of the words, then of parts of the area,
// then of the pages of single places, as far as each is needed.
type visit struct {
	source  *Source
	tab     *tab
	page    *rod.Page
	query   app.SearchQuery
	see     app.Sightings
	replies *replies
	began   int    // see backoff
	region  string // whose phone numbers lack a country: the location's, else the setting's

	area    *area // nil where the location is not known
	told    told
	reads   reads
	cards   int              // of the newest feed
	points  []point          // of all places
	inFeed  map[string]point // of those of the newest feed, known before or not
	outside int
	held    []business.Place // told of once their own page has been read
	limited bool
	own     bool // the error at hand is of the listener's, not the browser's

	consented time.Time // when consent was last answered
}

func newVisit(s *Source, t *tab, q app.SearchQuery, see app.Sightings) *visit {
	return &visit{source: s, tab: t, page: t.page, query: q, see: see, began: s.backoff.begin(), region: s.region, told: newTold(), reads: reads{}}
}

func (v *visit) run(ctx context.Context) error {
	v.see.Reached(app.SearchReady)
	err := v.locate(ctx)
	if err == nil {
		err = v.search(ctx)
	}
	if !v.own {
		err = v.finishHeld(ctx, err)
	}
	v.report()
	return err
}

func (v *visit) search(ctx context.Context) error {
	state, err := v.open(ctx, v.source.searchURL(v.query), v.source.openWithin)
	if err != nil {
		v.keepEvidence(ctx, err)
		return err
	}
	v.see.Reached(app.SearchStarted)
	if !state.Feed && !state.Place {
		v.see.Note("info", "the map site finds nothing for this search")
		return nil
	}
	if err := v.read(ctx, state); err != nil {
		v.keepEvidence(ctx, err)
		return err
	}
	if state.Place { // the words name one place, and no more of them is anywhere
		return nil
	}
	return v.searchTiles(ctx)
}

// read tells of what an open page shows.
func (v *visit) read(ctx context.Context, state pageState) error {
	v.cards, v.inFeed = 0, map[string]point{}
	switch {
	case state.Feed:
		return v.readFeed(ctx)
	case state.Place:
		return v.readPlace()
	default:
		return nil
	}
}

// report says in the job's log, and where it is grave in the service's, what
// was out of the ordinary.
func (v *visit) report() {
	if v.outside > 0 {
		v.see.Note("warn", fmt.Sprintf("left out %d places outside the radius of %g km", v.outside, v.query.RadiusKM))
	}
	for _, warning := range v.reads.warnings() {
		v.see.Note("warn", warning)
		v.source.log.Warn("map site may have changed", "reason", warning)
	}
}

// open goes to an address, and waits until the page shows what it is.
func (v *visit) open(ctx context.Context, address string, within time.Duration) (pageState, error) {
	opening, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	page := v.page.Context(opening)
	v.replies.reset()
	if err := page.Navigate(address); err != nil {
		switch status := v.replies.documentStatus(); {
		case v.tab.refused(), status == http.StatusProxyAuthRequired, refusedByProxy.MatchString(err.Error()):
			return pageState{}, errProxyRefused
		case status == http.StatusTooManyRequests:
			return pageState{}, v.blocked()
		default:
			return pageState{}, fault.Transientf("opening the map site: %w", err)
		}
	}
	state, err := v.settled(opening, page)
	if err != nil {
		return state, err
	}
	if !v.consented.IsZero() {
		v.tab.keepConsent(page, v.source.base.String())
	}
	if says(state.Text, limitedPhrases) && !v.limited {
		v.limited = true
		v.see.Note("warn", "the map site shows a limited view: review counts may be missing")
	}
	return state, nil
}

// pageState is what stateScript reads.
type pageState struct {
	Path    string `json:"path"`
	Href    string `json:"href"`
	Consent bool   `json:"consent"`
	Captcha bool   `json:"captcha"`
	Feed    bool   `json:"feed"`
	Place   bool   `json:"place"`
	Nothing bool   `json:"nothing"`
	Text    string `json:"text"`
}

func (s pageState) blocked() bool { return s.Captcha || strings.Contains(s.Path, blockedPath) }

func (s pageState) nothing() bool { return s.Nothing || says(s.Text, nothingPhrases) }

// refusedByProxy are Chromium's words for a password that is wrong or missing.
var refusedByProxy = regexp.MustCompile(`ERR_INVALID_AUTH_CREDENTIALS|ERR_PROXY_AUTH`)

var (
	errUnknownPage  = fault.Transientf("the map site shows neither results nor a place nor a known message")
	errUnreadable   = fault.Transientf("the map site shows results, of which not one can be read")
	errProxyRefused = fault.Invalidf("the proxy refuses its user name or password: correct SCRAPER_PROXY")
)

// settled waits until the page is results, a place, or says that there is
// nothing; on the way it answers the question for consent.
func (v *visit) settled(ctx context.Context, page *rod.Page) (pageState, error) {
	began := time.Now()
	for {
		state := v.look(page)
		status := v.replies.documentStatus()
		switch {
		case state.blocked() || status == http.StatusTooManyRequests:
			return state, v.blocked()
		case status == http.StatusProxyAuthRequired || v.tab.refused():
			return state, errProxyRefused
		case state.Consent:
			v.refuseCookies(page)
		case state.Feed || state.Place || state.nothing():
			return state, nil
		case status >= http.StatusInternalServerError:
			return state, fault.Transientf("the map site answered %d", status)
		case status >= http.StatusBadRequest && time.Since(began) > sureAfter:
			return state, errUnknownPage
		}
		select {
		case <-ctx.Done():
			return state, errUnknownPage
		case <-time.After(lookEvery):
		}
	}
}

// look reads what the page is; one in mid-navigation is nothing, and the next
// look tells.
func (v *visit) look(page *rod.Page) (state pageState) {
	_ = evaluate(page, &state, stateScript, consentForm, captchaForm, placeTitleSelector, feedSelector, noResultSelector, v.query.BusinessType)
	return state
}

// refuseCookies clicks the button that refuses, or else the one that accepts,
// and leaves the page the time to go on.
func (v *visit) refuseCookies(page *rod.Page) {
	if time.Since(v.consented) < consentWithin {
		return
	}
	var clicked string
	if err := evaluate(page, &clicked, consentScript, append(append([]string{}, rejectLabels...), acceptLabels...)); err == nil && clicked != "" {
		v.consented = time.Now()
	}
}

// blocked postpones the search, each time for longer.
func (v *visit) blocked() error {
	s := v.source
	s.health.wasBlocked()
	wait := s.backoff.blocked(v.began)
	return fault.Postpone(s.now().Add(wait), fmt.Sprintf("blocked: the map site takes this search for a robot's; next attempt in %s", wait))
}

func (v *visit) keepEvidence(ctx context.Context, err error) {
	if (errors.Is(err, errUnknownPage) || errors.Is(err, errUnreadable)) && ctx.Err() == nil {
		v.source.evidence.keep(v.page, v.see)
	}
}

// tell tells of a place that is wanted and has not been told of.
func (v *visit) tell(p business.Place) error {
	at, known := pointOf(p)
	if known {
		v.inFeed[p.Identity().Key()] = at
	}
	if v.told.has(p) {
		return nil
	}
	if v.limited && p.ReviewsCount != nil && *p.ReviewsCount == 0 {
		p.ReviewsCount = nil
	}
	if known {
		v.points = append(v.points, at)
	}
	switch {
	case v.area.excludes(p):
		v.outside++
		v.told.add(p, false)
		return nil
	case v.query.Details && (p.Website == "" || p.Phone == ""):
		v.held = append(v.held, p)
	default:
		if err := v.emit(p); err != nil {
			return err
		}
	}
	v.told.add(p, true)
	return nil
}

func (v *visit) emit(p business.Place) error {
	err := v.see.Found(p)
	v.own = v.own || err != nil
	return err
}

func (v *visit) enough() bool { return v.told.count >= v.query.MaxResults }

// evaluate runs a script in the page, and decodes its answer.
func evaluate(page *rod.Page, into any, script string, args ...any) error {
	answer, err := page.Eval(script, args...)
	if err != nil || into == nil {
		return err
	}
	return answer.Value.Unmarshal(into)
}

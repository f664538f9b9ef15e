package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-rod/rod"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	lookEvery  = 100 * time.Millisecond // at a page that opens
	roundEvery = 300 * time.Millisecond // of scrolling
	nudgeAfter = 5                      // rounds without anything new
	maxRounds  = 2000
	// consentWithin is how long the answer to the question for consent may
	// take before the button is clicked again.
	consentWithin = 10 * time.Second
)

// visit is one search in one page.
type visit struct {
	source  *Source
	page    *rod.Page
	query   app.SearchQuery
	see     app.Sightings
	replies *replies
	told    told
	own     bool // the error at hand is of the listener's, not the browser's

	consented time.Time // when consent was last answered
}

func newVisit(s *Source, page *rod.Page, q app.SearchQuery, see app.Sightings) *visit {
	return &visit{source: s, page: page, query: q, see: see, told: newTold()}
}

func (v *visit) run(ctx context.Context) error {
	v.see.Reached(app.SearchReady)
	state, err := v.open(ctx)
	if err != nil {
		return err
	}
	v.see.Reached(app.SearchStarted)
	if strings.Contains(state.Text, limitedText) {
		v.see.Note("warn", "the map site shows a limited view: review counts may be missing")
	}
	switch {
	case state.Feed:
		return v.readFeed(ctx)
	case state.Place:
		return v.readPlace()
	default: // open answers nothing else without an error
		v.see.Note("info", "the map site finds nothing for this search")
		return nil
	}
}

// open goes to the results, and waits until the page shows what it is.
func (v *visit) open(ctx context.Context) (pageState, error) {
	opening, cancel := context.WithTimeout(ctx, v.source.openWithin)
	defer cancel()
	page := v.page.Context(opening)
	if err := page.Navigate(v.source.searchURL(v.query)); err != nil {
		if v.replies.documentStatus() == http.StatusTooManyRequests {
			return pageState{}, v.source.blocked()
		}
		return pageState{}, fault.Transientf("opening the map site: %w", err)
	}
	state, err := v.settled(opening, page)
	if errors.Is(err, errUnknownPage) && ctx.Err() == nil {
		v.source.evidence.keep(v.page, v.see)
	}
	return state, err
}

// pageState is what stateScript reads.
type pageState struct {
	Path    string `json:"path"`
	Consent bool   `json:"consent"`
	Captcha bool   `json:"captcha"`
	Feed    bool   `json:"feed"`
	Place   bool   `json:"place"`
	Text    string `json:"text"`
}

func (s pageState) nothing() bool {
	return strings.Contains(s.Text, noResultText) || strings.Contains(s.Text, noResultHint)
}

var errUnknownPage = fault.Transientf("the map site shows neither results nor a place nor a known message")

// settled waits until the page is results, a place, or says that there is
// nothing; on the way it answers the question for consent.
func (v *visit) settled(ctx context.Context, page *rod.Page) (pageState, error) {
	for {
		var state pageState
		// A page in mid-navigation has no state; the next look has.
		_ = evaluate(page, &state, stateScript, consentForm, captchaForm, placeTitleSelector, feedSelector)
		status := v.replies.documentStatus()
		switch {
		case state.Captcha || strings.Contains(state.Path, blockedPath) || status == http.StatusTooManyRequests:
			return state, v.source.blocked()
		case state.Consent:
			v.refuseCookies(page)
		case state.Feed || state.Place || state.nothing():
			return state, nil
		case status >= http.StatusInternalServerError:
			return state, fault.Transientf("the map site answered %d", status)
		}
		select {
		case <-ctx.Done():
			return state, errUnknownPage
		case <-time.After(lookEvery):
		}
	}
}

// refuseCookies clicks the button that refuses, or else the one that accepts,
// and leaves the page the time to go on.
func (v *visit) refuseCookies(page *rod.Page) {
	if time.Since(v.consented) < consentWithin {
		return
	}
	var clicked string
	if err := evaluate(page, &clicked, consentScript, consentLabels); err == nil && clicked != "" {
		v.consented = time.Now()
	}
}

// readFeed scrolls to the end, or until enough is found.
func (v *visit) readFeed(ctx context.Context) error {
	last, lastNew, idle := 0, time.Now(), 0
	waitingCards := map[string]int{} // rounds that a card without a reply has been seen in
	for range maxRounds {
		if err := v.tellReplies(); err != nil || v.enough() {
			return err
		}
		if v.replies.refused() {
			return v.source.blocked()
		}
		var scroll struct {
			Cards int  `json:"cards"`
			End   bool `json:"end"`
			Gone  bool `json:"gone"`
		}
		if err := evaluate(v.page, &scroll, scrollScript); err != nil {
			return fmt.Errorf("scrolling the results: %w", err)
		}
		if scroll.Gone {
			return fault.Transientf("the results went away while they were read")
		}
		if v.replies.pending() == 0 { // a reply on its way says more of its places than their cards
			if err := v.tellCards(waitingCards, scroll.End); err != nil || v.enough() {
				return err
			}
		}
		if scroll.Cards > last {
			last, lastNew, idle = scroll.Cards, time.Now(), 0
		} else {
			idle++
		}
		if scroll.End && v.replies.pending() == 0 {
			return v.finishFeed(waitingCards)
		}
		if idle > 0 && time.Since(lastNew) > v.source.feedPatience {
			return v.endlessFeed(waitingCards, last)
		}
		if idle%nudgeAfter == nudgeAfter-1 {
			_ = evaluate(v.page, nil, nudgeScript) // only helps
		}
		if err := v.replies.wait(ctx, roundEvery); err != nil {
			return err
		}
	}
	return v.endlessFeed(waitingCards, last)
}

// endlessFeed ends with a feed that brings nothing new and does not say that
// it is at its end: not completely, when a reply of it has failed.
func (v *visit) endlessFeed(waiting map[string]int, cards int) error {
	if err := v.finishFeed(waiting); err != nil {
		return err
	}
	if why := v.replies.trouble(); why != "" {
		return fault.Transientf("the results broke off after %d cards: %s", cards, why)
	}
	v.see.Note("warn", fmt.Sprintf("the results ended without saying so, after %d cards", cards))
	return nil
}

func (v *visit) finishFeed(waiting map[string]int) error {
	if err := v.tellReplies(); err != nil || v.enough() {
		return err
	}
	return v.tellCards(waiting, true)
}

// tellReplies tells of the places in the replies that have come.
func (v *visit) tellReplies() error {
	for _, body := range v.replies.take() {
		places, err := parseReply(body, v.source.region)
		if err != nil {
			v.see.Note("warn", err.Error())
			continue
		}
		for _, p := range places {
			if err := v.tell(p); err != nil || v.enough() {
				return err
			}
		}
	}
	return nil
}

// replyRounds is how many rounds a card waits for the reply that says more of it.
const replyRounds = 5

// tellCards tells of the places that only their cards show: those whose reply
// has not come in a while, or all when the feed has ended.
func (v *visit) tellCards(waiting map[string]int, all bool) error {
	var cards []card
	if err := evaluate(v.page, &cards, cardsScript); err != nil {
		return fmt.Errorf("reading the results: %w", err)
	}
	for _, c := range cards {
		if c.Sponsored || clean(c.Name) == "" {
			continue
		}
		p := c.place(v.source.region)
		key := p.Identity().Key()
		if v.told.has(p) {
			continue
		}
		if waiting[key]++; !all && waiting[key] < replyRounds {
			continue
		}
		if err := v.tell(p); err != nil || v.enough() {
			return err
		}
	}
	return nil
}

// readPlace tells of the one place that the search led to.
func (v *visit) readPlace() error {
	var text string
	if err := evaluate(v.page, &text, initialStateScript); err != nil {
		return fmt.Errorf("reading the place: %w", err)
	}
	var shown panel
	if err := evaluate(v.page, &shown, panelScript); err != nil {
		return fmt.Errorf("reading the place: %w", err)
	}
	return v.tell(business.Complete(parsePlace(text, v.source.region), shown.place(v.source.region)))
}

func (v *visit) tell(p business.Place) error {
	if v.told.has(p) {
		return nil
	}
	if err := v.see.Found(p); err != nil {
		v.own = true
		return err
	}
	v.told.add(p)
	return nil
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

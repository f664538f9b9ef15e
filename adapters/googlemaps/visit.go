package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-rod/rod"
	"github.com/go-rod/rod/lib/proto"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	openWithin = 45 * time.Second // for the results page to show what it is
	// scrollPatience is how long a feed may bring nothing new until it is
	// taken for finished: longer than any stall seen.
	scrollPatience = 12 * time.Second
	roundEvery     = 300 * time.Millisecond
	nudgeAfter     = 5 // rounds without anything new
	maxRounds      = 2000
)

// visit is one search in one page.
type visit struct {
	source  *Source
	page    *rod.Page
	query   app.SearchQuery
	see     app.Sightings
	replies *replies
	seen    map[string]bool // by each key of a place's identity
	found   int
	own     bool // the error at hand is of the listener's, not the browser's
}

func newVisit(s *Source, page *rod.Page, q app.SearchQuery, see app.Sightings) *visit {
	return &visit{source: s, page: page, query: q, see: see, seen: map[string]bool{}}
}

func (v *visit) run(ctx context.Context) error {
	if err := v.prepare(); err != nil {
		return err
	}
	v.replies = listen(ctx, v.page)
	v.see.Reached(app.SearchReady)
	if err := v.page.Navigate(v.source.searchURL(v.query)); err != nil {
		return fault.Transientf("opening the map site: %w", err)
	}
	state, err := v.settled(ctx)
	if err != nil {
		return err
	}
	if strings.Contains(state.Text, limitedText) {
		v.see.Note("warn", "the map site shows a limited view: review counts may be missing")
	}
	switch {
	case state.Feed:
		v.see.Reached(app.SearchStarted)
		return v.readFeed(ctx)
	case state.Place:
		v.see.Reached(app.SearchStarted)
		return v.readPlace()
	default: // settled answers nothing else without an error
		v.see.Reached(app.SearchStarted)
		v.see.Note("info", "the map site finds nothing for this search")
		return nil
	}
}

// prepare makes the page look like an ordinary browser's.
func (v *visit) prepare() error {
	return v.page.SetUserAgent(&proto.NetworkSetUserAgentOverride{
		UserAgent: v.source.browsers.agent(), AcceptLanguage: v.source.language + ",en;q=0.8",
	})
}

// pageState is what stateScript reads.
type pageState struct {
	Host    string `json:"host"`
	Path    string `json:"path"`
	Ready   string `json:"ready"`
	Consent bool   `json:"consent"`
	Captcha bool   `json:"captcha"`
	Feed    bool   `json:"feed"`
	Place   bool   `json:"place"`
	Text    string `json:"text"`
}

func (s pageState) nothing() bool {
	return strings.Contains(s.Text, noResultText) || strings.Contains(s.Text, noResultHint)
}

// settled waits until the page is results, a place, or says that there is
// nothing; on the way it answers the question for consent.
func (v *visit) settled(ctx context.Context) (pageState, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, openWithin, errUnknownPage)
	defer cancel()
	for {
		var state pageState
		// A page in mid-navigation has no state; the next look has.
		_ = evaluate(v.page, &state, stateScript, consentForm, captchaForm, placeTitleSelector, feedSelector)
		switch {
		case state.Captcha || strings.Contains(state.Path, "/sorry/") || v.replies.status() == 429:
			return state, fault.Postpone(v.source.now().Add(blockedFor), "blocked: the map site takes this search for a robot's")
		case state.Consent:
			v.refuseCookies()
		case state.Feed || state.Place || state.nothing():
			return state, nil
		case v.replies.status() >= 500:
			return state, fault.Transientf("the map site answered %d", v.replies.status())
		}
		select {
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errUnknownPage) {
				v.source.evidence.keep(v.page, v.see)
				return state, errUnknownPage
			}
			return state, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var errUnknownPage = fault.Transientf("the map site shows neither results nor a place nor a known message")

// refuseCookies clicks the button that refuses, or else the one that accepts.
// A page that is moving on already has none, and is looked at again.
func (v *visit) refuseCookies() { _ = evaluate(v.page, nil, consentScript, consentLabels) }

// readFeed scrolls to the end, or until enough is found.
func (v *visit) readFeed(ctx context.Context) error {
	last, lastNew, idle := 0, time.Now(), 0
	waitingCards := map[string]int{} // rounds that a card without a reply has been seen in
	for range maxRounds {
		if err := v.tellReplies(); err != nil || v.enough() {
			return err
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
		if err := v.tellCards(waitingCards, scroll.End); err != nil || v.enough() {
			return err
		}
		if scroll.Cards > last {
			last, lastNew, idle = scroll.Cards, time.Now(), 0
		} else {
			idle++
		}
		if scroll.End && v.replies.pending() == 0 {
			return v.finishFeed(waitingCards)
		}
		if idle > 0 && time.Since(lastNew) > scrollPatience {
			v.see.Note("warn", fmt.Sprintf("the results ended without saying so, after %d cards", last))
			return v.finishFeed(waitingCards)
		}
		if idle%nudgeAfter == nudgeAfter-1 {
			_ = evaluate(v.page, nil, nudgeScript) // only helps
		}
		if err := v.replies.wait(ctx, roundEvery); err != nil {
			return err
		}
	}
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
		if v.known(p) {
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
	p, ok := parsePlace(text, v.source.region)
	if !ok {
		p = shown.place(v.source.region)
	} else {
		p = business.Complete(p, shown.place(v.source.region))
	}
	return v.tell(p)
}

func (v *visit) known(p business.Place) bool {
	for _, key := range p.Identity().Keys() {
		if v.seen[key] {
			return true
		}
	}
	return false
}

func (v *visit) tell(p business.Place) error {
	if v.known(p) {
		return nil
	}
	if err := v.see.Found(p); err != nil {
		v.own = true
		return err
	}
	for _, key := range p.Identity().Keys() {
		v.seen[key] = true
	}
	v.found++
	return nil
}

func (v *visit) enough() bool { return v.found >= v.query.MaxResults }

// evaluate runs a script in the page, and decodes its answer.
func evaluate(page *rod.Page, into any, script string, args ...any) error {
	answer, err := page.Eval(script, args...)
	if err != nil || into == nil {
		return err
	}
	return answer.Value.Unmarshal(into)
}

package googlemaps

import (
	"context"
	"fmt"
	"time"

	"leadstream/domain/business"
	"leadstream/domain/fault"
)

const (
	roundEvery = 300 * time.Millisecond // of scrolling
	// drawnAfter is a shorter round, in which the page draws the reply that has
	// come: only then is there something to scroll to.
	drawnAfter = 50 * time.Millisecond
	nudgeAfter = 5 // rounds without anything new
	maxRounds  = 2000
	// replyRounds is how many rounds a card waits for the reply that says more of it.
	replyRounds   = 5
	drawingRounds = 4
	// cardRounds is how many rounds a place that lacks something waits for its card.
	cardRounds = 2
)

// feed is one list of results that is scrolled through.
type feed struct {
	*visit

	last    int       // cards in the newest round that had more than before
	lastNew time.Time // when that was
	idle    int       // rounds since
	drawing int       // rounds left in which a reply that has come may be drawn
	fresh   []sighting
	waiting map[string]int  // rounds that a card without a reply has been seen in
	counted map[string]bool // links of cards whose fields are counted
	unread  map[string]bool // and of those without a name
}

// sighting is a place of a reply that is not told of yet.
type sighting struct {
	place  business.Place
	rounds int
}

// readFeed scrolls to the end, or until enough is found.
func (v *visit) readFeed(ctx context.Context) error {
	f := &feed{visit: v, lastNew: time.Now(), waiting: map[string]int{}, counted: map[string]bool{}, unread: map[string]bool{}}
	f.takeInitial()
	err := f.scrollThrough(ctx)
	v.cards = f.last
	// A list in which nothing was found, not even something unwanted, is one
	// that is not understood: where there is nothing the site says so.
	if err == nil && v.told.empty() && (f.last == 0 || len(f.unread) > 0) {
		return errUnreadable
	}
	return err
}

func (f *feed) scrollThrough(ctx context.Context) error {
	for range maxRounds {
		done, err := f.round()
		if err != nil || done || f.enough() {
			return err
		}
		if f.idle%nudgeAfter == nudgeAfter-1 {
			_ = evaluate(f.page, nil, nudgeScript) // only helps
		}
		pace := roundEvery
		if f.drawing > 0 {
			pace = drawnAfter
		}
		if err := f.replies.wait(ctx, pace); err != nil {
			return err
		}
	}
	return f.endless()
}

// round scrolls once and tells of what is new; done is true at the list's end.
func (f *feed) round() (done bool, err error) {
	f.takeReplies()
	if f.replies.refused() {
		if err := f.tellAll(); err != nil || f.enough() {
			return true, err
		}
		return false, f.blocked()
	}
	var scroll struct {
		Cards int  `json:"cards"`
		End   bool `json:"end"`
		Gone  bool `json:"gone"`
	}
	if err := evaluate(f.page, &scroll, scrollScript); err != nil {
		return false, fmt.Errorf("scrolling the results: %w", err)
	}
	if scroll.Gone {
		return false, f.gone()
	}
	if scroll.Cards > f.last {
		f.last, f.lastNew, f.idle, f.drawing = scroll.Cards, time.Now(), 0, 0
	} else {
		f.idle++
		f.drawing--
	}
	switch quiet := f.replies.pending() == 0; {
	case scroll.End && quiet:
		return true, f.tellAll()
	case f.idle > 0 && time.Since(f.lastNew) > f.source.feedPatience:
		return true, f.endless()
	default:
		return false, f.tellNew(quiet, false)
	}
}

// gone tells why the list is not there any more.
func (f *feed) gone() error {
	if err := f.tellFresh(nil, true); err != nil || f.enough() {
		return err
	}
	if f.look(f.page).blocked() {
		return f.blocked()
	}
	return fault.Transientf("the results went away while they were read")
}

// endless ends with a list that brings nothing new and does not say that it is
// at its end: not completely, when a reply of it has failed.
func (f *feed) endless() error {
	if err := f.tellAll(); err != nil || f.enough() {
		return err
	}
	if why := f.replies.trouble(); why != "" {
		return fault.Transientf("the results broke off after %d cards: %s", f.last, why)
	}
	f.see.Note("warn", fmt.Sprintf("the results ended without saying so, after %d cards", f.last))
	return nil
}

// takeInitial reads the results that the page came with, where it did; what it
// holds besides is none of ours.
func (f *feed) takeInitial() {
	var texts []string
	_ = evaluate(f.page, &texts, initialRepliesScript) // the cards show the same places
	for _, text := range texts {
		if places, err := parseReply([]byte(text), f.region, nil); err == nil && len(places) > 0 {
			f.take([]byte(text))
		}
	}
}

func (f *feed) takeReplies() {
	for _, body := range f.replies.take() {
		f.take(body)
		f.drawing = drawingRounds
	}
}

func (f *feed) take(body []byte) {
	places, err := parseReply(body, f.region, f.reads)
	if err != nil {
		f.see.Note("warn", err.Error())
	}
	for _, p := range places {
		f.fresh = append(f.fresh, sighting{place: p})
	}
}

func (f *feed) tellAll() error {
	f.takeReplies()
	return f.tellNew(true, true)
}

// tellNew tells of places in replies, completed by their cards, and of those
// that only their cards show, which takes until no reply is on its way.
func (f *feed) tellNew(quiet, all bool) error {
	var cards []card
	if err := evaluate(f.page, &cards, cardsScript, sponsoredLabels); err != nil {
		return fmt.Errorf("reading the results: %w", err)
	}
	shown := f.places(cards)
	if err := f.tellFresh(shown, all); err != nil || f.enough() || !quiet {
		return err
	}
	return f.tellCards(shown, all)
}

// places reads the cards that nobody has paid for; each is counted once.
func (f *feed) places(cards []card) []business.Place {
	shown := make([]business.Place, 0, len(cards))
	for _, c := range cards {
		if c.Sponsored {
			continue
		}
		p := c.place(f.region)
		if !f.counted[c.Href] {
			f.counted[c.Href] = true
			c.count(f.reads, p)
		}
		if p.Name == "" {
			f.unread[c.Href] = true
			continue
		}
		shown = append(shown, p)
	}
	return shown
}

// tellFresh tells of the places in replies; one that lacks something waits a
// little for its card, which may have it.
func (f *feed) tellFresh(shown []business.Place, all bool) error {
	cards := map[string]business.Place{}
	for _, p := range shown {
		for _, key := range p.Identity().Keys() {
			cards[key] = p
		}
	}
	var later []sighting
	for _, s := range f.fresh {
		seen, known := cardOf(s.place, cards)
		if s.rounds++; !known && hasGaps(s.place) && !all && s.rounds <= cardRounds {
			later = append(later, s)
			continue
		}
		if err := f.tell(business.Complete(s.place, seen)); err != nil || f.enough() {
			f.fresh = nil
			return err
		}
	}
	f.fresh = later
	return nil
}

func cardOf(p business.Place, cards map[string]business.Place) (business.Place, bool) {
	for _, key := range p.Identity().Keys() {
		if seen, known := cards[key]; known {
			return seen, true
		}
	}
	return business.Place{}, false
}

func hasGaps(p business.Place) bool {
	return p.Phone == "" || p.Website == "" || p.Rating == nil || p.Address == ""
}

// tellCards tells of the places that only their cards show: those whose reply
// has not come in a while, or all when the list has ended.
func (f *feed) tellCards(shown []business.Place, all bool) error {
	for _, p := range shown {
		if f.told.has(p) {
			continue
		}
		key := p.Identity().Key()
		if f.waiting[key]++; !all && f.waiting[key] < replyRounds {
			continue
		}
		if err := f.tell(p); err != nil || f.enough() {
			return err
		}
	}
	return nil
}

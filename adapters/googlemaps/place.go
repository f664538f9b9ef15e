package googlemaps

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"leadstream/domain/business"
	"leadstream/domain/fault"
)

// readPlace tells of the one place that the search led to.
func (v *visit) readPlace() error {
	p, err := v.placeInPage()
	if err != nil {
		return err
	}
	v.cards = 1
	if v.told.has(p) {
		return nil
	}
	if v.area.excludes(p) {
		v.outside++
		return nil
	}
	if err := v.emit(p); err != nil {
		return err
	}
	v.told.add(p, true)
	return nil
}

// placeInPage reads a place's page: its initial state, and the panel for what
// that lacks.
func (v *visit) placeInPage() (business.Place, error) {
	var text string
	if err := evaluate(v.page, &text, initialStateScript); err != nil {
		return business.Place{}, fmt.Errorf("reading the place: %w", err)
	}
	var shown panel
	if err := evaluate(v.page, &shown, panelScript); err != nil {
		return business.Place{}, fmt.Errorf("reading the place: %w", err)
	}
	seen := shown.place(v.region)
	shown.count(v.reads, seen)
	p := business.Complete(parsePlace(text, v.region, v.reads), seen)
	if v.limited && p.ReviewsCount != nil && *p.ReviewsCount == 0 {
		p.ReviewsCount = nil
	}
	return p, nil
}

// maxUnread is after how many place pages in a row that cannot be read no more
// are opened.
const maxUnread = 3

// finishHeld opens the pages of the places that were held back, and tells of
// each; when the search has failed it tells of them as they are.
func (v *visit) finishHeld(ctx context.Context, failed error) error {
	unread := 0 // pages in a row
	for i, p := range v.held {
		if failed == nil && unread < maxUnread {
			var read bool
			if p, read, failed = v.closer(ctx, p); read {
				unread = 0
			} else if unread++; unread == maxUnread {
				v.see.Note("warn", "the pages of places cannot be read: the rest is told of as it is")
			}
		}
		if err := v.emit(p); err != nil {
			return err
		}
		if failed == nil && (i+1)%25 == 0 {
			v.see.Note("info", fmt.Sprintf("looked closer at %d of %d places", i+1, len(v.held)))
		}
	}
	return failed
}

// closer completes a place from its own page. A page that cannot be read costs
// nothing but its details, one that is refused the search.
func (v *visit) closer(ctx context.Context, p business.Place) (completed business.Place, read bool, err error) {
	address, known := v.source.placeURL(p)
	if !known {
		return p, false, nil
	}
	state, err := v.open(ctx, address, v.source.openWithin)
	switch {
	case fault.Is(err, fault.Postponed) || ctx.Err() != nil || errors.Is(err, errProxyRefused):
		return p, false, err
	case err != nil || !state.Place:
		v.see.Note("warn", fmt.Sprintf("the page of %s could not be read", p.Name))
		return p, false, nil //nolint:nilerr // the place itself is known, and the job's log says what is missing
	}
	seen, err := v.placeInPage()
	if err != nil {
		return p, false, err
	}
	if !samePlace(p, seen) {
		v.see.Note("warn", fmt.Sprintf("the page of %s shows another place", p.Name))
		return p, false, nil
	}
	return business.Complete(p, seen), true, nil
}

// samePlace guards against a link that leads elsewhere: none of the ids in
// common although both have some.
func samePlace(a, b business.Place) bool {
	known := newTold()
	known.add(a, true)
	return known.has(b) || a.Name == b.Name
}

// placeURL is the place's own page: by its link, if that is of this site, else
// by its CID; false without either.
func (s *Source) placeURL(p business.Place) (address string, known bool) {
	u, err := url.Parse(p.MapURL)
	if err != nil || u.Host != s.base.Host {
		if p.CID == "" {
			return "", false
		}
		u = s.base.JoinPath("maps")
		u.RawQuery = url.Values{"cid": {p.CID}}.Encode()
	}
	query := u.Query()
	query.Set("hl", s.language)
	query.Set("gl", strings.ToLower(s.region))
	u.RawQuery = query.Encode()
	return u.String(), true
}

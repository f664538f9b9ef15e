package googlemaps

import (
	"context"
	"errors"
	"sync"
	"time"

	"leadstream/domain/fault"
)

// locateWithin bounds the look-up of a location, without which a search goes on.
const locateWithin = 15 * time.Second

// maxLocations are remembered, then all are forgotten.
const maxLocations = 1000

// location is where a search looks around.
type location struct {
	point

	country string // two letters, empty where that is not told
}

// locations remembers where places are that people search around.
type locations struct {
	mu    sync.Mutex
	known map[string]location
}

func (l *locations) get(name string) (location, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, known := l.known[name]
	return p, known
}

func (l *locations) put(name string, p location) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= maxLocations {
		l.known = map[string]location{}
	}
	l.known[name] = p
}

// locate finds out where the radius is to be drawn. The site itself knows: a
// search for the location alone leads to its page. One that it does not know,
// or knows several of, is searched by its words, without a radius.
func (v *visit) locate(ctx context.Context) error {
	if v.query.RadiusKM <= 0 {
		return nil
	}
	at, known := parsePoint(v.query.Location)
	centre := location{point: at}
	if !known {
		centre, known = v.source.locations.get(v.query.Location)
	}
	if !known {
		var err error
		if centre, known, err = v.lookUp(ctx); err != nil {
			return err
		}
	}
	if !known {
		v.see.Note("warn", "the map site does not say where the location is: places are not limited to the radius")
		return nil
	}
	v.source.locations.put(v.query.Location, centre)
	v.region = regionOf(centre.country, v.region)
	v.area = &area{centre: centre.point, metres: v.query.RadiusKM * 1000, exact: true}
	return nil
}

func (v *visit) lookUp(ctx context.Context) (location, bool, error) {
	state, err := v.open(ctx, v.source.locationURL(v.query), min(locateWithin, v.source.openWithin))
	switch {
	case ctx.Err() != nil:
		return location{}, false, ctx.Err()
	case errors.Is(err, errUnknownPage):
		return location{}, false, nil
	case err != nil:
		return location{}, false, err
	case !state.Place:
		return location{}, false, nil
	}
	var text string
	if err := evaluate(v.page, &text, initialStateScript); err != nil {
		return location{}, false, fault.Transientf("reading the location: %w", err)
	}
	told := parsePlace(text, v.region, nil)
	at, known := pointOf(placeOfLink(state.Href))
	if !known {
		at, known = pointOf(told)
	}
	return location{at, told.Country}, known, nil
}

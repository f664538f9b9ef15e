package overpass

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/domain/fault"
)

// Attribution is what the licence of OpenStreetMap's data wants shown with them.
const Attribution = "© OpenStreetMap contributors"

// Options is what the source needs.
type Options struct {
	HTTP           *http.Client
	NominatimURL   string        // https://nominatim.openstreetmap.org
	OverpassURL    string        // https://overpass-api.de/api/interpreter
	UserAgent      string        // who asks, as both services' rules want to know
	NominatimEvery time.Duration // between two look-ups; default 1 s, the most that its rules allow
	Now            app.Clock     // default time.Now
}

// Source is an app.Source. Safe for concurrent use.
type Source struct{ client *client }

var _ app.Source = (*Source)(nil)

// New makes a source.
func New(o Options) *Source {
	if o.NominatimEvery == 0 {
		o.NominatimEvery = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Source{newClient(o)}
}

// Search tells of the places within the radius, nearest first.
func (s *Source) Search(ctx context.Context, q app.SearchQuery, see app.Sightings) error {
	see.Reached(app.SearchReady)
	at, err := s.client.locate(ctx, q.Location)
	if err != nil {
		return err
	}
	see.Note("info", fmt.Sprintf("searching %g km around %s", q.RadiusKM, at.Name))
	found, err := s.client.query(ctx, queryFor(q.BusinessType, at, q.RadiusKM))
	if err != nil {
		return err
	}
	see.Reached(app.SearchStarted)
	if err := tell(places(found.Elements, at), q.MaxResults, see); err != nil {
		return err
	}
	if found.Remark != "" {
		return fault.Transientf("overpass gave only a part: %.200s", found.Remark)
	}
	return nil
}

// tell passes each place on once: OpenStreetMap often has a business as a point
// and as a building.
func tell(places []business.Place, most int, see app.Sightings) error {
	var told sightings
	for _, p := range places {
		if len(told.list) >= most {
			return nil
		}
		if told.has(p) {
			continue
		}
		if err := see.Found(p); err != nil {
			return err
		}
		told.add(p)
	}
	return nil
}

// places are those of the elements that can be one, nearest first.
func places(elements []element, at centre) []business.Place {
	var list []business.Place
	for _, e := range elements {
		if p, ok := e.place(at.Country); ok {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b business.Place) int {
		return int(math.Round(metres(at.Lat, at.Lon, *a.Latitude, *a.Longitude) - metres(at.Lat, at.Lon, *b.Latitude, *b.Longitude)))
	})
	return list
}

// sightings remembers what was told of.
type sightings struct{ list []business.Place }

// sameWithin is how far apart, in metres, a business may be drawn twice.
const sameWithin = 100

func (s *sightings) has(p business.Place) bool {
	return slices.ContainsFunc(s.list, func(q business.Place) bool {
		if p.Name != q.Name {
			return false
		}
		return p.Address != "" && p.Address == q.Address || metres(*p.Latitude, *p.Longitude, *q.Latitude, *q.Longitude) < sameWithin
	})
}

func (s *sightings) add(p business.Place) { s.list = append(s.list, p) }

// metres is exact enough for the radius of a search.
func metres(lat1, lon1, lat2, lon2 float64) float64 {
	const perDegree = 111_195
	x := (lon1 - lon2) * math.Cos((lat1+lat2)/2*math.Pi/180)
	return perDegree * math.Hypot(x, lat1-lat2)
}

package googlemaps

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"leadstream/domain/business"
)

// point is a place on earth, in degrees.
type point struct{ lat, lng float64 }

const (
	earthRadius     = 6_371_000.0 // metres
	metresPerDegree = earthRadius * math.Pi / 180
)

// metresTo is the way as the crow flies, by the haversine formula.
func (p point) metresTo(q point) float64 {
	half := func(degrees float64) float64 { s := math.Sin(degrees * math.Pi / 360); return s * s }
	h := half(q.lat-p.lat) + math.Cos(p.lat*math.Pi/180)*math.Cos(q.lat*math.Pi/180)*half(q.lng-p.lng)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// moved is so many metres to the north and east; near the poles, where degrees
// of longitude vanish, it does not go beyond them.
func (p point) moved(north, east float64) point {
	width := metresPerDegree * math.Max(0.01, math.Cos(p.lat*math.Pi/180))
	return point{math.Max(-85, math.Min(85, p.lat+north/metresPerDegree)), p.lng + east/width}
}

func (p point) valid() bool {
	return math.Abs(p.lat) <= 90 && math.Abs(p.lng) <= 180 && (p.lat != 0 || p.lng != 0)
}

// pointOf is where a place is, false where that is not told.
func pointOf(p business.Place) (point, bool) {
	if p.Latitude == nil || p.Longitude == nil {
		return point{}, false
	}
	at := point{*p.Latitude, *p.Longitude}
	return at, at.valid()
}

// area is the circle that is searched.
type area struct {
	centre point
	metres float64 // its radius
	exact  bool    // false for a centre that is only guessed, which excludes nothing
}

func (a *area) excludes(p business.Place) bool {
	at, told := pointOf(p)
	return a != nil && a.exact && told && a.centre.metresTo(at) > a.metres
}

// tile is a square of the area that is searched by itself.
type tile struct {
	centre point
	half   float64 // metres from its centre to its sides
	depth  int
}

// holds tells whether a point lies in the tile, or just beside it.
func (t tile) holds(p point) bool {
	const generous = 1.1
	north := math.Abs(p.lat-t.centre.lat) * metresPerDegree
	east := math.Abs(p.lng-t.centre.lng) * metresPerDegree * math.Cos(t.centre.lat*math.Pi/180)
	return north <= t.half*generous && east <= t.half*generous
}

// tiles cover the area with a grid of so many by so many; squares that lie
// outside the circle are left out.
func (a *area) tiles(perSide int) []tile {
	return a.cut(tile{centre: a.centre, half: a.metres}, perSide)
}

func (a *area) cut(t tile, perSide int) []tile {
	var parts []tile
	half := t.half / float64(perSide)
	for row := range perSide {
		for column := range perSide {
			offset := func(i int) float64 { return (2*float64(i)+1)*half - t.half }
			part := tile{t.centre.moved(-offset(row), offset(column)), half, t.depth + 1}
			if a.centre.metresTo(part.centre) <= a.metres+half*math.Sqrt2 {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

const (
	// pixelsInView is the lesser side of the map in the window of tab.go, as
	// far as the panel with the results does not hide it.
	pixelsInView         = 800
	metresPerPixelAtZero = 2 * math.Pi * earthRadius / 256
	minZoom, maxZoom     = 3, 19
)

// zoom is the greatest at which the whole tile is in view; it may be between
// two whole ones.
func (t tile) zoom() float64 {
	wanted := math.Max(2*t.half, 1) / pixelsInView
	zoom := math.Log2(metresPerPixelAtZero * math.Cos(t.centre.lat*math.Pi/180) / wanted)
	return math.Max(minZoom, math.Min(maxZoom, math.Floor(100*zoom)/100))
}

// centroid is the middle of places, which stands in for a centre that nobody knows.
func centroid(points []point) (point, bool) {
	if len(points) == 0 {
		return point{}, false
	}
	var sum point
	for _, p := range points {
		sum.lat, sum.lng = sum.lat+p.lat, sum.lng+p.lng
	}
	n := float64(len(points))
	return point{sum.lat / n, sum.lng / n}, true
}

var coordinates = regexp.MustCompile(`^(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)$`)

// parsePoint reads a location that is given as "40.26, -74.27".
func parsePoint(location string) (point, bool) {
	m := coordinates.FindStringSubmatch(strings.TrimSpace(location))
	if m == nil {
		return point{}, false
	}
	lat, errLat := strconv.ParseFloat(m[1], 64)
	lng, errLng := strconv.ParseFloat(m[2], 64)
	at := point{lat, lng}
	return at, errLat == nil && errLng == nil && at.valid()
}

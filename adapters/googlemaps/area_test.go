package googlemaps

import (
	"math"
	"testing"

	"leadstream/domain/business"
)

func TestDistances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b   point
		metres float64
	}{
		{point{40.26, -74.27}, point{40.26, -74.27}, 0},
		{point{48.8566, 2.3522}, point{52.52, 13.405}, 877_460},          // Paris, Berlin
		{point{-33.8688, 151.2093}, point{51.5074, -0.1278}, 16_994_000}, // Sydney, London
		{point{10, 179.99}, point{10, -179.99}, 2190},                    // over the date line
	} {
		if got := tt.a.metresTo(tt.b); math.Abs(got-tt.metres) > 0.01*tt.metres+0.1 {
			t.Errorf("%v to %v is %.0f m, want %.0f", tt.a, tt.b, got, tt.metres)
		}
	}
}

// TestTilesCoverTheArea looks for every point of the circle in a tile, before
// and after one of them is cut.
func TestTilesCoverTheArea(t *testing.T) {
	t.Parallel()
	for _, a := range []*area{{centre: point{40.26, -74.27}, metres: 5000}, {centre: point{-54.8, -68.3}, metres: 50_000}, {centre: point{0.5, 10}, metres: 300}} {
		for _, perSide := range []int{1, 2, 3} {
			tiles := a.tiles(perSide)
			tiles = append(tiles[1:], a.cut(tiles[0], 2)...)
			for angle := range 36 {
				for _, share := range []float64{0, 0.3, 0.7, 0.99} {
					radians := float64(angle) * math.Pi / 18
					p := a.centre.moved(share*a.metres*math.Sin(radians), share*a.metres*math.Cos(radians))
					if !inOne(tiles, p) {
						t.Fatalf("%v around %v is in none of %d tiles", p, a.centre, len(tiles))
					}
				}
			}
		}
	}
}

func inOne(tiles []tile, p point) bool {
	for _, t := range tiles {
		const generous = 1.02 // a degree of longitude is not as long in the north of a tile as in its middle
		north := math.Abs(p.lat-t.centre.lat) * metresPerDegree
		east := math.Abs(p.lng-t.centre.lng) * metresPerDegree * math.Cos(t.centre.lat*math.Pi/180)
		if north <= t.half*generous && east <= t.half*generous {
			return true
		}
	}
	return false
}

func TestZoomShowsTheTile(t *testing.T) {
	t.Parallel()
	for half, zoom := range map[float64]float64{100: 18.86, 250: 17.54, 1000: 15.54, 5000: 13.22, 50_000: 9.9, 1e9: minZoom, 0: maxZoom} {
		if got := (tile{centre: point{40.26, -74.27}, half: half}).zoom(); math.Abs(got-zoom) > 0.02 {
			t.Errorf("%v m: zoom %v, want %v", half, got, zoom)
		}
	}
}

func TestLocationsAsCoordinates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]point{
		"40.26,-74.27": {40.26, -74.27}, " 40.26 , -74.27 ": {40.26, -74.27}, "-33;151.2": {-33, 151.2}, "Freehold, NJ": {}, "91, 10": {}, "07728": {}, "1, 200": {}, "0,0": {}, "": {},
	} {
		if got, ok := parsePoint(text); ok != (want != point{}) || ok && got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
}

func TestAreaExcludesOnlyWhatIsKnownToBeOutside(t *testing.T) {
	t.Parallel()
	at := func(lat, lng float64) business.Place {
		return business.Place{Name: "x", Latitude: &lat, Longitude: &lng}
	}
	exact, guessed := &area{point{40, -74}, 1000, true}, &area{point{40, -74}, 1000, false}
	var none *area
	for _, tt := range []struct {
		name     string
		area     *area
		place    business.Place
		excluded bool
	}{
		{"inside", exact, at(40.008, -74), false}, {"outside", exact, at(40.01, -74), true}, {"nowhere", exact, business.Place{Name: "x"}, false},
		{"at nought", exact, at(0, 0), false}, {"a guessed centre", guessed, at(41, -74), false}, {"no area", none, at(41, -74), false},
	} {
		if got := tt.area.excludes(tt.place); got != tt.excluded {
			t.Errorf("%s: excluded is %v", tt.name, got)
		}
	}
}

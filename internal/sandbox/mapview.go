package sandbox

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// view is the part of the map that a search looks at; the zero view is where
// its words say.
type view struct {
	lat, lng float64
	metres   float64 // of its height
}

const (
	earthMetres    = 40_075_017 // around the equator
	viewPixels     = 1024       // of its height
	metresPerPixel = float64(earthMetres) / 256
)

// An address may name the view, "/@40.26,-74.27,15z", as may the parameter pb
// of the feed's request, "!1d1800!2d-74.27!3d40.26".
var (
	viewInPath = regexp.MustCompile(`/@(-?[\d.]+),(-?[\d.]+),([\d.]+)z`)
	viewInPB   = regexp.MustCompile(`!1d([\d.]+)!2d(-?[\d.]+)!3d(-?[\d.]+)`)
)

func viewOfPath(path string) (v view, rest string) {
	m := viewInPath.FindStringSubmatch(path)
	if m == nil {
		return view{}, path
	}
	rest, _, _ = strings.Cut(path, "/@")
	v.lat, v.lng = number(m[1]), number(m[2])
	v.metres = viewPixels * metresPerPixel * math.Cos(v.lat*math.Pi/180) / math.Pow(2, number(m[3]))
	return v, rest
}

func viewOfPB(pb string) view {
	m := viewInPB.FindStringSubmatch(pb)
	if m == nil {
		return view{}
	}
	return view{lat: number(m[3]), lng: number(m[2]), metres: number(m[1])}
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64) // matched as one; 0 is as good as what it cannot hold
	return n
}

// pb is how the view is told in the feed's requests; empty for the zero view.
func (v view) pb() string {
	if v == (view{}) {
		return ""
	}
	return fmt.Sprintf("!4m8!1m3!1d%.1f!2d%.6f!3d%.6f", v.metres, v.lng, v.lat)
}

// shows is generous, as the map is: what is a little outside is shown too.
func (v view) shows(b Business) bool {
	if v == (view{}) {
		return true
	}
	const generous = 0.55
	north, east := v.offset(b)
	return math.Abs(north) <= generous*v.metres && math.Abs(east) <= generous*v.metres
}

// offset is how many metres to the north and east of the view's middle it is.
func (v view) offset(b Business) (north, east float64) {
	const metresPerDegree = earthMetres / 360.0
	return (b.Lat - v.lat) * metresPerDegree, (b.Lng - v.lng) * metresPerDegree * math.Cos(v.lat*math.Pi/180)
}

func (v view) metresTo(b Business) float64 { return math.Hypot(v.offset(b)) }

// Place is a town as the map knows it.
type Place struct {
	Name     string
	Lat, Lng float64
}

// Locate is the town that a search names and nothing else.
func (t *Town) Locate(query string) (Place, bool) {
	query = strings.ToLower(query)
	for _, c := range cities {
		rest, found := strings.CutPrefix(query, strings.ToLower(c.name))
		if !found && strings.HasPrefix(query, c.zip) {
			rest, found = strings.TrimPrefix(query, c.zip), true
		}
		if found && onlyTheState(rest) {
			c = c.spread(t.spread)
			return Place{c.name, c.lat, c.lng}, true
		}
	}
	return Place{}, false
}

var wordsOfTheState = map[string]bool{"nj": true, "new": true, "jersey": true, "usa": true, "us": true, "united": true, "states": true, "township": true}

func onlyTheState(words string) bool {
	for word := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == ' ' || r == ',' || r == '+' }) {
		if !wordsOfTheState[word] && (len(word) != 5 || !strings.HasPrefix(word, "077")) {
			return false
		}
	}
	return true
}

// link is where a search for the place leads.
func (p Place) link() string {
	return fmt.Sprintf("/maps/place/%s/@%.7f,%.7f,14z/data=!4m6!3m5!1s0x89c3d0:0x%x!8m2!3d%.7f!4d%.7f!16zL20vMDE",
		url.PathEscape(p.Name+", NJ"), p.Lat, p.Lng, len(p.Name), p.Lat, p.Lng)
}

// serveTown shows a town's page, which has the form of any place's.
func (s *Server) serveTown(w http.ResponseWriter, r *http.Request, name string) bool {
	p, known := s.town.Locate(name)
	if !known {
		return false
	}
	d := make([]any, 184)
	d[9], d[11], d[183] = []any{nil, nil, p.Lat, p.Lng}, p.Name, []any{[]any{}, []any{nil, nil, nil, p.Name, nil, "New Jersey", "US"}}
	tongue := tongueOf(searchOf(r, "", 0).language)
	s.render(w, http.StatusOK, "place.html", map[string]any{
		"B": Business{Name: p.Name}, "Card": cardView{}, "Limited": "", "Other": s.town.businesses[0], "State": stateOf(d), "T": labels(tongue), "Heap": s.options.PageHeap,
	})
	return true
}

// labels are what templates need of a tongue.
func labels(t tongue) map[string]string {
	return map[string]string{"Closed": t.closed, "Address": t.address, "Phone": t.phone, "Reviews": strings.ToLower(t.reviews)}
}

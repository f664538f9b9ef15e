package sandbox

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many results a reply of the feed has.
const pageSize = 20

func (s *Server) serveMap(w http.ResponseWriter, r *http.Request) {
	faults := s.faults.Get()
	switch {
	case strings.HasPrefix(r.URL.Path, "/sorry/") || faults.MapBlock:
		s.render(w, http.StatusTooManyRequests, "sorry.html", nil)
	case strings.HasPrefix(r.URL.Path, "/maps/search/"):
		s.serveSearch(w, r)
	case r.URL.Path == "/search" && r.URL.Query().Get("tbm") == "map":
		s.serveReply(w, r)
	case strings.HasPrefix(r.URL.Path, "/maps/place/"):
		s.servePlace(w, r)
	case r.URL.Path == "/url":
		http.Redirect(w, r, r.URL.Query().Get("q"), http.StatusFound)
	case r.URL.Path == "/map.js":
		w.Header().Set("Content-Type", "text/javascript")
		script, _ := pageFiles.ReadFile("pages/map.js") // embedded
		_, _ = w.Write(script)
	case r.URL.Path == "/pixel.gif":
		w.Header().Set("Content-Type", "image/gif")
		_, _ = w.Write([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) serveSearch(w http.ResponseWriter, r *http.Request) {
	if s.askConsent(w, r) {
		return
	}
	faults := s.faults.Get()
	if s.faults.use(func(s *Switches) *int { return &s.MapFailNext }) {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	if faults.MapBreakMarkup {
		s.render(w, http.StatusOK, "broken.html", nil)
		return
	}
	query := strings.TrimPrefix(r.URL.Path, "/maps/search/")
	found := s.town.Find(query)
	switch len(found) {
	case 0:
		s.render(w, http.StatusOK, "nothing.html", map[string]any{"Query": query})
	case 1:
		http.Redirect(w, r, placeLink(found[0])+"?"+r.URL.RawQuery, http.StatusFound)
	default:
		s.render(w, http.StatusOK, "feed.html", map[string]any{
			"Query": query, "Language": r.URL.Query().Get("hl"), "Country": r.URL.Query().Get("gl"), "Limited": faults.LimitedView,
		})
	}
}

var offsetInPB = regexp.MustCompile(`!8i(\d+)`)

// serveReply answers the feed's own request for its next results.
func (s *Server) serveReply(w http.ResponseWriter, r *http.Request) {
	faults := s.faults.Get()
	pause(r, int(s.options.FeedDelay/time.Millisecond)+faults.MapStallMS)
	offset := 0
	if m := offsetInPB.FindStringSubmatch(r.URL.Query().Get("pb")); m != nil {
		offset, _ = strconv.Atoi(m[1]) // digits
	}
	found := s.town.Find(r.URL.Query().Get("q"))
	page := found[min(offset, len(found)):min(offset+pageSize, len(found))]
	cards := make([]cardView, len(page))
	for i, b := range page {
		cards[i] = cardOf(b, r.URL.Query().Get("hl"))
	}
	// The page draws its cards from what stands behind the arrays that
	// scrapers read, so that its own script needs to know nothing of them.
	reply := []any{searchReply(page), map[string]any{"cards": cards, "end": offset+pageSize >= len(found)}}
	if faults.MapNoJSON {
		reply[0] = []any{"changed"}
	}
	body, err := json.Marshal(reply)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = fmt.Fprintf(w, ")]}'\n%s", body)
}

func (s *Server) servePlace(w http.ResponseWriter, r *http.Request) {
	if s.askConsent(w, r) {
		return
	}
	m := regexp.MustCompile(`!1s(0x[0-9a-f]+:0x[0-9a-f]+)`).FindStringSubmatch(r.URL.Path)
	if m == nil || s.town.byDataID[m[1]] == nil {
		http.NotFound(w, r)
		return
	}
	b := *s.town.byDataID[m[1]]
	array, _ := json.Marshal([]any{nil, nil, nil, nil, nil, nil, businessArray(b)}) // plain values
	state, _ := json.Marshal([]any{nil, nil, nil, map[string]any{"ug": []any{nil, nil, nil, nil, nil, nil, ")]}'\n" + string(array)}}})
	s.render(w, http.StatusOK, "place.html", map[string]any{"B": b, "Card": cardOf(b, r.URL.Query().Get("hl")), "State": template.JS(state)})
}

// placeLink is the link of a card, with the data from which ids and
// coordinates are read.
func placeLink(b Business) string {
	return fmt.Sprintf("/maps/place/%s/data=!4m7!3m6!1s%s!8m2!3d%.7f!4d%.7f!16s%s!19s%s",
		url.PathEscape(b.Name), b.DataID, b.Lat, b.Lng, url.QueryEscape(b.KGMID), b.PlaceID)
}

// cardView is what a card of the feed shows.
type cardView struct {
	Name      string `json:"name"`
	Href      string `json:"href"`
	Rating    string `json:"rating"` // the label that screen readers hear
	Score     string `json:"score"`
	Count     string `json:"count"`
	Category  string `json:"category"`
	Address   string `json:"address"`
	Hours     string `json:"hours"`
	Phone     string `json:"phone"`
	Website   string `json:"website"`
	Sponsored bool   `json:"sponsored"`
}

func cardOf(b Business, language string) cardView {
	c := cardView{
		Name: b.Name, Href: placeLink(b) + "?authuser=0&hl=" + language + "&rclk=1", Category: b.Trade.Category,
		Address: b.Street, Hours: "Open ⋅ Closes 6\u202fPM", Phone: shownPhone(b.Phone), Website: b.Website(),
	}
	if !b.HasAddress {
		c.Address = "59H5+9XG"
	}
	if b.Closed {
		c.Hours = "Permanently closed"
	}
	if b.WrappedSite && c.Website != "" {
		c.Website = "/url?q=" + url.QueryEscape(c.Website) + "&opi=79508299"
	}
	c.Score = fmt.Sprintf("%.1f", b.Rating)
	if strings.HasPrefix(language, "de") {
		c.Score = strings.Replace(c.Score, ".", ",", 1)
	}
	switch {
	case b.Reviews == 0:
		c.Rating, c.Score = "No reviews", ""
	case b.Reviews%3 == 0:
		c.Rating = c.Score + " stars" // since 2026 the count is missing now and then
	default:
		c.Rating, c.Count = fmt.Sprintf("%s stars %d Reviews", c.Score, b.Reviews), fmt.Sprintf("(%d)", b.Reviews)
	}
	return c
}

func shownPhone(e164 string) string {
	if len(e164) != 12 {
		return ""
	}
	return fmt.Sprintf("(%s) %s-%s", e164[2:5], e164[5:8], e164[8:])
}

package sandbox

import (
	"cmp"
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
	path := r.URL.Path
	reply := path == "/search" && r.URL.Query().Get("tbm") == "map"
	switch {
	case strings.HasPrefix(path, "/sorry/"):
		s.count("map_sorry")
		s.render(w, http.StatusTooManyRequests, "sorry.html", nil)
	case path == "/map.js":
		serveScript(w)
	case path == "/pixel.gif":
		s.count("map_image")
		servePixel(w)
	case (reply || strings.HasPrefix(path, "/maps")) && s.faults.mapBlocks():
		http.Redirect(w, r, "http://"+mapHost+"/sorry/index?continue="+url.QueryEscape(r.URL.String()), http.StatusFound)
	case reply:
		s.serveReply(w, r)
	case strings.HasPrefix(path, "/maps/search/"):
		s.serveSearch(w, r)
	case strings.HasPrefix(path, "/maps/place/"):
		s.servePlace(w, r)
	case path == "/maps" && s.town.byCID[r.URL.Query().Get("cid")] != nil:
		http.Redirect(w, r, placeLink(*s.town.byCID[r.URL.Query().Get("cid")]), http.StatusFound)
	case path == "/url":
		http.Redirect(w, r, r.URL.Query().Get("q"), http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) serveSearch(w http.ResponseWriter, r *http.Request) {
	if s.askConsent(w, r) {
		return
	}
	s.count("map_search")
	if s.faults.use(func(s *Switches) *int { return &s.MapFailNext }) {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	pause(r, s.options.PageDelay)
	faults := s.faults.Get()
	switch {
	case faults.MapBreakMarkup:
		s.render(w, http.StatusOK, "broken.html", nil)
		return
	case faults.MapCaptcha:
		s.render(w, http.StatusOK, "sorry.html", nil)
		return
	}
	view, path := viewOfPath(r.URL.Path)
	search := searchOf(r, strings.TrimPrefix(path, "/maps/search/"), 0)
	if place, known := s.town.Locate(search.query); known {
		http.Redirect(w, r, place.link()+"?"+r.URL.RawQuery, http.StatusFound)
		return
	}
	switch found := s.town.find(search.query, view); len(found) {
	case 0:
		t := tongueOf(search.language)
		s.render(w, http.StatusOK, "nothing.html", map[string]any{"Query": search.query, "CannotFind": template.HTML(t.cannotFind), "CheckSpelling": template.HTML(t.checkSpelling)})
	case 1:
		http.Redirect(w, r, placeLink(found[0])+"?"+r.URL.RawQuery, http.StatusFound)
	default:
		s.renderFeed(w, r, search, view, found)
	}
}

func (s *Server) renderFeed(w http.ResponseWriter, r *http.Request, search search, v view, found []Business) {
	faults, t := s.faults.Get(), tongueOf(search.language)
	shown := map[string]any{
		"Query": search.query, "Language": search.language, "Country": cmp.Or(r.URL.Query().Get("gl"), "us"), "Limited": limitedText(faults, t),
		"View": v.pb(), "End": t.end, "Sponsored": t.sponsored, "NoReviews": t.noReviews, "Heap": s.options.PageHeap,
	}
	if faults.MapInlineFirst {
		shown["First"] = search.cards(found, faults)
		shown["State"] = firstState(search, found, faults)
	}
	s.render(w, http.StatusOK, "feed.html", shown)
}

func limitedText(faults Switches, t tongue) template.HTML {
	if faults.LimitedView {
		return template.HTML(t.limited)
	}
	return ""
}

// search is what a page or a reply of the feed is asked for.
type search struct {
	query, language string
	offset          int
}

func searchOf(r *http.Request, query string, offset int) search {
	language, _, _ := strings.Cut(cmp.Or(r.URL.Query().Get("hl"), "en"), "-")
	return search{query, language, offset}
}

// page cuts what is asked for out of all that was found.
func (q search) page(found []Business) []Business {
	return found[min(q.offset, len(found)):min(q.offset+pageSize, len(found))]
}

var offsetInPB = regexp.MustCompile(`!8i(\d{1,6})`)

// serveReply answers the feed's own request for its next results.
func (s *Server) serveReply(w http.ResponseWriter, r *http.Request) {
	s.count("map_reply")
	faults := s.faults.Get()
	pause(r, s.options.FeedDelay+time.Duration(faults.MapStallMS)*time.Millisecond)
	if s.faults.use(func(s *Switches) *int { return &s.MapBlockReplies }) {
		s.render(w, http.StatusTooManyRequests, "sorry.html", nil)
		return
	}
	if s.faults.use(func(s *Switches) *int { return &s.MapReplyFailNext }) {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	offset := 0
	if m := offsetInPB.FindStringSubmatch(r.URL.Query().Get("pb")); m != nil {
		offset, _ = strconv.Atoi(m[1]) // digits
	}
	search := searchOf(r, r.URL.Query().Get("q"), offset)
	found := s.town.find(search.query, viewOfPB(r.URL.Query().Get("pb")))
	// The page draws its cards from what stands behind the arrays that
	// scrapers read, so that its own script needs to know nothing of them.
	reply := []any{searchReply(search, search.page(found), faults), search.cards(found, faults)}
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

var dataIDInLink = regexp.MustCompile(`!1s(0x[0-9a-f]+:0x[0-9a-f]+)`)

func (s *Server) servePlace(w http.ResponseWriter, r *http.Request) {
	if s.askConsent(w, r) {
		return
	}
	s.count("map_place")
	pause(r, s.options.PageDelay)
	if name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/maps/place/"), "/@"); s.serveTown(w, r, name) {
		return
	}
	m := dataIDInLink.FindStringSubmatch(r.URL.Path)
	if m == nil || s.town.byDataID[m[1]] == nil {
		http.NotFound(w, r)
		return
	}
	b, faults := *s.town.byDataID[m[1]], s.faults.Get()
	if faults.MapBreakMarkup {
		s.render(w, http.StatusOK, "broken.html", nil)
		return
	}
	language := searchOf(r, "", 0).language
	t := tongueOf(language)
	s.render(w, http.StatusOK, "place.html", map[string]any{
		"B": b, "Card": cardOf(b, language, faults.LimitedView), "Hours": openingHours(b), "Limited": limitedText(faults, t),
		"Other": s.town.businesses[0], "State": initialState(b, language, faults), "T": labels(t), "Heap": s.options.PageHeap,
	})
}

// initialState holds the place's array as text in an array in an object, as
// the real page does.
func initialState(b Business, language string, faults Switches) template.JS {
	if faults.MapNoJSON {
		return stateOf(nil)
	}
	return stateOf(businessArray(b, language, faults.LimitedView))
}

// firstState holds the reply with the first results as text at [3][2], as the
// real page does that has them already.
func firstState(q search, found []Business, faults Switches) template.JS {
	reply, _ := json.Marshal([]any{searchReply(q, q.page(found), faults)}) // plain values
	if faults.MapNoJSON {
		reply = []byte("changed")
	}
	state, _ := json.Marshal([]any{nil, nil, nil, []any{nil, nil, ")]}'\n" + string(reply)}})
	return template.JS(state)
}

func stateOf(business []any) template.JS {
	text := "changed"
	if business != nil {
		array, _ := json.Marshal([]any{nil, nil, nil, nil, nil, nil, business}) // plain values
		text = ")]}'\n" + string(array)
	}
	state, _ := json.Marshal([]any{nil, nil, nil, map[string]any{"ug": []any{nil, nil, nil, nil, nil, nil, text}}})
	return template.JS(state)
}

func serveScript(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/javascript")
	script, _ := pageFiles.ReadFile("pages/map.js") // embedded
	_, _ = w.Write(script)
}

// servePixel answers the smallest of pictures.
func servePixel(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "image/gif")
	_, _ = w.Write([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
}

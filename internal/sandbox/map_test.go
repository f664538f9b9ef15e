package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

const (
	plumbing = "http://maps.example/maps/search/plumbing%20near%20Freehold,%20NJ?hl=en&gl=us"
	feed     = "http://maps.example/search?tbm=map&hl=en&gl=us&q=plumbing+near+Freehold,+NJ&pb=!7i20!8i"
)

func TestMapAsksForConsentFirst(t *testing.T) {
	t.Parallel()
	_, c := start(t, sandbox.Options{})
	asked := fetch(t, c, plumbing+"&hl=de")
	if asked.status != http.StatusFound || !strings.HasPrefix(asked.location, "http://consent.maps.example/m?continue=") {
		t.Fatalf("%d %s", asked.status, asked.location)
	}
	for language, label := range map[string]string{"": "Reject all", "en": "Reject all", "de": "Alle ablehnen", "fr": "Tout refuser", "es": "Rechazar todo", "de-AT": "Alle ablehnen", "xx": "Accept all"} {
		page := fetch(t, c, "http://consent.maps.example/m?hl="+language+"&continue=http://maps.example/")
		if !strings.Contains(page.body, `aria-label="`+label+`"`) || !strings.Contains(page.body, "<title>Before you continue to Google Maps</title>") {
			t.Errorf("%q: consent page %s", language, page.body)
		}
	}
	for back, status := range map[string]int{"http://maps.example/maps/search/x?hl=en": http.StatusSeeOther, "http://elsewhere.example/": http.StatusBadRequest} {
		saved, err := c.PostForm("http://consent.maps.example/save", url.Values{"continue": {back}})
		if err != nil {
			t.Fatal(err)
		}
		_ = saved.Body.Close()
		if saved.StatusCode != status {
			t.Errorf("answer that goes on to %s: %d", back, saved.StatusCode)
		}
		if cookie := saved.Header.Get("Set-Cookie"); status == http.StatusSeeOther && (!strings.Contains(cookie, "SOCS=") || !strings.Contains(cookie, "Domain=maps.example") || saved.Header.Get("Location") != back) {
			t.Errorf("cookie %q, on to %s", cookie, saved.Header.Get("Location"))
		}
	}
	if page := fetch(t, c, plumbing, "Cookie", "SOCS=CAE"); page.status != http.StatusOK || !strings.Contains(page.body, `role="feed"`) {
		t.Errorf("with the cookie: %d", page.status)
	}
}

// at answers what a path leads to in nested arrays, nil where it ends before.
func at(data any, path ...int) any {
	for _, i := range path {
		list, ok := data.([]any)
		if !ok || i >= len(list) {
			return nil
		}
		data = list[i]
	}
	return data
}

func reply(t *testing.T, body string) any {
	t.Helper()
	text, guarded := strings.CutPrefix(body, ")]}'\n")
	if !guarded {
		t.Fatalf("reply begins %.40q", body)
	}
	var data any
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRepliesHoldEveryFieldAtItsPlace reads a whole search by the paths that
// scrapers know, and compares it with the truth.
func TestRepliesHoldEveryFieldAtItsPlace(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	truth := s.Town().Find("plumbing near Freehold, NJ")
	for offset := 0; offset < len(truth); offset += 20 {
		entries, _ := at(reply(t, fetch(t, c, fmt.Sprint(feed, offset)).body), 0, 1).([]any)
		if want := min(20, len(truth)-offset) + 1; len(entries) != want {
			t.Fatalf("%d entries from %d on, want %d", len(entries), offset, want)
		}
		for i, entry := range entries[1:] {
			checkArray(t, truth[offset+i], at(entry, 14))
		}
	}
	if beyond, _ := at(reply(t, fetch(t, c, feed+"500").body), 0, 1).([]any); len(beyond) != 1 {
		t.Errorf("%d entries beyond the end", len(beyond))
	}
}

func checkArray(t *testing.T, b sandbox.Business, d any) {
	t.Helper()
	want := map[string]any{
		"title 11": b.Name, "data id 10": b.DataID, "place id 78": b.PlaceID, "kgmid 89": b.KGMID, "lat 9.2": b.Lat, "lng 9.3": b.Lng,
		"category 13.0": b.Trade.Category, "city 183.1.3": b.City, "zip 183.1.4": b.Zip, "state 183.1.5": "New Jersey", "country 183.1.6": "US",
		"phone 178.0.3": present(b.Phone), "timezone 30": "America/New_York", "description 32.1.1": present(b.Description), "owner id 57.2": present(b.OwnerID),
		"price 4.2": present(b.Price), "rating 4.7": nil, "reviews 4.8": nil, "thumbnail 72.0.1.6.0": "http://maps.example/pixel.gif",
		"address 18": b.Name, "street 183.1.1": nil, "part 2.0": nil, "website 7.0": nil, "plus code 183.2.2.0": b.PlusCode + " " + b.City + ", New Jersey",
		"status 34.4.4": "Open ⋅ Closes 6\u202fPM",
	}
	if b.HasAddress {
		want["address 18"], want["street 183.1.1"], want["part 2.0"] = b.Name+", "+b.Address(), b.Street, b.Street
	}
	if b.Reviews > 0 {
		want["rating 4.7"], want["reviews 4.8"] = b.Rating, float64(b.Reviews)
	}
	if b.Closed {
		want["status 34.4.4"] = "Permanently closed"
	}
	if b.Paused {
		want["status 34.4.4"] = "Temporarily closed"
	}
	switch {
	case b.WrappedSite && b.Website() != "":
		want["website 7.0"] = "/url?q=" + url.QueryEscape(b.Website()) + "&opi=79508299"
	case b.Website() != "":
		want["website 7.0"] = b.Website()
	}
	for name, value := range want {
		if got := at(d, pathIn(name)...); !reflect.DeepEqual(got, value) {
			t.Errorf("%s: %s is %v, want %v", b.Name, name, got, value)
		}
	}
	before, since := at(d, 34, 1, 0, 1, 0), at(d, 203, 0, 0, 3, 0, 0)
	if open := "8\u202fAM–6\u202fPM"; !b.Closed && (before != open || since != open && since != nil) || b.Closed && before != nil {
		t.Errorf("%s: hours %v and %v", b.Name, before, since)
	}
}

func present(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// pathIn is the path at the end of "address 18" or "rating 4.7".
func pathIn(name string) []int {
	var path []int
	for step := range strings.SplitSeq(name[strings.LastIndexByte(name, ' ')+1:], ".") {
		var i int
		_, _ = fmt.Sscan(step, &i)
		path = append(path, i)
	}
	return path
}

// TestRepliesLookLikeCapturedOnes compares shapes with a real reply: where the
// sandbox has a value, the real one has one of the same kind or none.
func TestRepliesLookLikeCapturedOnes(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("LEADSTREAM_CAPTURES")
	if folder == "" {
		t.Skip("LEADSTREAM_CAPTURES names no folder")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "google-maps", "search-cafes.json"))
	if err != nil {
		t.Fatal(err)
	}
	var captured any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(raw), ")]}'")), &captured); err != nil {
		t.Fatal(err)
	}
	_, c := start(t, sandbox.Options{})
	ours := reply(t, fetch(t, c, "http://maps.example/search?tbm=map&q=cafe+near+Freehold&pb=!7i20!8i0").body)
	theirs, _ := at(captured, 0, 1).([]any)
	mine, _ := at(ours, 0, 1).([]any)
	if len(theirs) < 2 || len(mine) < 2 {
		t.Fatalf("%d captured entries, %d of ours", len(theirs), len(mine))
	}
	shapes := map[string]map[string]bool{}
	for _, entry := range theirs[1:] {
		walk(at(entry, 14), "", func(path, kind string) {
			if shapes[path] == nil {
				shapes[path] = map[string]bool{}
			}
			shapes[path][kind] = true
		})
	}
	compared := 0
	for _, entry := range mine[1:] {
		walk(at(entry, 14), "", func(path, kind string) {
			known := shapes[path]
			if len(known) == 0 {
				return
			}
			compared++
			if !known[kind] {
				t.Errorf("%s is %s, captured are %v", path, kind, known)
			}
		})
	}
	if compared < 300 {
		t.Errorf("only %d values were compared", compared)
	}
}

// walk tells the kind of every value that is there.
func walk(data any, path string, see func(path, kind string)) {
	switch v := data.(type) {
	case nil:
	case []any:
		see(path, "list")
		for i, item := range v {
			walk(item, fmt.Sprintf("%s.%d", path, i), see)
		}
	default:
		see(path, fmt.Sprintf("%T", v))
	}
}

func TestPlacePageHoldsTheSameArray(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	b := s.Town().Businesses()[4]
	led := fetch(t, c, "http://maps.example/maps/search/"+url.PathEscape(b.Name+" near Freehold, NJ")+"?hl=en", "Cookie", "SOCS=CAE")
	if led.status != http.StatusFound || !strings.HasPrefix(led.location, "/maps/place/") || !strings.Contains(led.location, "!1s"+b.DataID+"!") || !strings.Contains(led.location, "!19s"+b.PlaceID) {
		t.Fatalf("one result leads to %d %s", led.status, led.location)
	}
	page := fetch(t, c, "http://maps.example"+led.location, "Cookie", "SOCS=CAE")
	m := regexp.MustCompile(`(?s)APP_INITIALIZATION_STATE = (.*?);</script>`).FindStringSubmatch(page.body)
	if m == nil {
		t.Fatalf("no initial state in %s", page.body)
	}
	var state []any
	if err := json.Unmarshal([]byte(m[1]), &state); err != nil {
		t.Fatal(err)
	}
	var text string
	for _, value := range state[3].(map[string]any) {
		text, _ = at(value, 6).(string)
	}
	checkArray(t, b, at(reply(t, text), 6))
	if !strings.Contains(page.body, `<h1 class="DUwDvf">`) || !strings.Contains(page.body, "phone:tel:") {
		t.Errorf("place page %s", page.body)
	}
	if byCID := fetch(t, c, "http://maps.example/maps?cid="+b.CID); !strings.Contains(byCID.location, b.DataID) {
		t.Errorf("its CID leads to %d %s", byCID.status, byCID.location)
	}
}

// cards are those of a reply, as the feed's script gets them.
func cards(t *testing.T, c *http.Client, address string) []map[string]any {
	t.Helper()
	var shown []map[string]any
	list, _ := at(reply(t, fetch(t, c, address).body), 1).(map[string]any)["cards"].([]any)
	for _, card := range list {
		shown = append(shown, card.(map[string]any))
	}
	return shown
}

// TestCardsVary looks for each quirk of the cards among those of one search.
func TestCardsVary(t *testing.T) {
	t.Parallel()
	_, c := start(t, sandbox.Options{})
	quirks := map[string]func(map[string]any) bool{
		"no phone":           func(c map[string]any) bool { return c["phone"] == "" },
		"no website":         func(c map[string]any) bool { return c["website"] == "" },
		"wrapped website":    func(c map[string]any) bool { return strings.HasPrefix(c["website"].(string), "/url?q=http") },
		"advertised website": func(c map[string]any) bool { return strings.HasPrefix(c["website"].(string), "/aclk?") },
		"no address":         func(c map[string]any) bool { return c["address"] == "" && c["sponsored"] == "" },
		"bare plus code": func(c map[string]any) bool {
			return regexp.MustCompile(`^\w{4}\+\w{2}$`).MatchString(c["address"].(string))
		},
		"reviews told": func(c map[string]any) bool {
			return regexp.MustCompile(`^\d\.\d stars \d+ Reviews$`).MatchString(c["rating"].(string))
		},
		"thousands": func(c map[string]any) bool { return strings.Contains(c["count"].(string), ",") },
		"rating alone": func(c map[string]any) bool {
			return regexp.MustCompile(`^\d\.\d stars$`).MatchString(c["rating"].(string))
		},
		"no reviews":        func(c map[string]any) bool { return c["rating"] == "No reviews" },
		"closed":            func(c map[string]any) bool { return c["hours"] == "Permanently closed" },
		"sponsored inside":  func(c map[string]any) bool { return c["sponsored"] == "inside" },
		"sponsored before":  func(c map[string]any) bool { return c["sponsored"] == "before" },
		"sponsored by link": func(c map[string]any) bool { return strings.HasPrefix(c["href"].(string), "/aclk?") },
	}
	for offset := 0; offset < 120; offset += 20 {
		for _, card := range cards(t, c, fmt.Sprint("http://maps.example/search?tbm=map&hl=en&q=businesses+near+Freehold&pb=!7i20!8i", offset)) {
			for quirk, has := range quirks {
				if has(card) {
					delete(quirks, quirk)
				}
			}
		}
	}
	for quirk := range quirks {
		t.Errorf("no card has: %s", quirk)
	}
	for _, card := range cards(t, c, "http://maps.example/search?tbm=map&hl=de&q=plumbing+near+Freehold&pb=!8i20") {
		if score := card["score"].(string); strings.Contains(score, ".") {
			t.Errorf("a German rating of %s", score)
		}
	}
}

func TestNoResult(t *testing.T) {
	t.Parallel()
	_, c := start(t, sandbox.Options{})
	page := fetch(t, c, "http://maps.example/maps/search/submarines%20%3Cb%3E?hl=en", "Cookie", "SOCS=CAE")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Google Maps can't find") || !strings.Contains(page.body, "Make sure your search is spelled correctly.") || strings.Contains(page.body, "<b>") {
		t.Errorf("%d %s", page.status, page.body)
	}
}

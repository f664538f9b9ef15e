package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"leadstream/internal/sandbox"
)

func put(t *testing.T, c *http.Client, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://sandbox.example/faults", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	s.Faults().Set(sandbox.Switches{HunterFailNext: 3})
	if status := put(t, c, `{"map_block":true}`); status != http.StatusOK {
		t.Errorf("answers %d", status)
	}
	want := sandbox.Switches{HunterFailNext: 3, MapBlock: true}
	if got := s.Faults().Get(); got != want {
		t.Errorf("switches %+v", got)
	}
	for _, bad := range []string{`{"map_blok":true}`, `{"map_block":"yes"}`, `{`} {
		if status := put(t, c, bad); status != http.StatusBadRequest || s.Faults().Get() != want {
			t.Errorf("%s: %d, switches %+v", bad, status, s.Faults().Get())
		}
	}
	var shown sandbox.Switches
	if err := json.Unmarshal([]byte(fetch(t, c, "http://sandbox.example/faults").body), &shown); err != nil || shown != want {
		t.Errorf("shown are %+v, %v", shown, err)
	}
}

// TestFaults has one row a fault: what the same request answers each time.
func TestFaults(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{SlowBy: 1})
	site := pick(t, s, func(b sandbox.Business) bool { return b.Site == sandbox.Silent }).Website()
	host := strings.Trim(strings.TrimPrefix(site, "http://"), "/")
	place := "http://maps.example" + fetch(t, c, "http://maps.example/maps?cid="+s.Town().Businesses()[0].CID).location
	account := hunter + "account"
	for _, tt := range []struct {
		name    string
		faults  sandbox.Switches
		address string
		answers []int
		shows   string
	}{
		{"blocked", sandbox.Switches{MapBlock: true}, plumbing, []int{302, 302}, ""},
		{"blocked place", sandbox.Switches{MapBlock: true}, place, []int{302}, ""},
		{"blocked reply, once", sandbox.Switches{MapBlockNext: 1}, feed + "0", []int{302, 200}, ""},
		{"sorry page", sandbox.Switches{}, "http://maps.example/sorry/index", []int{429}, `id="captcha-form"`},
		{"search fails", sandbox.Switches{MapFailNext: 2}, plumbing, []int{500, 500, 200}, ""},
		{"reply fails", sandbox.Switches{MapReplyFailNext: 1}, feed + "20", []int{500, 200}, ""},
		{"unknown markup", sandbox.Switches{MapBreakMarkup: true}, plumbing, []int{200}, "nobody has seen"},
		{"unknown place", sandbox.Switches{MapBreakMarkup: true}, place, []int{200}, "nobody has seen"},
		{"limited view", sandbox.Switches{LimitedView: true}, plumbing, []int{200}, "You're seeing a limited view of Google Maps."},
		{"limited place", sandbox.Switches{LimitedView: true}, place, []int{200}, "You're seeing a limited view of Google Maps."},
		{"no arrays", sandbox.Switches{MapNoJSON: true}, feed + "0", []int{200}, `[["changed"],`},
		{"inline", sandbox.Switches{MapInlineFirst: true}, plumbing, []int{200}, `"hours":`},
		{"hunter down", sandbox.Switches{HunterStatus: 503}, account, []int{503, 503}, `"server_error"`},
		{"hunter too fast", sandbox.Switches{HunterFailNext: 1, HunterFailWith: 403}, account, []int{403, 200}, ""},
		{"hunter fails", sandbox.Switches{HunterFailNext: 1}, account, []int{500, 200}, ""},
		{"website fails", sandbox.Switches{WebsiteFailNext: 1}, site, []int{503, 200}, ""},
		{"another website fails", sandbox.Switches{WebsiteFailNext: 1, WebsiteFailHost: "another.example"}, site, []int{200, 200}, ""},
		{"this website fails", sandbox.Switches{WebsiteFailNext: 1, WebsiteFailHost: host, WebsiteFailWith: 500}, site, []int{500, 200}, ""},
	} {
		s.Faults().Set(tt.faults)
		var got []int
		var last answer
		for range tt.answers {
			last = fetch(t, c, tt.address, "Cookie", "SOCS=CAE", "X-API-KEY", sandbox.APIKey)
			got = append(got, last.status)
		}
		if !slices.Equal(got, tt.answers) || !strings.Contains(last.body, tt.shows) {
			t.Errorf("%s: answers %v, want %v; body %.300s", tt.name, got, tt.answers, last.body)
		}
		if last.status == http.StatusFound && !strings.Contains(last.location, "/sorry/") {
			t.Errorf("%s: leads to %s", tt.name, last.location)
		}
	}
}

func TestLimitedViewTellsNoCounts(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	s.Faults().Set(sandbox.Switches{LimitedView: true})
	body := fetch(t, c, feed+"0").body
	entries, _ := at(reply(t, body), 0, 1).([]any)
	rated := 0
	for _, entry := range entries[1:] {
		if at(entry, 14, 4, 8) != nil {
			t.Errorf("a count of %v", at(entry, 14, 4, 8))
		}
		count(&rated, at(entry, 14, 4, 7) != nil)
	}
	if told := regexp.MustCompile(`(?i)\d reviews`).FindString(body); rated == 0 || told != "" {
		t.Errorf("%d ratings, and the count %q", rated, told)
	}
}

// TestDelays wants each delay to be felt, and to end with whoever asks.
func TestDelays(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{FeedDelay: 30 * time.Millisecond, SlowBy: 30 * time.Millisecond})
	slow := pick(t, s, func(b sandbox.Business) bool { return b.Site == sandbox.Slow }).Website()
	silent := pick(t, s, func(b sandbox.Business) bool { return b.Site == sandbox.Silent }).Website()
	for name, tt := range map[string]struct {
		address string
		faults  sandbox.Switches
		least   time.Duration
	}{
		"feed":         {feed + "0", sandbox.Switches{}, 30 * time.Millisecond},
		"stalled feed": {feed + "0", sandbox.Switches{MapStallMS: 30}, 60 * time.Millisecond},
		"slow website": {slow, sandbox.Switches{}, 30 * time.Millisecond},
		"slower":       {slow, sandbox.Switches{WebsiteSlowMS: 60}, 60 * time.Millisecond},
		"all websites": {silent, sandbox.Switches{WebsiteDelayMS: 30}, 30 * time.Millisecond},
		"hunter":       {hunter + "account", sandbox.Switches{HunterDelayMS: 30}, 30 * time.Millisecond},
	} {
		s.Faults().Set(tt.faults)
		began := time.Now()
		fetch(t, c, tt.address)
		if took := time.Since(began); took < tt.least {
			t.Errorf("%s: took %s, want %s", name, took, tt.least)
		}
	}
	s.Faults().Set(sandbox.Switches{HunterDelayMS: int(time.Hour / time.Millisecond)})
	impatient := &http.Client{Transport: c.Transport, Timeout: 20 * time.Millisecond}
	if a := fetch(t, impatient, hunter+"account"); a.status != 0 {
		t.Errorf("a Hunter that hangs answers %d", a.status)
	}
}

func TestHostsAreToldApart(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	for address, want := range map[string]struct {
		status int
		shows  string
	}{
		"http://sandbox.example/":        {200, "DIAL_OVERRIDES=*.example=" + s.Addr()},
		"http://" + s.Addr() + "/":       {200, "HUNTER_API_KEY=" + sandbox.APIKey},
		"http://[::1]:80/":               {200, "SCRAPER_BASE_URL=http://maps.example"},
		"http://sandbox.example/health":  {200, `"status":"ok"`},
		"http://sandbox.example/nowhere": {404, ""},
		"http://unknown.example/":        {404, ""},
		"http://unknown.com/":            {404, ""},
		"http://MAPS.example:80/nowhere": {404, ""},
		"http://maps.example/pixel.gif":  {200, "GIF89a"},
		"http://maps.example/map.js":     {200, "role=\"feed\""},
		"http://maps.example/url?q=/x":   {302, ""},
		"http://consent.maps.example/x":  {404, ""},
	} {
		if a := fetch(t, c, address); a.status != want.status || !strings.Contains(a.body, want.shows) {
			t.Errorf("%s: %d %.200s", address, a.status, a.body)
		}
	}
	if n := s.Hits("maps.example"); n != 4 {
		t.Errorf("%d hits of the map", n)
	}
	fetch(t, c, feed+"0")
	var stats sandbox.Stats
	if err := json.Unmarshal([]byte(fetch(t, c, "http://sandbox.example/stats").body), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Kinds["map_reply"] != 1 || stats.Kinds["map_image"] != 1 || stats.Hosts["unknown.com"] != 1 {
		t.Errorf("stats %+v", stats)
	}
}

// TestEnd ends with the context, and says why it cannot begin.
func TestEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Start(t.Context(), sandbox.Options{Addr: s.Addr()}); err == nil || !strings.Contains(err.Error(), "serving the sandbox") {
		t.Errorf("a second one at its address: %v", err)
	}
	cancel()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + s.Addr()); err == nil {
		t.Error("it still answers")
	}
}

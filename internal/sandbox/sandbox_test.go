package sandbox_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"context"

	"leadstream/internal/sandbox"
)

func start(t *testing.T) (*sandbox.Server, *http.Client) {
	t.Helper()
	s, err := sandbox.Start(t.Context(), sandbox.Options{SlowBy: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Addr())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return s, &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func fetch(t *testing.T, c *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return response.StatusCode, string(body) + response.Header.Get("Location")
}

func TestTownIsOneWorld(t *testing.T) {
	t.Parallel()
	a, b := sandbox.NewTown(0), sandbox.NewTown(0)
	unique := map[string]bool{}
	places := map[sandbox.HidingPlace]int{}
	for i, x := range a.Businesses() {
		y := b.Businesses()[i]
		if x.Name != y.Name || x.DataID != y.DataID || x.Rating != y.Rating || x.Site != y.Site {
			t.Fatalf("business %d differs between two towns", i)
		}
		for _, key := range []string{x.Name, x.Host(), x.DataID, x.CID, x.PlaceID, x.KGMID} {
			if unique[key] {
				t.Errorf("%s is used twice", key)
			}
			unique[key] = true
		}
		if x.Phone != "" && !strings.HasPrefix(x.Phone, "+173255501") {
			t.Errorf("%s has the number %s, which is not of the reserved range", x.Name, x.Phone)
		}
		for _, c := range x.Contacts {
			places[c.Place]++
		}
	}
	if n := len(a.Businesses()); n != 300 {
		t.Errorf("%d businesses", n)
	}
	for _, p := range sandbox.HidingPlaces() {
		if places[p] < 3 {
			t.Errorf("%d contacts hide in %s, want several", places[p], p)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	town := sandbox.NewTown(0)
	for query, check := range map[string]func(int) bool{
		"plumbing near Freehold, NJ":                 func(n int) bool { return n >= 45 && n <= 120 },
		"Plumbing in Howell":                         func(n int) bool { return n > 0 && n < 45 },
		"businesses near Freehold, NJ":               func(n int) bool { return n == 120 },
		town.Businesses()[5].Name + " near Freehold": func(n int) bool { return n == 1 },
		"plumbing near Timbuktu":                     func(n int) bool { return n == 0 },
		"submarines near Freehold, NJ":               func(n int) bool { return n == 0 },
	} {
		if n := len(town.Find(query)); !check(n) {
			t.Errorf("%q finds %d", query, n)
		}
	}
}

func TestMapAsksForConsentFirst(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	if status, to := fetch(t, c, "http://maps.example/maps/search/plumbing near Freehold?hl=de"); status != http.StatusFound || !strings.Contains(to, "http://consent.maps.example/m?continue=") {
		t.Fatalf("%d %s", status, to)
	}
	_, page := fetch(t, c, "http://consent.maps.example/m?hl=de&continue=http://maps.example/")
	if !strings.Contains(page, "Alle ablehnen") || !strings.Contains(page, "Before you continue to Google Maps") {
		t.Errorf("consent page %s", page)
	}
	if status, _ := fetch(t, c, "http://maps.example/maps/search/plumbing near Freehold", "Cookie", "SOCS=CAE"); status != http.StatusOK {
		t.Errorf("with the cookie: %d", status)
	}
}

func TestRepliesHoldEveryFieldAtItsPlace(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	found := s.Town().Find("plumbing near Freehold")
	_, body := fetch(t, c, "http://maps.example/search?tbm=map&q=plumbing+near+Freehold&pb=!7i20!8i20")
	var reply []any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, ")]}'")), &reply); err != nil {
		t.Fatal(err)
	}
	entries := reply[0].([]any)[1].([]any)
	if len(entries) != 21 {
		t.Fatalf("%d entries, want 20 and the first", len(entries))
	}
	d := entries[1].([]any)[14].([]any)
	b := found[20]
	if d[11] != b.Name || d[10] != b.DataID || d[78] != b.PlaceID || d[89] != b.KGMID || d[9].([]any)[2] != b.Lat {
		t.Errorf("business array %v", d)
	}
}

func TestHunter(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	var known string
	for _, b := range s.Town().Businesses() {
		if len(b.Hunter) > 0 {
			known = b.Host()
			break
		}
	}
	url := "http://hunter.example/v2/domain-search?domain=" + known
	if status, body := fetch(t, c, url); status != http.StatusUnauthorized || !strings.Contains(body, `"errors"`) {
		t.Errorf("without a key: %d %s", status, body)
	}
	if status, body := fetch(t, c, url, "X-API-KEY", sandbox.APIKey); status != http.StatusOK || !strings.Contains(body, "@"+known) {
		t.Errorf("%d %s", status, body)
	}
	s.Faults().Set(sandbox.Switches{HunterFailNext: 1, HunterFailWith: 429})
	if status, body := fetch(t, c, url, "X-API-KEY", sandbox.APIKey); status != 429 || !strings.Contains(body, "too_many_requests") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := fetch(t, c, url, "X-API-KEY", sandbox.APIKey); status != http.StatusOK {
		t.Errorf("after the fault: %d", status)
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	r, _ := http.NewRequest(http.MethodPut, "http://sandbox.example/faults", strings.NewReader(`{"map_block":true}`))
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if !s.Faults().Get().MapBlock {
		t.Error("the switch is off")
	}
	if status, body := fetch(t, c, "http://maps.example/maps/search/x"); status != 429 || !strings.Contains(body, "captcha-form") {
		t.Errorf("%d %s", status, body)
	}
}

func TestTroublesomeWebsites(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	seen := map[sandbox.SiteKind]bool{}
	for _, b := range s.Town().Businesses() {
		if seen[b.Site] || b.Site == sandbox.NoSite {
			continue
		}
		seen[b.Site] = true
		status, body := fetch(t, c, b.Website())
		want := map[sandbox.SiteKind]int{sandbox.Dead: 0, sandbox.Missing: 404, sandbox.Broken: 500, sandbox.Elsewhere: 301}
		if code, ok := want[b.Site]; ok && status != code || !ok && status != 200 {
			t.Errorf("%s website answers %d", b.Site, status)
		}
		if b.Site == sandbox.Huge && len(body) < 4<<20 {
			t.Errorf("a huge page of %d bytes", len(body))
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d kinds of websites: %v", len(seen), seen)
	}
}

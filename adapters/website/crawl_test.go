package website

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/temoto/robotstxt"

	"leadstream/adapters/breaker"
	"leadstream/adapters/domaincache"
	"leadstream/domain/fault"
	"leadstream/internal/outbound"
	"leadstream/internal/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.LeakFree(m)) }

// web is a server for every .example host. It notes what is asked for.
type web struct {
	addr string

	mu    sync.Mutex
	asked []string // host and path
	at    []time.Time
}

func newWeb(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *web {
	t.Helper()
	s := &web{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked, s.at = append(s.asked, strings.TrimSuffix(r.Host, ".example")+r.URL.RequestURI()), append(s.at, time.Now())
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s.addr = server.Listener.Addr().String()
	return s
}

func (s *web) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// pages answers from a table of host and path; a value that begins with a
// number is a status, and with an address a redirect.
func pages(table map[string]string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, ok := table[strings.TrimSuffix(r.Host, ".example")+r.URL.RequestURI()]
		status := 0
		switch _, err := fmt.Sscanf(answer, "%3d", &status); {
		case !ok:
			http.NotFound(w, r)
		case strings.HasPrefix(answer, "http"):
			http.Redirect(w, r, answer, http.StatusFound)
		case err == nil && status >= 100:
			w.WriteHeader(status)
		default:
			_, _ = w.Write([]byte(answer))
		}
	}
}

const mailed = `<a href="mailto:info@shop.example">x</a>`

// TestRobots keeps to what each host on the way says.
func TestRobots(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pages   map[string]string
		outcome string
		again   bool
		asked   []string
	}{
		"none":             {map[string]string{"shop/": mailed}, "found", false, []string{"shop/robots.txt", "shop/", "shop/contact"}},
		"closed":           {map[string]string{"shop/robots.txt": "User-agent: *\nDisallow: /", "shop/": mailed}, "blocked_by_robots", false, []string{"shop/robots.txt"}},
		"closed to others": {map[string]string{"shop/robots.txt": "User-agent: Bad\nDisallow: /\n\nUser-agent: *\nAllow: /", "shop/": mailed}, "found", false, nil},
		"closed to us":     {map[string]string{"shop/robots.txt": "User-agent: leadstream\nDisallow: /", "shop/": mailed}, "blocked_by_robots", false, nil},
		"a page closed": {
			map[string]string{"shop/robots.txt": "User-agent: *\nDisallow: /contact", "shop/": `<a href="/contact">c</a><a href="/about">a</a>`, "shop/contact": mailed}, "none", false,
			[]string{"shop/robots.txt", "shop/", "shop/about"},
		},
		"a query closed": {
			map[string]string{"shop/robots.txt": "User-agent: *\nDisallow: /*?", "shop/": `<a href="/x?p=contact">Contact</a>`, "shop/x?p=contact": mailed}, "none", false,
			[]string{"shop/robots.txt", "shop/"},
		},
		"out of order": {map[string]string{"shop/robots.txt": "503", "shop/": mailed}, "error", true, []string{"shop/robots.txt"}},
		"too many":     {map[string]string{"shop/robots.txt": "429", "shop/": mailed}, "error", true, []string{"shop/robots.txt"}},
		"forbidden":    {map[string]string{"shop/robots.txt": "403", "shop/": mailed}, "found", false, nil},
		"no such file": {map[string]string{"shop/robots.txt": "<html>Home</html>", "shop/": mailed}, "found", false, nil},
		"moved to a host that is closed": {
			map[string]string{"shop/": "http://new.example/", "new/robots.txt": "User-agent: *\nDisallow: /", "new/": mailed}, "blocked_by_robots", false,
			[]string{"shop/robots.txt", "shop/", "new/robots.txt"},
		},
		"moved to a host that is open": {
			map[string]string{"shop/": "http://new.example/start", "new/start": mailed}, "found", false,
			[]string{"shop/robots.txt", "shop/", "new/robots.txt", "new/start", "new/", "new/contact"},
		},
		"moved within the host to a page closed": {
			map[string]string{"shop/robots.txt": "User-agent: *\nDisallow: /private", "shop/": "http://shop.example/private", "shop/private": mailed}, "blocked_by_robots", false, nil,
		},
		"moved to a network": {map[string]string{"shop/": "https://www.facebook.com/shop"}, "social_only", false, []string{"shop/robots.txt", "shop/"}},
		"moved to and fro":   {map[string]string{"shop/": "http://b.example/", "b/": "http://shop.example/"}, "dead", false, nil},
		"a page that moves to another site": {
			map[string]string{"shop/": `<a href="/contact">c</a>`, "shop/contact": "http://other.example/contact", "other/contact": mailed}, "none", false, nil,
		},
		"a page out of order":        {map[string]string{"shop/": `<a href="/contact">c</a>`, "shop/contact": "503"}, "error", true, nil},
		"only scripts":               {map[string]string{"shop/": `<div id="root"></div><script src="/app.js"></script>`}, "js_only", false, nil},
		"gone":                       {map[string]string{"shop/": "404"}, "dead", false, nil},
		"a link to a page long gone": {map[string]string{"shop/": mailed}, "found", false, []string{"shop/robots.txt", "shop/old", "shop/", "shop/contact"}},
		"gone altogether":            {map[string]string{}, "dead", false, []string{"shop/robots.txt", "shop/old", "shop/"}},
		"a page of a branch": {
			map[string]string{"shop/branch": `<p>Freehold</p>`, "shop/": mailed}, "found", false, []string{"shop/robots.txt", "shop/branch", "shop/", "shop/contact"},
		},
		"out of order itself": {map[string]string{"shop/": "500"}, "error", true, nil},
	} {
		s := newWeb(t, pages(tt.pages))
		path := ""
		if len(tt.asked) > 1 {
			path = strings.TrimPrefix(tt.asked[1], "shop/")
		}
		got, err := provider(s.addr).Contacts(t.Context(), lead("http://shop.example/"+path))
		if err != nil || got.Outcome != tt.outcome || (got.Again != nil) != tt.again || (got.Outcome == "found" || got.Outcome == "social_only") != (len(got.Contacts) > 0) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if asked := s.requests(); tt.asked != nil && !slices.Equal(asked, tt.asked) {
			t.Errorf("%s: asked %q, want %q", name, asked, tt.asked)
		}
	}
}

// TestAtMostSixPages reads the home page and the five most promising.
func TestAtMostSixPages(t *testing.T) {
	t.Parallel()
	s := newWeb(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		for i := range 9 {
			_, _ = fmt.Fprintf(w, `<a href="/team%d">Team</a><a href="/contact%d">Contact</a>`, i, i)
		}
	})
	if _, err := provider(s.addr).Contacts(t.Context(), lead("http://shop.example/")); err != nil {
		t.Fatal(err)
	}
	want := []string{"shop/robots.txt", "shop/", "shop/contact0", "shop/contact1", "shop/contact2", "shop/contact3", "shop/contact4"}
	if asked := s.requests(); !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

// TestDelay keeps the pause that robots.txt asks for, or its own.
func TestDelay(t *testing.T) {
	t.Parallel()
	for robots, want := range map[string]time.Duration{"User-agent: *\nCrawl-delay: 0.4": 400 * time.Millisecond, "": 150 * time.Millisecond} {
		s := newWeb(t, pages(map[string]string{"shop/robots.txt": robots, "shop/": `<a href="/contact">c</a>`, "shop/contact": mailed}))
		overrides := outbound.Overrides{{Pattern: "*.example", Addr: s.addr}}
		p := New(Options{HTTP: outbound.NewGuardedClient(overrides, 10*time.Second), HostDelay: 150 * time.Millisecond, ExtraTLDs: overrides.Suffixes(), Logger: quiet})
		if got, err := p.Contacts(t.Context(), lead("http://shop.example/")); err != nil || got.Outcome != "found" {
			t.Fatalf("%+v, %v", got, err)
		}
		for i := 1; i < len(s.at); i++ {
			if gap := s.at[i].Sub(s.at[i-1]); gap < want-5*time.Millisecond {
				t.Errorf("%q: request %d came %s after the one before", robots, i, gap)
			}
		}
		if len(s.at) != 3 {
			t.Errorf("%d requests", len(s.at))
		}
	}
	slow := newWeb(t, pages(map[string]string{"shop/robots.txt": "User-agent: *\nCrawl-delay: 3", "shop/": `<a href="/contact">c</a>`, "shop/contact": mailed}))
	overrides := outbound.Overrides{{Pattern: "*.example", Addr: slow.addr}}
	p := New(Options{HTTP: outbound.NewGuardedClient(overrides, 10*time.Second), HostDelay: time.Millisecond, CrawlTime: 5 * time.Second, Logger: quiet})
	if got, err := p.Contacts(t.Context(), lead("http://shop.example/")); err != nil || got.Outcome != "none" || got.Again != nil || len(slow.requests()) != 2 {
		t.Errorf("of a site that wants it slower than the crawl lasts: %+v, %v, %q", got, err, slow.requests())
	}
	hour := rules{&robotstxt.Group{CrawlDelay: time.Hour}}
	if d := hour.delay(); d != slowestCrawl {
		t.Errorf("an hour is kept as %s", d)
	}
	if d := (rules{}).delay(); d != 0 {
		t.Errorf("without robots.txt: %s", d)
	}
	if New(Options{HTTP: http.DefaultClient}).fetcher.delay != 500*time.Millisecond {
		t.Error("the default is not half a second")
	}
}

// fleet is a provider as each of several processes has it.
func fleet(t *testing.T, addr string, n int) []*Provider {
	t.Helper()
	db := testenv.SharedRedis(t)
	list := make([]*Provider, n)
	for i := range list {
		overrides := outbound.Overrides{{Pattern: "*.example", Addr: addr}}
		client := db.Client()
		http := outbound.NewGuardedClient(overrides, time.Second)
		t.Cleanup(http.CloseIdleConnections)
		list[i] = New(Options{
			HTTP: http, ExtraTLDs: overrides.Suffixes(), HostDelay: time.Millisecond, CrawlTime: 5 * time.Second, Logger: quiet,
			Cache:   domaincache.New(client, "website", time.Now, quiet),
			Breaker: breaker.New(breaker.Options{Provider: "website", Redis: client, Failures: 3, OpenFor: 300 * time.Millisecond, Now: time.Now, Logger: quiet}),
		})
	}
	return list
}

// TestDomainIsCrawledOnce lets the branches of one firm be enriched at the same
// time, in several processes.
func TestDomainIsCrawledOnce(t *testing.T) {
	t.Parallel()
	s := newWeb(t, pages(map[string]string{"shop/": mailed + `<a href="https://x.com/shop">x</a><p>(732) 555-0100</p>`}))
	all := fleet(t, s.addr, 4)
	var wg sync.WaitGroup
	for i, p := range all {
		wg.Go(func() {
			got, err := p.Contacts(t.Context(), lead(fmt.Sprintf("http://shop.example/#branch-%d", i)))
			if err != nil || got.Outcome != "found" || !slices.Equal(values(got.Contacts), []string{"+17325550100", "https://x.com/shop", "info@shop.example"}) ||
				got.Contacts[0].Confidence != 95 || got.Contacts[0].SourceURL != "http://shop.example/" || got.Contacts[0].Provider != "website" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if asked := s.requests(); len(asked) != 3 {
		t.Errorf("asked %q", asked)
	}
	anew := lead("http://shop.example/")
	anew.Force = true
	if got, err := all[0].Contacts(t.Context(), anew); err != nil || got.Outcome != "found" {
		t.Errorf("%+v, %v", got, err)
	}
	if asked := s.requests(); len(asked) != 6 {
		t.Errorf("with force: asked %q", asked)
	}
}

func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pages map[string]string
		crawl int
	}{
		"nothing found":   {map[string]string{"shop/": "<p>hello</p>"}, 1},
		"only scripts":    {map[string]string{"shop/": `<script src="/app.js"></script>`}, 1},
		"closed":          {map[string]string{"shop/robots.txt": "User-agent: *\nDisallow: /"}, 1},
		"gone":            {map[string]string{}, 1},
		"out of order":    {map[string]string{"shop/": "503"}, 2},
		"robots in order": {map[string]string{"shop/robots.txt": "503"}, 2},
	} {
		s := newWeb(t, pages(tt.pages))
		p := fleet(t, s.addr, 1)[0]
		var first string
		for i := range 2 {
			got, err := p.Contacts(t.Context(), lead("http://shop.example/"))
			if err != nil || i == 1 && got.Outcome != first {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			first = got.Outcome
		}
		n := 0
		for _, request := range s.requests() {
			if request == "shop/robots.txt" {
				n++
			}
		}
		if n != tt.crawl {
			t.Errorf("%s: crawled %d times, want %d", name, n, tt.crawl)
		}
	}
}

// TestNoWebsiteReachedPostpones: when one website after another is silent, it
// is rather our own network, and no business is told to have no contacts.
func TestNoWebsiteReachedPostpones(t *testing.T) {
	t.Parallel()
	silent := true
	var mu sync.Mutex
	s := newWeb(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		wait := silent
		mu.Unlock()
		if wait {
			<-r.Context().Done()
			return
		}
		pages(map[string]string{"a9/": mailed})(w, r)
	})
	all := fleet(t, s.addr, 2)
	for i := range 3 {
		got, err := all[0].Contacts(t.Context(), lead(fmt.Sprintf("http://a%d.example/", i)))
		if opens := i == 2; opens != fault.Is(err, fault.Postponed) || !opens && (err != nil || got.Outcome != "error" || got.Again == nil) {
			t.Fatalf("%d: %+v, %v", i, got, err)
		}
	}
	for i, p := range all {
		if got, err := p.Contacts(t.Context(), lead("http://a9.example/")); !fault.Is(err, fault.Postponed) {
			t.Errorf("process %d: %+v, %v", i, got, err)
		}
	}
	mu.Lock()
	silent = false
	mu.Unlock()
	testenv.Eventually(t, 10*time.Second, func() bool {
		got, err := all[1].Contacts(t.Context(), lead("http://a9.example/"))
		return err == nil && got.Outcome == "found"
	}, "the breaker closes again")
}

// TestDeadSitesOpenNothing: that there are such is no fault of ours.
func TestDeadSitesOpenNothing(t *testing.T) {
	t.Parallel()
	s := newWeb(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	p := fleet(t, s.addr, 1)[0]
	for i := range 6 {
		if got, err := p.Contacts(t.Context(), lead(fmt.Sprintf("http://a%d.example/", i))); err != nil || got.Outcome != "dead" {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestKeptOfAnotherMake(t *testing.T) {
	t.Parallel()
	s := newWeb(t, pages(map[string]string{"shop/": mailed}))
	p := fleet(t, s.addr, 1)[0]
	for _, old := range []string{"no JSON", `{"contacts":[{"kind":"fax"}]}`} {
		_, err := p.cache.Once(t.Context(), "shop.example", true, func(context.Context) ([]byte, time.Duration, error) { return []byte(old), time.Hour, nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Contacts(t.Context(), lead("http://shop.example/")); err != nil || got.Outcome != "found" {
			t.Errorf("%q: %+v, %v", old, got, err)
		}
	}
}

package website

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
)

var quiet = slog.New(slog.DiscardHandler)

func provider(addr string) *Provider {
	overrides := outbound.Overrides{{Pattern: "*.example", Addr: addr}}
	return New(Options{
		HTTP: outbound.NewGuardedClient(overrides, 40*time.Second), ExtraTLDs: overrides.Suffixes(), HostDelay: time.Millisecond,
		CrawlTime: time.Minute, Logger: quiet,
	})
}

func lead(website string) app.ContactQuery {
	return app.ContactQuery{Business: business.Business{ID: 1, Place: business.Place{Name: "A", Website: website, Country: "US"}}}
}

func values(contacts []business.Contact) []string {
	var list []string
	for _, c := range contacts {
		list = append(list, c.Value)
	}
	slices.Sort(list)
	return list
}

// TestTown crawls every website of the sandbox and compares what is found
// with the truth: each hiding place, each kind of trouble.
func TestTown(t *testing.T) {
	t.Parallel()
	outcomes := map[sandbox.SiteKind]string{
		sandbox.NoSite: outcomeNoWebsite, sandbox.Silent: outcomeNone, sandbox.Dead: outcomeDead, sandbox.Missing: outcomeDead, sandbox.Broken: outcomeError,
		sandbox.ScriptOnly: outcomeScript, sandbox.NoRobots: outcomeRobots, sandbox.Bomb: outcomeNone,
	}
	q := crawlTown(t.Context(), t, func(b sandbox.Business, got app.Findings) {
		outcome, trouble := outcomes[b.Site]
		if !trouble {
			outcome = outcomeFound
		}
		if got.Outcome != outcome || (got.Again != nil) != (b.Site == sandbox.Broken) {
			t.Errorf("%s (%s): outcome %s, again %v", b.Name, b.Site, got.Outcome, got.Again)
		}
		for _, c := range got.Contacts {
			if c.SourceURL == "" || c.Provider != providerName || c.Confidence < 1 || c.Confidence > 100 {
				t.Errorf("%s: %+v", b.Name, c)
			}
		}
	})
	if q.total.precision() < leastPrecision || q.total.recall() < leastRecall || q.total.truth < 250 {
		t.Errorf("precision %.3f, recall %.3f of %d contacts", q.total.precision(), q.total.recall(), q.total.truth)
	}
	for _, place := range sandbox.HidingPlaces() {
		if s := at(q.places, place); s.recall() < leastRecall || s.truth < 3 {
			t.Errorf("%s: recall %.3f of %d", place, s.recall(), s.truth)
		}
	}
	if t.Failed() {
		t.Logf("\n%s", q)
	}
}

func TestCloudflare(t *testing.T) {
	t.Parallel()
	code := "5a"
	for _, c := range []byte("info@shop.example?subject=x") {
		code += fmt.Sprintf("%02x", c^0x5a)
	}
	if got := decodeCloudflare(code); got != "info@shop.example" {
		t.Errorf("decoded %q", got)
	}
	for _, broken := range []string{"", "5", "zz", "5a"} {
		if got := decodeCloudflare(broken); got != "" {
			t.Errorf("%q decoded to %q", broken, got)
		}
	}
}

func TestWhatIsNotCrawled(t *testing.T) {
	t.Parallel()
	p := provider("127.0.0.1:1")
	for website, want := range map[string]string{
		"": outcomeNoWebsite, "ftp://a.example": outcomeNoWebsite, "https://www.facebook.com/shop": outcomeSocial,
		"https://www.yelp.com/biz/shop": outcomeDirectory, "/url?q=https://instagram.com/shop": outcomeSocial,
		"http://127.0.0.1/": outcomeDead, "http://169.254.169.254/latest": outcomeDead, "http://localhost:1/": outcomeNoWebsite,
	} {
		got, err := p.Contacts(t.Context(), lead(website))
		if err != nil || got.Outcome != want || (want == outcomeSocial) != (len(got.Contacts) == 1) {
			t.Errorf("%q: %+v, %v", website, got, err)
		}
	}
}

func TestOneRequestAtATimePerHost(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	running, most := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		_, _ = w.Write([]byte("<p>hello</p>"))
		mu.Lock()
		running--
		mu.Unlock()
	}))
	defer server.Close()
	p := provider(server.Listener.Addr().String())
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { _, _ = p.Contacts(t.Context(), lead("http://one.example/")) })
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d requests of one host at once", most)
	}
}

func TestCancelledCrawlIsNoFinding(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := provider("127.0.0.1:1").Contacts(ctx, lead("http://a.example/")); err == nil {
		t.Error("a cancelled crawl was taken for an outcome")
	}
}

package website

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
	"leadstream/internal/outbound"
	"leadstream/internal/sandbox"
)

// The floors under what is found of the sandbox's truth, in each hiding place and in all.
const (
	leastPrecision = 0.98
	leastRecall    = 0.95
)

// score counts what was found of what is true.
type score struct{ truth, right, wrong int }

func (s score) recall() float64 {
	if s.truth == 0 {
		return 1
	}
	return float64(s.right) / float64(s.truth)
}

func (s score) precision() float64 {
	if s.right+s.wrong == 0 {
		return 1
	}
	return float64(s.right) / float64(s.right+s.wrong)
}

func (s *score) add(o score) {
	s.truth, s.right, s.wrong = s.truth+o.truth, s.right+o.right, s.wrong+o.wrong
}

// quality is the score by hiding place, and by kind of contact.
type quality struct {
	places map[sandbox.HidingPlace]*score
	kinds  map[string]*score
	total  score
	sites  int
}

// judge compares what was found on a website with the truth. What is wrong
// belongs to no place of the truth; it counts for its kind and in all.
func (q *quality) judge(b sandbox.Business, found []business.Contact) {
	if b.Website() != "" {
		q.sites++
	}
	missing := map[string]sandbox.Contact{}
	for _, c := range b.Contacts {
		missing[c.Kind+" "+key(c.Value)] = c
		q.count(c, score{truth: 1})
	}
	for _, c := range found {
		name := c.Kind.String() + " " + key(c.Value)
		if truth, ok := missing[name]; ok {
			delete(missing, name)
			q.count(truth, score{right: 1})
			continue
		}
		q.total.add(score{wrong: 1})
		at(q.kinds, c.Kind.String()).add(score{wrong: 1})
	}
}

func (q *quality) count(c sandbox.Contact, s score) {
	at(q.places, c.Place).add(s)
	at(q.kinds, c.Kind).add(s)
	q.total.add(s)
}

func at[K comparable](scores map[K]*score, k K) *score {
	if scores[k] == nil {
		scores[k] = &score{}
	}
	return scores[k]
}

// key makes the forms equal in which one contact may be written.
func key(value string) string {
	return strings.TrimPrefix(strings.TrimRight(strings.ToLower(value), "/"), "https://www.")
}

// String is the table of docs/enrichment.md.
func (q *quality) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| hidden as | true | found | recall |\n|---|---:|---:|---:|\n")
	for _, place := range sandbox.HidingPlaces() {
		s := at(q.places, place)
		fmt.Fprintf(&b, "| %s | %d | %d | %.3f |\n", place, s.truth, s.right, s.recall())
	}
	fmt.Fprintf(&b, "\n| kind | true | found | wrong | precision | recall |\n|---|---:|---:|---:|---:|---:|\n")
	for _, kind := range []string{"email", "phone", "social"} {
		writeRow(&b, kind, *at(q.kinds, kind))
	}
	writeRow(&b, fmt.Sprintf("**all, of %d websites**", q.sites), q.total)
	return b.String()
}

func writeRow(b *strings.Builder, name string, s score) {
	fmt.Fprintf(b, "| %s | %d | %d | %d | %.3f | %.3f |\n", name, s.truth, s.right, s.wrong, s.precision(), s.recall())
}

// crawlTown crawls every website of the sandbox; see is told each finding.
func crawlTown(ctx context.Context, t testing.TB, see func(sandbox.Business, app.Findings)) *quality {
	t.Helper()
	town, err := sandbox.Start(ctx, sandbox.Options{SlowBy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = town.Close() }()
	overrides := outbound.Overrides{{Pattern: "*.example", Addr: town.Addr()}}
	client := outbound.NewGuardedClient(overrides, 40*time.Second)
	defer client.CloseIdleConnections()
	p := New(Options{HTTP: client, ExtraTLDs: overrides.Suffixes(), HostDelay: time.Millisecond, CrawlTime: 2 * time.Minute, Logger: quiet})
	q := &quality{places: map[sandbox.HidingPlace]*score{}, kinds: map[string]*score{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, b := range town.Town().Businesses() {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found, err := p.Contacts(ctx, app.ContactQuery{Business: business.Business{Place: business.Place{
				Name: b.Name, Website: b.Website(), Phone: b.Phone, Country: "United States",
			}}})
			if err != nil {
				t.Errorf("%s: %v", b.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			q.judge(b, found.Contacts)
			see(b, found)
		})
	}
	wg.Wait()
	return q
}

// BenchmarkQuality prints the table of docs/enrichment.md.
func BenchmarkQuality(b *testing.B) {
	var q *quality
	for b.Loop() {
		q = crawlTown(b.Context(), b, func(sandbox.Business, app.Findings) {})
	}
	b.ReportMetric(q.total.precision(), "precision")
	b.ReportMetric(q.total.recall(), "recall")
	_, _ = fmt.Fprintf(os.Stdout, "\n%s\n", q) // a benchmark's log is cut
}

// BenchmarkPage reads one page of a sandbox website.
func BenchmarkPage(b *testing.B) {
	body := []byte("<html><body>" + strings.Repeat(`<p>Some words about pipes, (732) 555-0100 and <a href="/contact">contact</a>.</p>`, 400) + mailed + "</body></html>")
	p := New(Options{HTTP: &http.Client{}, ExtraTLDs: []string{"example"}, Logger: quiet})
	home, _ := business.SiteURL("http://shop.example/")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p.extract(scan(body), home, "US")
	}
}

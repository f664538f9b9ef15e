package website

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"leadstream/internal/outbound"
)

// hostilePages are size bytes each of what is dear to readers that are not careful.
func hostilePages(size int) map[string]string {
	fill := func(piece string) string { return strings.Repeat(piece, size/len(piece)) }
	var attributes strings.Builder
	for i := 0; attributes.Len() < size; i++ {
		fmt.Fprintf(&attributes, "<body a%d=1>", i)
	}
	return map[string]string{
		"nested":                 fill("<div>"),
		"formatting, misnested":  fill("<b></i><p>"),
		"links in links":         fill("<a href=/contact>"),
		"links to contact pages": fill("<a href=//a.b.c.d.shop.example/contact?%zz>contact</a>"),
		"tables":                 fill("<table><tr><td>"),
		"attributes":             attributes.String(),
		"one tag":                "<a " + fill("href "),
		"hidden":                 fill(`<span style="display:none">`),
		"at signs":               fill("@"),
		"letters":                fill("a"),
		"addresses":              fill("info@shop.example "),
		"dots":                   fill("a@a.a."),
		"almost addresses":       fill("a.b-c+d@e.f-g."),
		"brackets":               fill("[at]"),
		"spelled":                fill("a [at] b [dot] c [dot] "),
		"spelled in words":       fill("a at b dot c "),
		"digits":                 fill("1"),
		"groups of digits":       fill("555-0100 "),
		"numbers":                fill("(732) 555-0100 "),
		"numbers abroad":         fill("+49 89 63648018 "),
		"tel links":              fill("<a href=tel:+17325550100>x</a>"),
		"spaces":                 fill(" "),
		"line breaks":            fill("<br>"),
		"entities":               fill("&amp;"),
		"entities without end":   fill("&notanentity"),
		"json, nested":           `<script type="application/ld+json">` + fill("["),
		"json, flat":             `<script type="application/ld+json">[` + fill(`{"email":"a@b.example","telephone":"7325550100"},`) + "{}]</script>",
		"json, many":             fill(`<script type="application/ld+json">{"email":"x"}</script>`),
		"json, wrapped":          `<script type="application/ld+json">` + fill("//"),
		"json, comments":         `<script type="application/ld+json">` + fill("<!-- ") + "</script>",
		"microdata":              fill(`<i itemprop=email>a@b.example</i><i itemprop=telephone>7325550100</i>`),
		"protected":              fill(`<b data-cfemail=` + protectedInfo + `>`),
		"credits":                fill("website by a@b.example "),
		"comments":               fill("<!-- a@b.example -->"),
		"doctypes":               fill("<!doctype html>"),
		"nothing but zeros":      fill("\x00"),
		"from right to left":     fill(`<b style="unicode-bidi:bidi-override;direction:rtl">ab`),
	}
}

// TestHostileHTMLCostsNoSecond is not parallel: it measures.
func TestHostileHTMLCostsNoSecond(t *testing.T) { //nolint:paralleltest // see above
	size, limit := maxPageBytes, time.Second
	if raceEnabled { // the detector makes all of it many times as dear
		size, limit = maxPageBytes/8, 5*time.Second
	}
	p := provider("127.0.0.1:1")
	at := &url.URL{Scheme: "http", Host: "shop.example", Path: "/"}
	for name, text := range hostilePages(size) {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := cpuTime()
		doc := scan([]byte(text))
		contacts := p.extract(doc, at, "US")
		rank(at, baseOf(doc, at), doc.links)
		doc.scriptOnly()
		took := cpuTime() - begin
		runtime.ReadMemStats(&after)
		t.Logf("%-24s %8s %4d MiB allocated, %d contacts", name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, len(contacts))
		if took > limit {
			t.Errorf("%s: took %s of CPU", name, took)
		}
	}
}

// TestHostileServersHoldNobody crawls servers that would hold a worker, or
// fill its memory. It is not parallel: it measures.
func TestHostileServersHoldNobody(t *testing.T) { //nolint:paralleltest // see above
	const requestTime, crawlTime = 300 * time.Millisecond, 1500 * time.Millisecond
	s := newWeb(t, hostileServer)
	overrides := outbound.Overrides{{Pattern: "*.example", Addr: s.addr}}
	client := outbound.NewGuardedClient(overrides, requestTime)
	defer client.CloseIdleConnections()
	p := New(Options{HTTP: client, ExtraTLDs: overrides.Suffixes(), HostDelay: time.Millisecond, CrawlTime: crawlTime, Logger: quiet})
	for host, outcomes := range map[string]string{
		"endless": "found error", "bomb": "found error", "trickle": "error", "silent": "error", "silentrobots": "error", "loop": "dead", "farloop": "dead",
		"headers": "dead", "packed": "not_html", "endlessrobots": "found error", "metadata": "dead", "loopback": "dead", "loopback6": "dead", "mapped": "dead", "decimal": "dead",
		"octal": "dead", "file": "dead",
	} {
		runtime.GC()
		peak := watchHeap()
		begin := time.Now()
		got, err := p.Contacts(t.Context(), lead("http://"+host+".example/"))
		took, grown := time.Since(begin), peak()
		if err != nil || !strings.Contains(outcomes, got.Outcome) {
			t.Errorf("%s: %+v, %v; want %s", host, got, err, outcomes)
		}
		if took > crawlTime+8*time.Second { // of which the race detector wants most, and whoever shares the machine
			t.Errorf("%s held its worker for %s", host, took)
		}
		if grown > 64<<20 {
			t.Errorf("%s took %d MiB", host, grown>>20)
		}
		t.Logf("%-14s %-8s %6s %3d MiB", host, got.Outcome, took.Round(time.Millisecond), grown>>20)
	}
}

// watchHeap measures by how much the heap grows at most until it is called.
func watchHeap() (peak func() uint64) {
	heap := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, most := heap(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, heap())
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return most - min(before, most)
	}
}

func hostileServer(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ".")
	if inward := inwards[host]; inward != "" && r.URL.Path == "/" {
		http.Redirect(w, r, inward, http.StatusFound)
		return
	}
	robots := r.URL.Path == "/robots.txt"
	switch {
	case host == "endlessrobots" && robots:
		flood(w, r, "User-agent: *\n")
	case host == "silentrobots" && robots:
		<-r.Context().Done()
	case robots:
		http.NotFound(w, r)
	case host == "endless", host == "endlessrobots":
		_, _ = w.Write([]byte(mailed))
		flood(w, r, "<p>more</p>\n")
	case host == "bomb":
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write([]byte(mailed))
		flood(zip, r, strings.Repeat("<!-- nothing -->", 4096))
	case host == "packed":
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("??"))
	case host == "trickle":
		trickle(w, r)
	case host == "silent":
		<-r.Context().Done()
	case host == "loop":
		http.Redirect(w, r, "/again"+r.URL.Path, http.StatusFound)
	case strings.HasSuffix(host, "farloop"):
		http.Redirect(w, r, "http://a"+r.Host, http.StatusFound)
	case host == "headers":
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	}
}

// inwards are redirects to what nobody outside may reach.
var inwards = map[string]string{
	"metadata": "http://169.254.169.254/latest/meta-data/", "loopback": "http://127.0.0.1/", "loopback6": "http://[::1]/", "mapped": "http://[::ffff:127.0.0.1]/",
	"decimal": "http://2130706433/", "octal": "http://0177.0.0.1/", "file": "file:///etc/passwd",
}

func flood(w io.Writer, r *http.Request, piece string) {
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
	}
}

// trickle sends a byte now and then, for ever.
func trickle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := w.Write([]byte("a")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

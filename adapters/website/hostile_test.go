package website

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
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
		begin := time.Now()
		doc := scan([]byte(text))
		contacts := p.extract(doc, at, "US")
		rank(at, baseOf(doc, at), doc.links)
		doc.scriptOnly()
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		t.Logf("%-24s %8s %4d MiB allocated, %d contacts", name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, len(contacts))
		if took > limit {
			t.Errorf("%s: took %s", name, took)
		}
	}
}

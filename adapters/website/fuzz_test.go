package website

import (
	"net/url"
	"testing"

	"leadstream/domain/business"
)

// FuzzExtract reads any bytes as a page. What it finds is in its normal form.
func FuzzExtract(f *testing.F) {
	for _, page := range []string{
		`<a href="mailto:%zz?">x</a><script type="application/ld+json">[[[{"email":["a@b.example"]}]]]</script>`,
		`<p itemprop="telephone">+1 (732) 555-0100<table><tr><td>`,
		`<base href="//x"><a href="/contact">x<a href=tel:1><area href=x><meta http-equiv=refresh content=";="><svg><select>`,
		`a(at)b.de a [at] b [dot] de x at y dot com <span style="display:none">`,
		`<span style="unicode-bidi:bidi-override;rtl">ed.b@a</span><b data-cfemail="5a33">`,
		`<script type="application/ld+json">/*<![CDATA[*/{}<!-- --></script>`,
	} {
		f.Add([]byte(page))
	}
	p := provider("127.0.0.1:1")
	base := &url.URL{Scheme: "http", Host: "a.example", Path: "/"}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc := scan(body)
		for _, c := range p.extract(doc, base, "US") {
			if c.Kind != business.Email {
				continue
			}
			if again, ok := p.cleanEmail(c.Value); !ok || again != c.Value {
				t.Errorf("%q is cleaned to %q", c.Value, again)
			}
		}
		rank(base, baseOf(doc, base), doc.links)
		doc.scriptOnly()
	})
}

package website

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"leadstream/domain/business"
)

// extracted is what is found on a page of http://shop.example/, in order.
func extracted(page, region string) string {
	p := provider("127.0.0.1:1")
	at := &url.URL{Scheme: "http", Host: "shop.example", Path: "/"}
	return strings.Join(values(p.extract(scan([]byte("<html><body>"+page+"</body></html>")), at, region)), " ")
}

const info = "info@shop.example"

// TestEmailHidingPlaces finds one address, or several, in each place.
func TestEmailHidingPlaces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ page, want string }{
		"mailto":                              {`<a href="mailto:info@shop.example">x</a>`, info},
		"mailto, several":                     {`<a href="MAILTO:a@shop.example,b@shop.example?cc=c@shop.example">x</a>`, "a@shop.example b@shop.example"},
		"mailto, percent-encoded":             {`<a href="mailto:%20info%40shop.example?subject=Hi%20there">x</a>`, info},
		"mailto, encoded twice":               {`<a href="mailto:info%2540shop.example">x</a>`, info},
		"mailto, with a name":                 {`<a href="mailto:The%20Shop%20%3Cinfo@shop.example%3E">x</a>`, info},
		"mailto, to in the query":             {`<a href="mailto:?to=info%40shop.example&subject=x">x</a>`, info},
		"mailto, spelled":                     {`<a href="mailto:info[at]shop.example">x</a>`, info},
		"mailto on an area":                   {`<map><area href="mailto:info@shop.example"></map>`, info},
		"entities":                            {`<p>&#105;nfo&#64;shop&#x2e;example</p>`, info},
		"entities in a mailto":                {`<a href="&#109;&#97;ilto:info&#64;shop.example">x</a>`, info},
		"text beside text":                    {`<table><tr><td>Mail</td><td>info@shop.example</td><td>Call</td></tr></table>`, info},
		"text in pieces":                      {`<p><span>info</span>@<b>shop</b>.example</p>`, info},
		"text around comments":                {`<p>info<!-- no -->@<!-- spam -->shop.example</p>`, info},
		"text around a hidden word":           {`<p>info@<span style="display: none">spam</span>shop.example</p>`, info},
		"text around a character of no width": {"<p>info\u200b@shop\u00ad.example</p>", info},
		"text from right to left":             {`<p><span style="unicode-bidi:bidi-override; direction: rtl">elpmaxe.pohs@ofni</span></p>`, info},
		"text in a hidden block":              {`<div style="display:none"><p>info@shop.example</p></div>`, info},
		"text in noscript":                    {`<noscript>info@shop.example</noscript>`, info},
		"end of a sentence":                   {`<p>Write to info@shop.example.</p>`, info},
		"in brackets":                         {`<p>(info@shop.example)</p>`, info},
		"after a colon":                       {`<p>E-mail:info@shop.example</p>`, info},
		"capitals":                            {`<p>INFO@Shop.EXAMPLE</p>`, info},
		"an umlaut domain":                    {`<p>info@bäckerei-müller.de</p>`, "info@xn--bckerei-mller-bfb28a.de"},
		"[at] and [dot]":                      {`<p>info [at] shop [dot] example</p>`, info},
		"(at) and (dot)":                      {`<p>Mail: info(at)shop(dot)example</p>`, info},
		"(at) and a dot":                      {`<p>info(at)firma.de</p>`, "info@firma.de"},
		"(at) before a sentence":              {`<p>info (at) firma.de. Telefon folgt</p>`, "info@firma.de"},
		"[ät] and [punkt]":                    {`<p>info [ät] firma [punkt] de</p>`, "info@firma.de"},
		"{at} and {dot}":                      {`<p>info {AT} shop {DOT} example</p>`, info},
		"arroba and punto":                    {`<p>info (arroba) tienda (punto) es</p>`, "info@tienda.es"},
		"words alone":                         {`<p>info at shop dot example</p>`, info},
		"words alone, of three":               {`<p>info AT shop DOT co DOT uk</p>`, "info@shop.co.uk"},
		"json-ld":                             {`<script type="application/ld+json">{"@type":"Plumber","email":"info@shop.example"}</script>`, info},
		"json-ld list":                        {`<script type="application/ld+json">[{"@type":"X"},{"email":["info@shop.example"]}]</script>`, info},
		"json-ld graph":                       {`<script type="application/ld+json">{"@graph":[{"@type":["LocalBusiness"],"email":"mailto:info@shop.example"}]}</script>`, info},
		"json-ld contact point":               {`<script type='application/ld+json'>{"contactPoint":[{"@type":"ContactPoint","email":"info@shop.example"}]}</script>`, info},
		"json-ld in CDATA":                    {"<script type=\"application/ld+json\">//<![CDATA[\n{\"email\":\"info@shop.example\"}\n//]]></script>", info},
		"json-ld in /* CDATA":                 {"<script type=\"application/ld+json\">/*<![CDATA[*/{\"email\":\"info@shop.example\"}/*]]>*/</script>", info},
		"json-ld in a comment":                {"<script type=\"application/ld+json\"><!--\n{\"email\":\"info@shop.example\"}\n--></script>", info},
		"json-ld with raw line breaks":        {"<script type=\"application/ld+json\">{\"description\":\"a\n\tb\",\"email\":\"info@shop.example\"};</script>", info},
		"json-ld, two objects":                {`<script type="application/ld+json">{"name":"x"} {"email":"info@shop.example"}</script>`, info},
		"json-ld that no parser reads":        {`<script type="application/ld+json">{"email":"info@shop.example",}</script>`, info},
		"json-ld with entities":               {`<script type="application/ld+json">{&quot;email&quot;:&quot;info@shop.example&quot;}</script>`, info},
		"microdata in an attribute":           {`<meta itemprop="email" content="info@shop.example">`, info},
		"microdata in text":                   {`<span itemprop="email"><b>info</b>@shop.example</span>`, info},
		"microdata in a link":                 {`<link itemprop="email" href="mailto:info@shop.example">`, info},
		"open graph":                          {`<meta property="business:contact_data:email" content="info@shop.example">`, info},
		"cloudflare attribute":                {`<a class="__cf_email__" data-cfemail="` + protectedInfo + `">[email&#160;protected]</a>`, info},
		"cloudflare link":                     {`<a href="/cdn-cgi/l/email-protection#` + protectedInfo + `">x</a>`, info},
		"typo3":                               {`<a href="javascript:linkTo_UnCryptMailto('ocknvq,kphqBujqr0gzcorng');">x</a>`, info},
		"escaped junk before it":              {`<p>u003einfo@shop.example</p><a href="mailto:%20info@shop.example">x</a>`, info},
	} {
		if got := extracted(tt.page, "US"); got != tt.want {
			t.Errorf("%s: found %q, want %q", name, got, tt.want)
		}
	}
}

// protectedInfo is info@shop.example as Cloudflare writes it, with the key 5a.
const protectedInfo = "5a33343c351a2932352a743f223b372a363f"

// TestNoEmails finds nothing in what looks like an address.
func TestNoEmails(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"English":                     `<p>Meet us at shop. Look at the dot on the map. We are at shop.example every day.</p>`,
		"assets":                      `<p>logo@2x.png sprite@3x.webp hero@2x-1024.jpg font@1.woff2 bundle@next.js</p>`,
		"sentry":                      `<p>605a7baede844d278b89dc95ae0a9123@o1.ingest.sentry.io abc@sentry.io</p>`,
		"wix":                         `<p>8eb368c655b84e029ed79ad7a5c1718e@sentry-next.wixpress.com</p>`,
		"a long hexadecimal mailbox":  `<p>605a7baede844d278b89dc95ae0a9123@shop.example</p>`,
		"a uuid for a mailbox":        `<p>0f8fad5b-d9cb-469f-a165-70867728950e@shop.example</p>`,
		"samples":                     `<p>user@domain.com you@example.com name@yourdomain.com your.name@yourcompany.com john.doe@email.com max.mustermann@beispiel.de</p>`,
		"package versions":            `<p>jquery@3.7.1 lodash@4.17.21 core-js@3.36 vue@next</p>`,
		"makers of themes and fonts":  `<p>team@latofonts.com webmaster@themeforest.net impallari@gmail.com</p>`,
		"an unknown top-level domain": `<p>info@shop.notatld info@localhost info@shop</p>`,
		"a public suffix":             `<p>info@co.uk</p>`,
		"an address of IP":            `<p>root@127.0.0.1</p>`,
		"a handle at Mastodon":        `<p>@shop@mastodon.social</p>`,
		"the user of a URL":           `<p>https://user@shop.example/ and ssh://git@shop.example</p>`,
		"who made the site":           `<p>Website by Pixel Studio, hello@pixelstudio.com</p><p>Umsetzung durch Agentur, post@agentur.de</p>`,
		"nobody reads it":             `<p>noreply@shop.example do-not-reply@shop.example</p>`,
		"scripts":                     `<script>var a = "info@shop.example"</script><style>.a{content:"info@shop.example"}</style>`,
		"comments":                    `<!-- info@shop.example -->`,
		"templates":                   `<template><p>info@shop.example</p></template>`,
		"a trap":                      `<a href="mailto:trap@shop.example" style="display:none">x</a><a hidden href="mailto:trap@shop.example">x</a>`,
		"forms":                       `<input placeholder="info@shop.example"><textarea>info@shop.example</textarea>`,
		"broken protection":           `<a data-cfemail="zz">x</a><a data-cfemail="5">x</a><a href="/cdn-cgi/l/email-protection#">x</a>`,
		"broken json-ld":              `<script type="application/ld+json">{"email":</script>`,
		"two dots":                    `<p>info..x@shop.example</p><a href="mailto:info@shop..example">x</a>`,
		"only a subject":              `<a href="mailto:?subject=Look%20at%20this">x</a>`,
	} {
		if got := extracted(page, "US"); got != "" {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, region, page, want string }{
		{"tel link", "US", `<a href="tel:+1-732-555-0103">x</a>`, "+17325550103"},
		{"tel link, escaped", "US", `<a href="tel:%28732%29%20555-0103">x</a>`, "+17325550103"},
		{"callto", "US", `<a href="callto://+17325550103">x</a>`, "+17325550103"},
		{"text", "US", `<p>Call (732) 555-0104 today</p>`, "+17325550104"},
		{"text with dots", "US", `<p>732.555.0104</p>`, "+17325550104"},
		{"text after its word", "US", `<p>Phone: 7325550104</p>`, "+17325550104"},
		{"two in a row", "US", `<p>732-555-0104 732-555-0105</p>`, "+17325550104 +17325550105"},
		{"json-ld", "US", `<script type="application/ld+json">{"telephone":"(732) 555-0101"}</script>`, "+17325550101"},
		{"microdata", "US", `<span itemprop="telephone">732-555-0102</span>`, "+17325550102"},
		{"germany", "DE", `<p>Telefon: 089 / 636-48018</p>`, "+498963648018"},
		{"germany, with (0)", "DE", `<p>+49 (0)89 63648018</p>`, "+498963648018"},
		{"britain", "GB", `<p>020 7946 0018</p>`, "+442079460018"},
		{"spain", "ES", `<a href="tel:912 345 678">x</a>`, "+34912345678"},
		{"abroad", "US", `<p>+44 20 7946 0018</p>`, "+442079460018"},
		{"fax", "US", `<p>Fax: (732) 555-0199</p><p>Telefax +49 89 63648018</p>`, ""},
		{"dates", "DE", `<p>2026-11-24, 24.11.2026, 1987-2026, 11/24/2026</p>`, ""},
		{"money and amounts", "US", `<p>Order 12-34 of 2026, $1,234.56, 10.0.0.1, 1 000 000</p>`, ""},
		{"other numbers", "DE", `<p>IBAN DE89 3704 0044 0532 0130 00, USt-IdNr. DE 123456789, HRB 123456, Steuernummer: 143/123/45678</p>`, ""},
		{"licences", "US", `<p>License #732-555-0107, Lic. No. 732-555-0108, NMLS 7325550109</p>`, ""},
		{"product codes", "US", `<p>SKU 732-555-0107 AB7325550107 #7325550107</p>`, ""},
		{"digits alone", "US", `<p>7325550104</p>`, ""},
		{"not in the plan", "US", `<p>(123) 555-0104</p><a href="tel:12345">x</a>`, ""},
	} {
		if got := extracted(tt.page, tt.region); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ country, phone, host, want string }{
		{"US", "", "a.de", "US"}, {"United States", "", "", "US"}, {"USA", "", "", "US"}, {"Deutschland", "", "", "DE"}, {"germany", "", "", "DE"},
		{"España", "", "", "ES"}, {"Royaume-Uni", "", "", "GB"}, {"UK", "", "", "GB"}, {"Österreich", "", "", "AT"}, {"Nederland", "", "", "NL"},
		{"", "+498963648018", "a.com", "DE"}, {"", "", "a.de", "DE"}, {"", "", "a.co.uk", "GB"}, {"", "", "a.io", "US"}, {"Nowhere", "", "a.com", "US"}, {"", "", "", "US"},
	} {
		if got := regionOf(business.Place{Country: tt.country, Phone: tt.phone}, tt.host); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"http://facebook.com/shop?ref=x":                    "https://www.facebook.com/shop",
		"https://m.facebook.com/shop/":                      "https://www.facebook.com/shop",
		"https://www.facebook.com/pages/Shop/123":           "https://www.facebook.com/pages/Shop/123",
		"https://www.facebook.com/profile.php?id=12&sk=x":   "https://www.facebook.com/profile.php?id=12",
		"https://twitter.com/shop":                          "https://x.com/shop",
		"https://x.com/shop/":                               "https://x.com/shop",
		"https://www.linkedin.com/company/shop/about/":      "https://www.linkedin.com/company/shop/about",
		"https://www.youtube.com/@shop":                     "https://www.youtube.com/@shop",
		"https://www.instagram.com/shop/":                   "https://www.instagram.com/shop",
		"https://wa.me/4917012345":                          "https://wa.me/4917012345",
		"https://www.facebook.com/sharer/sharer.php?u=x":    "",
		"https://www.facebook.com/sharer.php?u=x":           "",
		"https://www.facebook.com/plugins/like.php":         "",
		"https://www.facebook.com/dialog/send":              "",
		"https://www.facebook.com/tr?id=1":                  "",
		"https://www.facebook.com/":                         "",
		"https://www.facebook.com/wix":                      "",
		"https://twitter.com/intent/tweet?text=x":           "",
		"https://twitter.com/someone/status/123":            "",
		"https://www.linkedin.com/shareArticle?url=x":       "",
		"https://www.linkedin.com/sharing/share-offsite/":   "",
		"https://www.youtube.com/watch?v=x":                 "",
		"https://www.youtube.com/embed/x":                   "",
		"https://youtu.be/x":                                "",
		"https://www.instagram.com/p/abc/":                  "",
		"https://www.pinterest.com/pin/create/button/?url=": "",
		"https://t.me/share/url?url=x":                      "",
		"https://shop.example/facebook.com/shop":            "",
		"javascript:alert(1)":                               "",
	} {
		if got, ok := cleanProfile(link); got != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}

func TestConfidenceRoleAndRank(t *testing.T) {
	t.Parallel()
	p := provider("127.0.0.1:1")
	c := p.crawl(business.Place{Name: "Joe's Pipes"}, &url.URL{Scheme: "http", Host: "www.shop.example"})
	page := `<p>a@agency.example joespipes@gmail.com ada.abel@shop.example</p><a href="mailto:info@shop.example">x</a> sales [at] shop [dot] example`
	for i := range 80 {
		page += "<p>more" + itoa(i) + "@other.example</p>"
	}
	c.found = p.extract(scan([]byte(page)), c.home, "US")
	got := c.findings()
	want := []string{"info@shop.example 95 generic", "ada.abel@shop.example 92 personal", "sales@shop.example 87 generic", "joespipes@gmail.com 77 generic"}
	if len(got.Contacts) != maxContacts {
		t.Fatalf("%d contacts", len(got.Contacts))
	}
	for i, c := range got.Contacts[:len(want)] {
		if line := strings.Join([]string{c.Value, itoa(c.Confidence), c.Role()}, " "); line != want[i] {
			t.Errorf("%d: %s, want %s", i, line, want[i])
		}
		if c.Provider != "website" || c.SourceURL != "http://www.shop.example" {
			t.Errorf("%+v", c)
		}
	}
	for address, role := range map[string]bool{
		"info@a.example": true, "customer.service@a.example": true, "info.freehold@a.example": true, "service2@a.example": true, "kontakt@a.de": true,
		"büro@a.de": true, "ada.abel@a.example": false, "ada@a.example": false,
	} {
		if roleAddress(address) != role {
			t.Errorf("%s: role %v", address, !role)
		}
	}
}

func itoa(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func TestPersonOfStructuredData(t *testing.T) {
	t.Parallel()
	p := provider("127.0.0.1:1")
	at := &url.URL{Scheme: "http", Host: "shop.example"}
	got := p.extract(scan([]byte(`<script type="application/ld+json">{"@type":"Person","name":"Ada Abel","jobTitle":"Owner","email":"ada@shop.example","url":"https://x.com/ada"}</script>`)), at, "US")
	i := slices.IndexFunc(got, func(c business.Contact) bool { return c.Kind == business.Email })
	if len(got) != 2 || got[i].Name != "Ada Abel" || got[i].Position != "Owner" {
		t.Errorf("%+v", got)
	}
}

func TestRankOfPages(t *testing.T) {
	t.Parallel()
	home := &url.URL{Scheme: "https", Host: "www.shop.example", Path: "/"}
	for name, tt := range map[string]struct{ page, want string }{
		"by text and path": {
			`<a href="/blog">Blog</a><a href="/x">Our Team</a><a href="/about-us">Who</a><a href="/legal">Legal</a><a href="/imprint">x</a><a href="/reach">Contact us</a><a href="/kontakt">x</a>`,
			"/reach /kontakt /imprint /about-us /x /legal",
		},
		"once, and not home":      {`<a href="/contact">a</a><a href="/contact/">b</a><a href="#contact">c</a><a href="https://shop.example/contact#map">d</a>`, "/contact"},
		"not of others":           {`<a href="https://other.example/contact">a</a><a href="mailto:contact@shop.example">b</a><a href="javascript:contact()">c</a>`, "/contact"},
		"another host of its own": {`<a href="https://info.shop.example/contact">a</a>`, "https://info.shop.example/contact"},
		"not files":               {`<a href="/contact.pdf">a</a><a href="/team.jpg">b</a>`, "/contact"},
		"not what opticians sell": {`<a href="/contact-lenses">Contact lenses</a>`, "/contact"},
		"a guess":                 {`<a href="/about">About</a>`, "/about /contact"},
		"refresh":                 {`<meta http-equiv="refresh" content="0; url=/start"><a href="/team">x</a>`, "/start /team"},
		"frames":                  {`<frameset><frame src="/main.html"></frameset>`, "/main.html"},
		"base":                    {`<base href="/de/"><a href="kontakt">x</a>`, "/de/kontakt"},
	} {
		doc := scan([]byte(tt.page))
		var got []string
		for _, u := range rank(home, baseOf(doc, home), doc.links) {
			got = append(got, strings.TrimPrefix(u.String(), "https://www.shop.example"))
		}
		if g := strings.Join(got, " "); g != tt.want && strings.ReplaceAll(g, "https://shop.example", "") != tt.want {
			t.Errorf("%s: %s, want %s", name, g, tt.want)
		}
	}
	builder := &url.URL{Scheme: "https", Host: "sites.google.com", Path: "/view/acme/home"}
	doc := scan([]byte(`<a href="/view/acme/contact">a</a><a href="/view/other/contact">b</a><a href="https://www.google.com/contact">c</a>`))
	if got := rank(builder, builder, doc.links); len(got) != 1 || got[0].Path != "/view/acme/contact" {
		t.Errorf("at a site builder: %v", got)
	}
	for website, want := range map[string]string{
		"https://www.shop.co.uk/freehold": "shop.co.uk", "https://sites.google.com/view/acme/home": "sites.google.com/view/acme",
		"https://acme.wixsite.com/mysite": "acme.wixsite.com/mysite", "https://bäcker.de": "xn--bcker-gra.de",
	} {
		u, _ := business.SiteURL(website)
		if got := siteKey(u); got != want {
			t.Errorf("%s is known as %s, want %s", website, got, want)
		}
	}
}

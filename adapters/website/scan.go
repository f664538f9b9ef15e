package website

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// Bounds on what one page may hold; a page of people has far less.
const (
	maxLinks      = 3000
	maxFields     = 500
	maxAnchorText = 200
	maxTextChunk  = 1 << 20 // of visible text altogether
)

// page is what is read of a document, in one pass over its tokens. No tree is
// made of them: a hostile page makes trees that take minutes to build.
type page struct {
	text       string // what a person sees, a line for each block
	links      []link
	structured []string // the text of JSON-LD scripts
	fields     []field
	codes      []string // of Cloudflare's e-mail protection
	base       string   // <base href>
	scripts    bool     // loads scripts
}

// link is a way to another page, or to a mailbox or telephone.
type link struct {
	href, text string
	refresh    bool // the page leads there by itself
}

// field is a property of schema.org's, or of Open Graph's, in attributes.
type field struct{ name, value string }

// scanner reads tokens. Regions are elements whose text is treated apart;
// they end with their own end tag, however badly the rest is nested.
type scanner struct {
	page

	visible strings.Builder
	anchor  region
	item    region
	unseen  region
	turned  region // written from right to left
	json    bool   // inside a JSON-LD script
	quiet   bool   // inside another element whose raw text nobody sees
}

// scan reads a page of UTF-8.
func scan(body []byte) page {
	s := &scanner{}
	for tokens := html.NewTokenizer(bytes.NewReader(body)); ; {
		switch tokens.Next() {
		case html.ErrorToken:
			s.finish()
			return s.page
		case html.TextToken:
			s.write(tokens.Text())
		case html.StartTagToken:
			s.start(tokens, false)
		case html.SelfClosingTagToken:
			s.start(tokens, true)
		case html.EndTagToken:
			name, _ := tokens.TagName()
			s.end(string(name))
		}
	}
}

func (s *scanner) write(text []byte) {
	switch {
	case s.json:
		s.structured = append(s.structured, string(text))
	case s.quiet || s.unseen.open():
	default:
		t := string(text)
		s.anchor.write(t)
		s.item.write(t)
		if s.turned.open() {
			s.turned.write(t)
		} else if s.visible.Len() < maxTextChunk {
			s.visible.WriteString(t)
		}
	}
}

// start looks at an element's attributes, and begins its regions.
func (s *scanner) start(tokens *html.Tokenizer, selfClosing bool) {
	raw, more := tokens.TagName()
	element := string(raw)
	attributes := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = tokens.TagAttr()
		if wanted(key) {
			attributes[string(key)] = string(value)
		}
	}
	s.attributes(element, attributes)
	if !inline(element) {
		s.visible.WriteByte('\n')
	}
	if selfClosing && !html5Raw(element) || void(element) {
		return
	}
	for _, r := range []*region{&s.anchor, &s.item, &s.unseen, &s.turned} {
		r.starts(element)
	}
	s.regions(element, attributes)
}

func (s *scanner) attributes(element string, a map[string]string) {
	if code := a["data-cfemail"]; code != "" && len(s.codes) < maxFields {
		s.codes = append(s.codes, code)
	}
	switch element {
	case "base":
		if s.base == "" {
			s.base = a["href"]
		}
	case "meta":
		s.addField(a["property"], a["content"])
		s.addRefresh(a["http-equiv"], a["content"])
	case "frame":
		s.addRefresh("refresh", "="+a["src"]) // all that the page shows
	case "script":
		s.scripts = s.scripts || a["src"] != ""
	case "link":
		s.addField(a["itemprop"], a["href"])
		return
	}
	if value := firstOf(a["content"], a["href"]); value != "" {
		s.addField(a["itemprop"], value)
	}
	if s.anchor.open() && element == "img" {
		s.anchor.write(" " + a["alt"] + " ")
	}
}

func (s *scanner) addField(names, value string) {
	for name := range strings.FieldsSeq(names) {
		if len(s.fields) < maxFields && value != "" && fieldNames[name] {
			s.fields = append(s.fields, field{name, value})
		}
	}
}

// fieldNames are the properties that hold a contact.
var fieldNames = map[string]bool{
	"email": true, "telephone": true, "sameAs": true, "og:email": true, "og:phone_number": true,
	"business:contact_data:email": true, "business:contact_data:phone_number": true,
}

func (s *scanner) regions(element string, a map[string]string) {
	switch {
	case element == "script":
		s.json = strings.EqualFold(strings.TrimSpace(a["type"]), "application/ld+json")
		s.quiet = !s.json
	case html5Raw(element):
		s.quiet = true
	case element == "svg" || element == "template" || element == "select":
		s.beginUnseen(element)
	case inline(element) && concealed(a):
		s.beginUnseen(element) // a word that keeps robots from reading an address
	}
	switch {
	case (element == "a" || element == "area") && a["href"] != "" && !concealed(a): // those are traps
		s.endAnchor() // links do not nest
		s.anchor.begin(element, a["href"])
		if element == "area" {
			s.anchor.write(a["alt"])
			s.endAnchor()
		}
	case fieldNames[a["itemprop"]] && a["content"] == "" && a["href"] == "" && !s.item.open():
		s.item.begin(element, a["itemprop"])
	}
	if strings.Contains(a["style"], "bidi-override") && strings.Contains(a["style"], "rtl") && !s.turned.open() {
		s.turned.begin(element, "")
	}
}

func (s *scanner) beginUnseen(element string) {
	if !s.unseen.open() {
		s.unseen.begin(element, "")
	}
}

func (s *scanner) end(element string) {
	if html5Raw(element) {
		s.json, s.quiet = false, false
	}
	if s.anchor.ends(element) {
		s.addLink()
	}
	if s.item.ends(element) {
		s.addField(s.item.name, s.item.text.String())
	}
	s.unseen.ends(element)
	if s.turned.ends(element) {
		s.visible.WriteString(reversed(s.turned.text.String()))
	}
	if !inline(element) {
		s.visible.WriteByte('\n')
	}
}

func (s *scanner) endAnchor() {
	if s.anchor.open() {
		s.anchor.element = ""
		s.addLink()
	}
}

func (s *scanner) addLink() {
	if len(s.links) < maxLinks {
		s.links = append(s.links, link{href: strings.TrimSpace(s.anchor.name), text: tidy(s.anchor.text.String())})
	}
}

// addRefresh reads where "0; url=/home" leads.
func (s *scanner) addRefresh(header, content string) {
	_, target, found := strings.Cut(content, "=")
	if strings.EqualFold(header, "refresh") && found && len(s.links) < maxLinks {
		s.links = append(s.links, link{href: strings.Trim(strings.TrimSpace(target), `'"`), refresh: true})
	}
}

// finish ends what the page left open.
func (s *scanner) finish() {
	s.endAnchor()
	if s.item.open() {
		s.addField(s.item.name, s.item.text.String())
	}
	s.text = tidyLines(s.visible.String())
}

// scriptOnly reports a page that shows next to nothing until its scripts run.
func (p page) scriptOnly() bool { return p.scripts && len(strings.Fields(p.text)) < 15 }

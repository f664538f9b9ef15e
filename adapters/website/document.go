package website

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// maxDepth is deeper than any page of a person nests; beyond it a page is
// made to exhaust its readers.
const maxDepth = 1000

// document is a parsed page.
type document struct{ *goquery.Document }

// parse reads HTML, unless it nests absurdly deep: checked on the tokens,
// before a tree is made of them.
func parse(body []byte) (document, error) {
	depth := 0
	for tokens := html.NewTokenizer(bytes.NewReader(body)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		if name, _ := tokens.TagName(); !voidElement(string(name)) {
			switch kind {
			case html.StartTagToken:
				depth++
			case html.EndTagToken:
				depth--
			}
		}
		if depth > maxDepth {
			return document{}, fmt.Errorf("%w: nested deeper than %d", errNotHTML, maxDepth)
		}
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return document{}, fmt.Errorf("parsing the page: %w", err)
	}
	return document{doc}, nil
}

// voidElement reports elements that are seldom closed, so that they do not nest.
func voidElement(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p", "li", "option", "td", "tr", "th", "dt", "dd":
		return true
	default:
		return false
	}
}

// scriptOnly reports a page that shows next to nothing until its scripts run.
func (d document) scriptOnly() bool {
	return d.Find("script[src]").Length() > 0 && len(strings.Fields(d.visibleText())) < 15
}

// visibleText is what a person would see of the body, with a space between
// pieces of text, so that neighbours do not become one word.
func (d document) visibleText() string {
	var b strings.Builder
	for _, body := range d.Find("body").Nodes {
		writeText(&b, body)
	}
	return b.String()
}

func writeText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
		b.WriteByte(' ')
	case n.Type == html.ElementNode && unseen(n.Data):
		return
	}
	for child := range n.ChildNodes() {
		writeText(b, child)
	}
}

func unseen(element string) bool {
	return slices.Contains([]string{"script", "style", "noscript", "template", "svg", "head"}, element)
}

// link is a way to another page.
type link struct {
	url  *url.URL
	text string
}

func (d document) links(base *url.URL) []link {
	var links []link
	d.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		target, err := base.Parse(strings.TrimSpace(a.AttrOr("href", "")))
		if err == nil && (target.Scheme == "http" || target.Scheme == "https") {
			target.Fragment = ""
			links = append(links, link{target, strings.ToLower(strings.TrimSpace(a.Text()))})
		}
	})
	return links
}

// contactWords are the signs of a page with contacts, the best first, in the
// languages of the places scraped most.
var contactWords = []string{"contact", "kontakt", "contacto", "contatti", "impressum", "imprint", "about", "über uns", "ueber-uns", "team", "staff", "legal", "mentions", "nosotros"}

// rank lists the pages to read next, the most promising first, each once:
// those of the site's own domain that speak of contacts, and a guess.
func rank(home *url.URL, links []link) []*url.URL {
	type candidate struct {
		url   *url.URL
		score int
	}
	var candidates []candidate
	seen := map[string]bool{pageKey(home): true}
	for _, l := range links {
		score := slices.IndexFunc(contactWords, func(word string) bool {
			return strings.Contains(l.text, word) || strings.Contains(strings.ToLower(l.url.Path), word)
		})
		if score < 0 || registrable(l.url.Hostname()) != registrable(home.Hostname()) || seen[pageKey(l.url)] || isAsset(l.url.Path) {
			continue
		}
		seen[pageKey(l.url)] = true
		candidates = append(candidates, candidate{l.url, score})
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.score, b.score) })
	var pages []*url.URL
	for _, c := range candidates {
		pages = append(pages, c.url)
	}
	if guess := home.ResolveReference(&url.URL{Path: "/contact"}); !seen[pageKey(guess)] {
		pages = append(pages, guess)
	}
	return pages
}

func pageKey(u *url.URL) string { return strings.ToLower(u.Host) + strings.TrimSuffix(u.Path, "/") }

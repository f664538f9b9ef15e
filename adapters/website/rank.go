package website

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"leadstream/domain/business"
)

// signs are the words of links to pages with contacts, the best first, in the
// languages of the places scraped most.
var signs = [][]string{
	{"contact", "kontakt", "contacto", "contatti", "contato", "contactez", "get in touch", "get-in-touch", "reach us", "ansprechpartner", "yhteystiedot"},
	{"impressum", "imprint", "mentions-legales", "mentions légales", "aviso-legal", "aviso legal", "legal-notice", "legal notice", "note-legali", "colofon"},
	{"about", "über uns", "ueber-uns", "uber-uns", "ueberuns", "a-propos", "à propos", "qui-sommes", "nosotros", "chi-siamo", "chi siamo", "over-ons", "over ons", "sobre", "o-nas", "om-oss"},
	{"team", "staff", "people", "equipo", "equipe", "équipe", "mitarbeiter", "our-doctors", "attorneys", "crew"},
	{"legal", "datenschutz", "privacy", "location", "find us", "find-us", "visit us", "anfahrt", "filialen", "support", "customer-service", "help"},
}

// frontScore puts a website's front page after those that speak of contacts or of its people.
const frontScore = 3

// frontOf is the front page of the website that a page lies deeper in; at a
// site builder that would be another's.
func frontOf(page *url.URL) (front *url.URL, deeper bool) {
	if strings.Trim(page.Path, "/") == "" && page.RawQuery == "" || business.SharedHost(page.Hostname()) {
		return nil, false
	}
	return page.ResolveReference(&url.URL{Path: "/"}), true
}

// contactLens is what opticians sell.
const contactLens = "contact lens"

// rank lists the pages to read next, the most promising first, each once:
// those of the site itself that speak of contacts, and a guess where none does
// so by name.
func rank(home, base *url.URL, links []link) []*url.URL {
	type candidate struct {
		url   *url.URL
		score int
	}
	var candidates []candidate
	seen := map[string]bool{pageKey(home): true}
	if front, deeper := frontOf(home); deeper {
		candidates = append(candidates, candidate{front, frontScore})
		seen[pageKey(front)] = true
	}
	guess := true
	for _, l := range links {
		target, ok := l.resolve(base)
		if !ok || !sameSite(home, target) || isAsset(target.Path) || seen[pageKey(target)] {
			continue
		}
		score := l.score(target)
		if score == len(signs) {
			continue
		}
		seen[pageKey(target)] = true
		guess = guess && score != 0
		candidates = append(candidates, candidate{target, score})
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(strings.Count(a.url.Path, "/"), strings.Count(b.url.Path, "/")))
	})
	var pages []*url.URL
	for _, c := range candidates[:min(len(candidates), maxPages)] {
		pages = append(pages, c.url)
	}
	if guess && !business.SharedHost(home.Hostname()) {
		// It is worth more than pages that only may hold a contact.
		pages = slices.Insert(pages, min(len(pages), maxPages-2), home.ResolveReference(&url.URL{Path: "/contact"}))
	}
	return pages
}

func (l link) resolve(base *url.URL) (*url.URL, bool) {
	target, err := base.Parse(l.href)
	if err != nil || (target.Scheme != "http" && target.Scheme != "https") {
		return nil, false
	}
	target.Fragment, target.RawFragment, target.User = "", "", nil
	return target, true
}

// score is the best sign that a link's text or path shows; less is better.
func (l link) score(target *url.URL) int {
	if l.refresh {
		return 0
	}
	text, path := strings.ToLower(l.text), strings.ToLower(target.Path)
	if strings.Contains(text, contactLens) || strings.Contains(path, "contact-lens") {
		return len(signs)
	}
	for score, words := range signs {
		for _, word := range words {
			if strings.Contains(text, word) || strings.Contains(path, word) {
				return score
			}
		}
	}
	return len(signs)
}

// sameSite reports whether a page belongs to the website. At a site builder
// the domain belongs to thousands, so there the host and the first folders count.
func sameSite(home, target *url.URL) bool {
	if business.SharedHost(home.Hostname()) {
		return strings.EqualFold(home.Host, target.Host) && strings.HasPrefix(target.Path, folders(home.Path, 2))
	}
	return registrable(home.Hostname()) == registrable(target.Hostname())
}

// folders are the first n of a path.
func folders(path string, n int) string {
	parts := strings.SplitAfter(path, "/")
	return strings.Join(parts[:min(len(parts), n+1)], "")
}

func pageKey(u *url.URL) string {
	return strings.ToLower(strings.TrimPrefix(u.Host, "www.")) + strings.TrimSuffix(u.Path, "/") + "?" + u.RawQuery
}

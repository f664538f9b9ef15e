package sandbox

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// serveSite answers for a business's own website.
func (s *Server) serveSite(w http.ResponseWriter, r *http.Request, b Business, host string) {
	pause(r, s.faults.Get().WebsiteDelayMS)
	if status, fails := s.faults.websiteFails(b.Host()); fails {
		http.Error(w, "out of order", status)
		return
	}
	switch b.Site {
	case Dead:
		hangUp(w)
		return
	case Missing, NoSite:
		http.NotFound(w, r)
		return
	case Broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case Slow:
		pause(r, int(s.options.SlowBy/time.Millisecond))
	case Elsewhere:
		if host == b.Host() {
			http.Redirect(w, r, "http://new."+b.Host()+r.URL.Path, http.StatusMovedPermanently)
			return
		}
	}
	s.servePage(w, r, b)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request, b Business) {
	if r.URL.Path == "/robots.txt" {
		rule := "Disallow: /private"
		if b.Site == NoRobots {
			rule = "Disallow: /"
		}
		_, _ = fmt.Fprintf(w, "User-agent: *\n%s\n", rule)
		return
	}
	page, known := map[string]string{"/": "home", "/contact": "contact", "/about": "about", "/impressum": "impressum"}[r.URL.Path]
	if !known || page == "impressum" && !b.shows(Impressum) {
		http.NotFound(w, r)
		return
	}
	if b.Site == ScriptOnly {
		s.render(w, http.StatusOK, "shell.html", b)
		return
	}
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, "site.html", siteView{b, page, hiddenContacts(b, r.URL.Path)}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch b.Site {
	case Huge:
		_, _ = w.Write(body.Bytes())
		flood(w, r)
	case Bomb:
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write(body.Bytes())
		flood(zip, r)
		_ = zip.Close()
	default:
		_, _ = w.Write(body.Bytes())
	}
}

// flood writes 30 MiB of nothing.
func flood(w interface{ Write([]byte) (int, error) }, r *http.Request) {
	chunk := bytes.Repeat([]byte("<!-- nothing to see here -->\n"), 1<<11)
	for written := 0; written < 30<<20 && r.Context().Err() == nil; written += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func hangUp(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

func (b Business) shows(place HidingPlace) bool {
	for _, c := range b.Contacts {
		if c.Place == place {
			return true
		}
	}
	return false
}

// siteView is what a page of a website is drawn from.
type siteView struct {
	Business
	Page   string
	Hidden template.HTML
}

// Links are the pages that the home page tells of; one contact page nobody links.
func (v siteView) Links() []string {
	links := []string{"about"}
	if v.shows(ContactPage) {
		links = append(links, "contact")
	}
	if v.shows(Impressum) {
		links = append(links, "impressum")
	}
	return links
}

// hiddenContacts writes the contacts of one page, each in its own way.
func hiddenContacts(b Business, path string) template.HTML {
	var out strings.Builder
	for _, c := range b.Contacts {
		if c.Page == path {
			out.WriteString(hide(b, c))
		}
	}
	return template.HTML(out.String()) // built from the town's own names
}

func hide(b Business, c Contact) string {
	local, domain, _ := strings.Cut(c.Value, "@")
	switch c.Place {
	case Mailto, ContactPage:
		return fmt.Sprintf(`<p><a href="mailto:%s">Write to us</a></p>`, c.Value)
	case MailtoQuery:
		return fmt.Sprintf(`<p><a href="mailto:%s%%40%s?subject=Hello%%20there">Write to us</a></p>`, local, domain)
	case PlainText, Unlinked, Impressum:
		return fmt.Sprintf(`<p>E-mail: %s</p>`, c.Value)
	case Entities:
		var entities strings.Builder
		for _, r := range c.Value {
			fmt.Fprintf(&entities, "&#%d;", r)
		}
		return "<p>" + entities.String() + "</p>"
	case SpelledOut:
		return fmt.Sprintf(`<p>Reach us: %s [at] %s</p>`, local, strings.ReplaceAll(domain, ".", " [dot] "))
	case Cloudflare:
		return fmt.Sprintf(`<p><span class="__cf_email__" data-cfemail="%s">[email&#160;protected]</span></p>`, cloudflare(c.Value))
	case CloudLink:
		return fmt.Sprintf(`<p><a href="/cdn-cgi/l/email-protection#%s">Mail</a></p>`, cloudflare(c.Value))
	case JSONLD:
		return jsonLD("<!--\n", map[string]any{"@type": "Plumber", "name": b.Name, "contactPoint": []any{map[string]any{"email": "mailto:" + c.Value}}}, "\n-->")
	case JSONLDGraph:
		return jsonLD("//<![CDATA[\n", map[string]any{"@graph": []any{map[string]any{"@type": []string{"LocalBusiness"}, "email": c.Value}}}, "\n//]]>")
	case Microdata:
		return fmt.Sprintf(`<p itemscope itemtype="https://schema.org/LocalBusiness"><meta itemprop="email" content="%s"></p>`, c.Value)
	case TelLink:
		return fmt.Sprintf(`<p><a href="tel:%s">Call %s</a></p>`, c.Value, html.EscapeString(shownPhone(c.Value)))
	case SocialLink:
		return fmt.Sprintf(`<p><a href="%s/">Follow us</a> <a href="https://www.facebook.com/sharer/sharer.php?u=x">Share</a></p>`, c.Value)
	default:
		return ""
	}
}

func jsonLD(before string, data any, after string) string {
	raw, _ := json.Marshal(data) // plain values
	return `<script type="application/ld+json">` + before + string(raw) + after + `</script>`
}

// cloudflare protects an address as Cloudflare does: a key, then the rest XOR the key.
func cloudflare(address string) string {
	const key = 0x5a
	raw := []byte{key}
	for _, c := range []byte(address) {
		raw = append(raw, c^key)
	}
	return hex.EncodeToString(raw)
}

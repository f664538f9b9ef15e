package sandbox

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"time"
)

// serveSite answers for a business's own website.
func (s *Server) serveSite(w http.ResponseWriter, r *http.Request, b Business, host string) {
	s.count("website")
	pause(r, time.Duration(s.faults.Get().WebsiteDelayMS)*time.Millisecond)
	if status, fails := s.faults.websiteFails(b.Host()); fails {
		http.Error(w, "out of order", status)
		return
	}
	switch b.Site {
	case Dead:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case Missing, NoSite:
		http.NotFound(w, r)
	case Broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case Elsewhere:
		if host == b.Host() {
			http.Redirect(w, r, "http://"+movedPrefix+b.Host()+r.URL.Path, http.StatusMovedPermanently)
			return
		}
		s.servePath(w, r, b)
	case Slow:
		pause(r, s.slowBy())
		s.servePath(w, r, b)
	default:
		s.servePath(w, r, b)
	}
}

// slowBy is what the fault says, or else the option.
func (s *Server) slowBy() time.Duration {
	if ms := s.faults.Get().WebsiteSlowMS; ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	return s.options.SlowBy
}

func (s *Server) servePath(w http.ResponseWriter, r *http.Request, b Business) {
	switch path := r.URL.Path; {
	case path == "/robots.txt":
		s.count("robots")
		_, _ = fmt.Fprintf(w, "User-agent: *\nDisallow: %s\n", closedPath(b))
	case path == "/logo.gif":
		servePixel(w)
	case !slices.Contains(pagesOf(b), path):
		http.NotFound(w, r)
	case b.Site == ScriptOnly && path == "/bundle.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, "document.getElementById('root').textContent = %q;\n", "Write to "+b.Withheld[0].Value)
	case b.Site == ScriptOnly:
		s.render(w, http.StatusOK, "shell.html", b)
	default:
		s.servePage(w, r, b)
	}
}

// closedPath is what its robots.txt keeps crawlers from.
func closedPath(b Business) string {
	switch {
	case b.Site == NoRobots:
		return "/"
	case b.Site == Silent && b.shows(ContactPage):
		return "/contact"
	default:
		return "/private"
	}
}

// pagesOf are the paths that a website answers; each has a contact page, if only with a form.
func pagesOf(b Business) []string {
	pages := []string{"/", "/contact", "/about"}
	for _, place := range []HidingPlace{TeamPage, Impressum} {
		if b.shows(place) {
			pages = append(pages, pageOf(place))
		}
	}
	if b.Site == ScriptOnly {
		pages = append(pages, "/bundle.js")
	}
	return pages
}

func (b Business) shows(place HidingPlace) bool {
	return slices.ContainsFunc(slices.Concat(b.Contacts, b.Withheld), func(c Contact) bool { return c.Place == place })
}

// siteView is what a page of a website is drawn from.
type siteView struct {
	Business
	Page   string
	Hidden template.HTML
}

// Links are the paths that every page leads to; an unlinked contact page is not among them.
func (v siteView) Links() []string {
	return slices.DeleteFunc(pagesOf(v.Business), func(path string) bool { return path == "/contact" && v.shows(Unlinked) })
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request, b Business) {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, "site.html", siteView{b, r.URL.Path, hiddenContacts(b, r.URL.Path)}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch b.Site {
	case Huge:
		flood(w, r, body.Bytes())
	case Bomb:
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		flood(zip, r, body.Bytes())
		_ = zip.Close()
	default:
		_, _ = w.Write(body.Bytes())
	}
}

// flood writes a page, and 30 MiB of nothing after it.
func flood(w io.Writer, r *http.Request, page []byte) {
	chunk := bytes.Repeat([]byte("<!-- nothing to see here -->\n"), 1<<11)
	_, err := w.Write(page)
	for written := 0; written < 30<<20 && err == nil && r.Context().Err() == nil; written += len(chunk) {
		_, err = w.Write(chunk)
	}
}

package sandbox_test

import (
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

// TestUnusualWebsites asks one of each kind.
func TestUnusualWebsites(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{SlowBy: 1})
	want := map[sandbox.SiteKind]int{
		sandbox.Dead: 0, sandbox.Missing: 404, sandbox.Broken: 500, sandbox.Elsewhere: 301, sandbox.Ordinary: 200, sandbox.Silent: 200,
		sandbox.Slow: 200, sandbox.Huge: 200, sandbox.ScriptOnly: 200, sandbox.NoRobots: 200, sandbox.Bomb: 200,
	}
	for _, b := range s.Town().Businesses() {
		status, left := want[b.Site]
		if !left {
			continue
		}
		delete(want, b.Site)
		page := fetch(t, c, b.Website())
		if page.status != status {
			t.Errorf("%s website answers %d, want %d", b.Site, page.status, status)
		}
		switch b.Site {
		case sandbox.Huge, sandbox.Bomb:
			if len(page.body) < 4<<20 {
				t.Errorf("a %s page of %d bytes", b.Site, len(page.body))
			}
		case sandbox.ScriptOnly:
			if script := fetch(t, c, b.Website()+"bundle.js"); strings.Contains(page.body, "@") || !strings.Contains(script.body, b.Withheld[0].Value) {
				t.Errorf("page %s, script %s", page.body, script.body)
			}
		case sandbox.Elsewhere:
			if moved := fetch(t, c, page.location); moved.status != http.StatusOK || !strings.Contains(page.location, "new."+b.Host()) {
				t.Errorf("has moved to %s: %d", page.location, moved.status)
			}
		}
	}
	for kind := range want {
		t.Errorf("no website is %q", kind)
	}
}

// TestRobotsWithhold has pages with contacts that robots.txt closes.
func TestRobotsWithhold(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	closed := map[string]int{}
	for _, b := range s.Town().Businesses() {
		if len(b.Withheld) == 0 || b.Site == sandbox.ScriptOnly {
			continue
		}
		robots := fetch(t, c, b.Website()+"robots.txt").body
		path := strings.TrimSuffix(strings.TrimPrefix(robots, "User-agent: *\nDisallow: "), "\n")
		closed[path]++
		page := fetch(t, c, "http://"+b.Host()+b.Withheld[0].Page).body
		if !strings.HasPrefix(b.Withheld[0].Page, path) || !strings.Contains(page, b.Withheld[0].Value) || len(b.Contacts) > 0 {
			t.Errorf("%s closes %s, but withholds %v, and shows %v", b.Name, path, b.Withheld, b.Contacts)
		}
	}
	if closed["/"] == 0 || closed["/contact"] < 2 || len(closed) != 2 {
		t.Errorf("closed are %v", closed)
	}
}

// TestContactsHideWhereTheTruthSays uncovers each place by its own rule.
func TestContactsHideWhereTheTruthSays(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{SlowBy: 1})
	for _, b := range s.Town().Businesses() {
		if b.Site != sandbox.Ordinary {
			continue
		}
		home := fetch(t, c, b.Website()).body
		for _, contact := range b.Contacts {
			page := fetch(t, c, "http://"+b.Host()+contact.Page)
			if page.status != http.StatusOK || !strings.Contains(uncover(page.body, contact.Place), contact.Value) {
				t.Errorf("%s: %d, no %s in the %s of %s", b.Name, page.status, contact.Value, contact.Place, contact.Page)
			}
			if linked := strings.Contains(home, `href="`+contact.Page+`"`); contact.Page != "/" && linked == (contact.Place == sandbox.Unlinked) {
				t.Errorf("%s: the home page links %s: %t", b.Name, contact.Page, linked)
			}
			if plain := strings.Contains(page.body, contact.Value); plain && disguised[contact.Place] {
				t.Errorf("%s: %s stands openly in its %s", b.Name, contact.Value, contact.Place)
			}
		}
	}
}

var disguised = map[sandbox.HidingPlace]bool{sandbox.MailtoQuery: true, sandbox.Entities: true, sandbox.SpelledOut: true, sandbox.AtInBrackets: true, sandbox.InPieces: true, sandbox.HiddenWord: true, sandbox.Cloudflare: true, sandbox.CloudLink: true, sandbox.PhoneText: true}

var (
	protected = regexp.MustCompile(`(?:data-cfemail="|email-protection#)([0-9a-f]+)`)
	number    = regexp.MustCompile(`\((\d{3})\) (\d{3})-(\d{4})`)
)

// uncover undoes what hides a contact.
func uncover(page string, place sandbox.HidingPlace) string {
	switch place {
	case sandbox.Entities:
		return html.UnescapeString(page)
	case sandbox.MailtoQuery, sandbox.MailtoSeveral, sandbox.TeamPage:
		plain, _ := url.PathUnescape(page)
		return plain
	case sandbox.AtInBrackets:
		return strings.ReplaceAll(page, "(at)", "@")
	case sandbox.InPieces:
		return strings.NewReplacer("</span><!-- no robots -->@<b>", "@").Replace(page)
	case sandbox.HiddenWord:
		return strings.ReplaceAll(page, `<span style="display: none">no-spam.</span>`, "")
	case sandbox.SpelledOut:
		return strings.ReplaceAll(strings.ReplaceAll(page, " [at] ", "@"), " [dot] ", ".")
	case sandbox.PhoneText:
		return number.ReplaceAllString(page, "+1$1$2$3")
	case sandbox.Cloudflare, sandbox.CloudLink:
		m := protected.FindStringSubmatch(page)
		if m == nil {
			return ""
		}
		raw, _ := hex.DecodeString(m[1])
		for i := range raw[1:] {
			raw[i+1] ^= raw[0]
		}
		return string(raw[1:])
	default:
		return page
	}
}

package website

import (
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

var (
	// atPattern is an "at" in brackets, in the languages of the places scraped most.
	atPattern = regexp.MustCompile(`(?i)^[\[({<]\s{0,3}(?:@|at|ät|a|arroba|chez|chiocciola)\s{0,3}[\])}>]`)
	// spelledDomain is what follows: names with dots between, written as dots or as words.
	spelledDomain = regexp.MustCompile(`(?i)^\s{0,3}([\p{L}\p{N}\-]{1,63}(?:` + dotWord + `[\p{L}\p{N}\-]{1,63}){1,5})`)
	dotPattern    = regexp.MustCompile(`(?i)` + dotWord)
	longHex       = regexp.MustCompile(`^[0-9a-f]{16,}$`)
	uuidLike      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-`)
	// credit is said before the address of whoever made the website.
	credit = regexp.MustCompile(`(?i)(?:web ?sites?|web ?design|site|design(?:ed)?|themes?|powered|hosted|hosting|developed|developer|created|made|built|umsetzung|realisier\w*|programm\w*)(?: +(?:by|von|durch|por|par|da)|:)[^\n]{0,60}$`)
)

const dotWord = `(?:\.|\s?[\[({<]\s{0,3}(?:dot|punkt|punto|point|\.)\s{0,3}[\])}>]\s?|\s(?:dot|punkt|punto)\s)`

// emailsIn finds the addresses in a text, without those of the site's makers.
func (p *Provider) emailsIn(text string, left *budget) []string {
	var found []string
	for from := 0; ; {
		at := strings.IndexByte(text[from:], '@')
		if at < 0 {
			return found
		}
		at += from
		from = at + 1
		local, domain := localBefore(text, at), domainAfter(text, at+1)
		start := at - len(local)
		if local == "" || domain == "" || partOfAnother(text, start, at+1+len(domain)) {
			continue
		}
		if !left.address() {
			return found
		}
		if credited(text, start) {
			continue
		}
		if address, ok := p.cleanEmail(local + "@" + domain); ok {
			found = append(found, address)
		}
	}
}

func localBefore(text string, end int) string {
	start := end
	for start > 0 && end-start < 64 && localByte(text[start-1]) {
		start--
	}
	return strings.TrimLeft(text[start:end], ".-'%+")
}

func localByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("._%+'-", b) >= 0
}

func domainAfter(text string, start int) string {
	end := start
	for end < len(text) && end-start < 253 {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' {
			break
		}
		end += size
	}
	return strings.TrimRight(text[start:end], ".-")
}

// partOfAnother reports what is no mailbox: @shop@mastodon.example, and the
// user of a URL.
func partOfAnother(text string, start, end int) bool {
	before, after := text[:start], text[end:]
	return strings.HasSuffix(before, "@") || strings.HasSuffix(before, "//") || strings.HasPrefix(after, "@")
}

func credited(text string, start int) bool { return credit.MatchString(tail(text[:start], 90)) }

// tail is the last n bytes or so of a text's last line.
func tail(text string, n int) string {
	text = text[max(0, len(text)-n):]
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// spelledEmailsIn reads "name [at] host [dot] com", where the brackets make
// the dot's word dispensable, and "name at host dot com", where both are needed.
func (p *Provider) spelledEmailsIn(text string, left *budget) []string {
	var found []string
	for i := range len(text) {
		width, worded := spelledAt(text[i:])
		if width == 0 {
			continue
		}
		if !left.puzzle() {
			return found
		}
		local := localBefore(text, len(strings.TrimRight(text[:i], " ")))
		if address, ok := p.spelled(local, text[i+width:], worded); ok && !credited(text, i-len(local)) {
			found = append(found, address)
		}
	}
	return found
}

// spelledAt is how much of a text's beginning says "at", and whether as a bare word.
func spelledAt(text string) (width int, worded bool) {
	switch text[0] {
	case '[', '(', '{', '<':
		return len(atPattern.FindString(text[:min(len(text), 24)])), false
	case ' ':
		if len(text) > 4 && strings.EqualFold(text[:4], " at ") {
			return 4, true
		}
	}
	return 0, false
}

func (p *Provider) spelled(local, rest string, worded bool) (string, bool) {
	m := spelledDomain.FindStringSubmatch(rest[:min(len(rest), 200)])
	if local == "" || m == nil {
		return "", false
	}
	if worded && strings.Count(m[1], " ") == 0 {
		return "", false // "meet us at shop.example"
	}
	labels := dotPattern.Split(m[1], -1)
	for n := len(labels); n >= 2; n-- { // what follows may have been taken for more of the name
		if address, ok := p.cleanEmail(local + "@" + strings.Join(labels[:n], ".")); ok {
			return address, true
		}
	}
	return "", false
}

// cleanEmail gives an address its normal form, or says that it is none that
// belongs to a business.
func (p *Provider) cleanEmail(text string) (string, bool) {
	address := strings.ToLower(strings.TrimSpace(text))
	for _, junk := range []string{"mailto:", "%20", "u003e", "u003c", "x22", "\u200b"} {
		address = strings.TrimPrefix(address, junk)
	}
	address = strings.Trim(address, " .,;:<>()[]'\"-\u200b")
	local, domain, found := strings.Cut(address, "@")
	if !found || !plausibleLocal(local) || len(address) > 254 {
		return "", false
	}
	domain, ok := p.cleanDomain(domain)
	if !ok || placeholder(local, domain) || junkLocal(local) {
		return "", false
	}
	return local + "@" + domain, true
}

func plausibleLocal(local string) bool {
	if local == "" || len(local) > 64 || local[0] == '.' || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for i := range len(local) {
		if !localByte(local[i]) {
			return false
		}
	}
	return true
}

func junkLocal(local string) bool {
	return longHex.MatchString(local) || uuidLike.MatchString(local) || neverRead[strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)]
}

// neverRead are mailboxes that nobody looks into.
var neverRead = set("noreply donotreply nichtantworten bounce bounces mailerdaemon")

// cleanDomain is a domain in ASCII under a top-level domain that exists.
func (p *Provider) cleanDomain(domain string) (string, bool) {
	domain = strings.TrimSuffix(domain, ".")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || strings.Contains(ascii, "..") || isAsset(ascii) || !p.realTLD(ascii) {
		return "", false
	}
	if last := ascii[strings.LastIndexByte(ascii, '.')+1:]; last[0] >= '0' && last[0] <= '9' {
		return "", false // package@1.2.3
	}
	if suffix, icann := publicsuffix.PublicSuffix(ascii); icann && suffix == ascii {
		return "", false // co.uk
	}
	return ascii, true
}

// realTLD reports a top-level domain that ICANN lists, or that exists here.
func (p *Provider) realTLD(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	tld := domain[strings.LastIndexByte(domain, '.')+1:]
	// A suffix without a dot that no rule lists is the list's default answer.
	return icann || strings.Contains(suffix, ".") || p.tlds[tld]
}

// decodeCloudflare undoes its e-mail protection: the first byte is the key of the rest.
func decodeCloudflare(code string) string {
	raw, err := hex.DecodeString(code)
	if err != nil || len(raw) < 2 {
		return ""
	}
	plain := make([]byte, len(raw)-1)
	for i, b := range raw[1:] {
		plain[i] = b ^ raw[0]
	}
	address, _, _ := strings.Cut(string(plain), "?")
	return address
}

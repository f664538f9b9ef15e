package website

import (
	"encoding/hex"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

var (
	emailPattern = regexp.MustCompile(`[A-Za-z0-9._%+'\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.)+[A-Za-z]{2,24}`)
	// spelledPattern wants both words, in brackets or not: "at" alone is English.
	spelledPattern = regexp.MustCompile(`(?i)([a-z0-9._%+\-]{1,64})\s*(?:[\[({]\s*at\s*[\])}]|\s+at\s+)\s*([a-z0-9\-]+(?:\s*(?:[\[({]\s*dot\s*[\])}]|\s+dot\s+|\.)\s*[a-z0-9\-]+)*\s*(?:[\[({]\s*dot\s*[\])}]|\s+dot\s+)\s*[a-z]{2,24})\b`)
	dotPattern     = regexp.MustCompile(`(?i)\s*(?:[\[({]\s*dot\s*[\])}]|\s+dot\s+)\s*`)
	longHex        = regexp.MustCompile(`^[0-9a-f]{16,}$`)
	versionLike    = regexp.MustCompile(`^\d+(\.\d+)*$`)
)

// assetEndings make image@2x.png no address.
var assetEndings = []string{".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".avif", ".css", ".js", ".mjs", ".woff", ".woff2", ".ttf", ".map", ".pdf", ".mp4", ".webm"}

// placeholderDomains are written where an address is to be filled in, or
// belong to the makers of themes and tools rather than to the business.
var placeholderDomains = map[string]bool{
	"example.com": true, "example.org": true, "example.net": true, "domain.com": true, "yourdomain.com": true, "mydomain.com": true,
	"email.com": true, "yoursite.com": true, "yourcompany.com": true, "company.com": true, "website.com": true, "mysite.com": true, "test.com": true,
	"sentry.io": true, "wixpress.com": true, "sentry-next.wixpress.com": true, "wix.com": true, "squarespace.com": true, "godaddy.com": true,
	"latofonts.com": true, "themeforest.net": true, "elegantthemes.com": true, "wordpress.org": true, "schema.org": true, "w3.org": true,
	"mailchimp.com": true, "typekit.com": true, "indiantypefoundry.com": true, "impallari.com": true, "sansoxygen.com": true,
	"micahrich.com": true, "pixelspread.com": true, "ndiscovered.com": true, "rfuenzalida.com": true, "eyebytes.com": true,
}

var roleNames = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq("info contact office hello hi mail email admin support sales service services help enquiries inquiries inquiry team reception bookings booking reservations orders order billing accounts accounting jobs careers hr press media marketing webmaster postmaster noreply no-reply customerservice customercare feedback kontakt shop store dispatch estimates quotes scheduling appointments frontdesk general") {
		roleNames[name] = true
	}
}

// roleAddress reports a mailbox of a role, which in a small firm is the real inbox.
func roleAddress(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	return roleNames[strings.Map(func(r rune) rune {
		if r == '.' || r == '_' {
			return -1
		}
		return r
	}, local)]
}

func emailsIn(text string) []string {
	if !strings.Contains(text, "@") {
		return nil
	}
	return emailPattern.FindAllString(text, -1)
}

// spelledEmailsIn reads "name [at] host [dot] com".
func spelledEmailsIn(text string) []string {
	if !strings.Contains(strings.ToLower(text), "dot") {
		return nil // the pattern is dear, and most pages spell nothing out
	}
	var found []string
	for _, m := range spelledPattern.FindAllStringSubmatch(text, -1) {
		domain := dotPattern.ReplaceAllString(m[2], ".")
		found = append(found, m[1]+"@"+strings.ReplaceAll(domain, " ", ""))
	}
	return found
}

// cleanEmail gives an address its normal form, or says that it is none that
// belongs to a business.
func (p *Provider) cleanEmail(text string) (string, bool) {
	address := strings.ToLower(strings.TrimSpace(text))
	for _, junk := range []string{"%20", "u003e", "u003c", "mailto:", "\u200b"} {
		address = strings.TrimPrefix(address, junk)
	}
	address = strings.Trim(address, " .,;:<>()[]'\"-")
	if emailPattern.FindString(address) != address || address == "" {
		return "", false
	}
	local, domain, _ := strings.Cut(address, "@")
	switch {
	case strings.HasPrefix(local, ".") || strings.Contains(address, ".."):
		return "", false
	case versionLike.MatchString(domain) || longHex.MatchString(local):
		return "", false
	case placeholder(local, domain) || isAsset(domain) || !p.realTLD(domain):
		return "", false
	default:
		return address, true
	}
}

func placeholder(local, domain string) bool {
	for d := domain; d != ""; {
		if placeholderDomains[d] {
			return true
		}
		_, rest, found := strings.Cut(d, ".")
		if !found {
			break
		}
		d = rest
	}
	switch local {
	case "user", "username", "your", "youremail", "your.email", "your-email", "yourname", "you", "name", "firstname.lastname", "someone", "john.doe", "johndoe":
		return strings.HasPrefix(domain, "domain.") || strings.HasPrefix(domain, "example.") || strings.HasPrefix(domain, "your")
	default:
		return false
	}
}

// realTLD reports a top-level domain that ICANN lists, or that exists here.
func (p *Provider) realTLD(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	tld := domain[strings.LastIndexByte(domain, '.')+1:]
	// A suffix without a dot that no rule lists is the list's default answer.
	return icann || strings.Contains(suffix, ".") || p.tlds[tld]
}

func isAsset(path string) bool {
	path = strings.ToLower(path)
	for _, ending := range assetEndings {
		if strings.HasSuffix(path, ending) {
			return true
		}
	}
	return false
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

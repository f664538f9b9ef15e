package sandbox

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"
)

// hiddenContacts writes the contacts of one page, each place in its own way.
func hiddenContacts(b Business, path string) template.HTML {
	var out strings.Builder
	written := map[HidingPlace]bool{}
	for _, c := range append(append([]Contact(nil), b.Contacts...), b.Withheld...) {
		if c.Page != path || written[c.Place] {
			continue
		}
		written[c.Place] = true
		out.WriteString(hide(b, c.Place, b.valuesIn(c.Place)))
	}
	return template.HTML(out.String()) // built from the town's own names
}

func (b Business) valuesIn(place HidingPlace) []string {
	var values []string
	for _, c := range append(append([]Contact(nil), b.Contacts...), b.Withheld...) {
		if c.Place == place {
			values = append(values, c.Value)
		}
	}
	return values
}

// hide writes what stands in one place.
func hide(b Business, place HidingPlace, values []string) string {
	first := values[0]
	local, domain, _ := strings.Cut(first, "@")
	switch place {
	case Mailto, ContactPage:
		return fmt.Sprintf(`<p><a href="mailto:%s">Write to us</a></p>`, first)
	case MailtoQuery:
		return fmt.Sprintf(`<p><a href="MAILTO:%s%%40%s?subject=Hello%%20there&amp;cc=">Write to us</a></p>`, local, domain)
	case MailtoSeveral:
		return fmt.Sprintf(`<p><a href="mailto:%s?subject=Estimate">Ask for an estimate</a></p>`, strings.Join(values, ",%20"))
	case TeamPage:
		return team(values)
	case PlainText, Unlinked, AboutPage, Impressum:
		return fmt.Sprintf("<p>E-mail: %s.</p>", first)
	case Entities:
		return "<p>" + entities(first) + "</p>"
	case SpelledOut:
		return fmt.Sprintf("<p>Reach us: %s [at] %s</p>", local, strings.ReplaceAll(domain, ".", " [dot] "))
	case AtInBrackets:
		return fmt.Sprintf("<p>E-Mail: %s(at)%s</p>", local, domain)
	case InPieces:
		return fmt.Sprintf("<p>E-mail <span>%s</span><!-- no robots -->@<b>%s</b></p>", local, domain)
	case HiddenWord:
		return fmt.Sprintf(`<p>E-mail %s@<span style="display: none">no-spam.</span>%s</p>`, local, domain)
	case Cloudflare:
		return fmt.Sprintf(`<p><span class="__cf_email__" data-cfemail="%s">[email&#160;protected]</span></p>`, cloudflare(first))
	case CloudLink:
		return fmt.Sprintf(`<p><a href="/cdn-cgi/l/email-protection#%s">Mail</a></p>`, cloudflare(first))
	case Microdata:
		return fmt.Sprintf(`<div itemscope itemtype="https://schema.org/%s"><meta itemprop="email" content="%s"></div>`, b.Trade.Schema, first)
	case TelLink:
		return fmt.Sprintf(`<p><a href="tel:%s">Call %s</a></p>`, first, shownPhone(first))
	case PhoneText:
		return fmt.Sprintf("<p>Call us at&nbsp;%s, day or night.</p>", shownPhone(first))
	case SocialLink:
		return fmt.Sprintf(`<p><a href="%s/">Follow us</a></p>`, html.EscapeString(first))
	default:
		return structured(b, place, values)
	}
}

// structured writes what stands in JSON-LD, which people wrap in comments and
// CDATA that JSON does not know.
func structured(b Business, place HidingPlace, values []string) string {
	thing := map[string]any{"@context": "https://schema.org", "@type": b.Trade.Schema, "name": b.Name}
	switch place {
	case JSONLD:
		thing["contactPoint"] = []any{map[string]any{"@type": "ContactPoint", "email": "mailto:" + values[0]}}
		return jsonLD("<!--\n", thing, "\n-->")
	case JSONLDGraph:
		thing["@type"], thing["email"] = []string{"LocalBusiness", b.Trade.Schema}, values[0]
		return jsonLD("//<![CDATA[\n", map[string]any{"@graph": []any{map[string]any{"@type": "WebSite", "url": b.Website()}, thing}}, "\n//]]>")
	case JSONLDList:
		thing["email"] = values
		return jsonLD("", []any{map[string]any{"@type": "BreadcrumbList"}, thing}, "")
	case JSONLDTel:
		thing["telephone"] = values[0]
	case SameAs:
		thing["sameAs"] = append([]string{b.Website()}, values...)
	}
	return jsonLD("", thing, "")
}

func jsonLD(before string, data any, after string) string {
	raw, _ := json.Marshal(data) // plain values
	return `<script type="application/ld+json">` + before + string(raw) + after + `</script>`
}

func team(addresses []string) string {
	var out strings.Builder
	for _, address := range addresses {
		local, _, _ := strings.Cut(address, "@")
		first, last, _ := strings.Cut(local, ".")
		fmt.Fprintf(&out, `<li>%s %s, <a href="mailto:%s">e-mail</a></li>`, strings.ToUpper(first[:1])+first[1:], strings.ToUpper(last[:1])+last[1:], url.PathEscape(address))
	}
	return "<ul>" + out.String() + "</ul>"
}

func entities(text string) string {
	var out strings.Builder
	for i, r := range text {
		if i%2 == 0 {
			fmt.Fprintf(&out, "&#%d;", r)
		} else {
			fmt.Fprintf(&out, "&#x%x;", r)
		}
	}
	return out.String()
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

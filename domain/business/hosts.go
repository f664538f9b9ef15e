package business

import (
	"net/url"
	"strings"
)

// The hosts on which a business has a page that is not its own website.
var (
	socialHosts    = hosts("facebook.com fb.com fb.me instagram.com twitter.com x.com linkedin.com youtube.com youtu.be tiktok.com pinterest.com threads.net threads.com snapchat.com bsky.app vk.com line.me m.me wa.me whatsapp.com t.me telegram.me nextdoor.com")
	directoryHosts = hosts("yelp.com tripadvisor.com yellowpages.com angi.com angieslist.com homeadvisor.com thumbtack.com bbb.org foursquare.com opentable.com booking.com doordash.com ubereats.com grubhub.com google.com linktr.ee mapquest.com manta.com houzz.com healthgrades.com zocdoc.com avvo.com vagaro.com booksy.com fresha.com")
	sharedHosts    = hosts("sites.google.com business.site wixsite.com wix.com weebly.com squarespace.com godaddysites.com wordpress.com blogspot.com myshopify.com shopify.com webflow.io github.io netlify.app square.site jimdosite.com jimdofree.com strikingly.com site123.me carrd.co bit.ly tinyurl.com goo.gl")
	freeMailHosts  = hosts("gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com mac.com proton.me protonmail.com gmx.com gmx.de gmx.net web.de mail.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net optonline.net earthlink.net t-online.de orange.fr free.fr libero.it")
)

// SocialHost reports whether a host is a social network's.
func SocialHost(host string) bool { return under(socialHosts, host) }

// DirectoryHost reports whether a host lists businesses of many owners.
func DirectoryHost(host string) bool { return under(directoryHosts, host) && !SharedHost(host) }

// SharedHost reports whether a host's domain belongs to a site builder or a
// link shortener, so that it says nothing of the business.
func SharedHost(host string) bool { return under(sharedHosts, host) }

// FreeMailHost reports whether anyone can have an address at a host.
func FreeMailHost(host string) bool { return under(freeMailHosts, host) }

// SiteURL reads a website as a map names it: out of the map's own /url?q=
// redirect, with a scheme, and without credentials. It is false where there is
// no http(s) address of a named host.
func SiteURL(website string) (*url.URL, bool) {
	u, err := url.Parse(withScheme(website))
	if err != nil {
		return nil, false
	}
	if target := u.Query().Get("q"); u.Path == "/url" && target != "" {
		if u, err = url.Parse(withScheme(target)); err != nil {
			return nil, false
		}
	}
	if (u.Scheme != "http" && u.Scheme != "https") || !strings.Contains(u.Hostname(), ".") {
		return nil, false
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	return u, true
}

// withScheme completes "acme.com", and the "/url?q=…" that a map links relative to itself.
func withScheme(address string) string {
	address = strings.TrimSpace(address)
	switch {
	case address == "" || strings.Contains(address, "://"):
		return address
	case strings.HasPrefix(address, "/url?"):
		return "http://maps" + address
	default:
		return "http://" + strings.TrimPrefix(address, "//")
	}
}

func hosts(list string) map[string]bool {
	set := map[string]bool{}
	for h := range strings.FieldsSeq(list) {
		set[h] = true
	}
	return set
}

// under reports whether a host or a domain above it is in the set.
func under(set map[string]bool, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for host != "" {
		if set[host] {
			return true
		}
		_, rest, found := strings.Cut(host, ".")
		if !found {
			return false
		}
		host = rest
	}
	return false
}

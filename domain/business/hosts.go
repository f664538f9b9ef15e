package business

import "strings"

// The hosts on which a business has a page that is not its own website.
var (
	socialHosts = hosts("facebook.com fb.com fb.me instagram.com twitter.com x.com linkedin.com youtube.com youtu.be tiktok.com pinterest.com threads.net snapchat.com wa.me whatsapp.com t.me telegram.me nextdoor.com")
	listHosts   = hosts("yelp.com tripadvisor.com yellowpages.com angi.com angieslist.com homeadvisor.com thumbtack.com bbb.org foursquare.com opentable.com booking.com doordash.com ubereats.com grubhub.com google.com goo.gl linktr.ee business.site mapquest.com manta.com houzz.com bit.ly")
	sharedHosts = hosts("wixsite.com wix.com weebly.com squarespace.com godaddysites.com wordpress.com blogspot.com myshopify.com shopify.com webflow.io github.io netlify.app square.site jimdosite.com strikingly.com site123.me business.site sites.google.com")
	mailHosts   = hosts("gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com mac.com proton.me protonmail.com gmx.com gmx.de gmx.net web.de mail.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net optonline.net earthlink.net t-online.de orange.fr free.fr libero.it")
)

// SocialHost reports whether a host is a social network's.
func SocialHost(host string) bool { return under(socialHosts, host) }

// DirectoryHost reports whether a host lists businesses of many owners.
func DirectoryHost(host string) bool { return under(listHosts, host) }

// SharedHost reports whether a host's domain belongs to a site builder, so
// that it says nothing of the business.
func SharedHost(host string) bool { return under(sharedHosts, host) }

// FreeMailHost reports whether anyone can have an address at a host.
func FreeMailHost(host string) bool { return under(mailHosts, host) }

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

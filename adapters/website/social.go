package website

import (
	"net/url"
	"slices"
	"strings"

	"leadstream/domain/business"
)

// notProfiles are the first parts of paths that share, embed, log in, or show
// one post, in lower case.
var notProfiles = set(`sharer sharer.php share share.php sharearticle sharing intent plugins dialog login login.php signup home hashtag explore privacy policies
	policy terms help legal about tr embed watch results playlist feed search i p reel reels stories story.php photo photo.php video pin send widgets
	settings ads business events groups messages status media permalink.php l.php joinchat proxy compose oauth reviews cgi-bin v js sdk`)

// makers have profiles that templates of site builders link until they are changed.
var makers = set("wix wixcom wordpress wordpressdotcom squarespace godaddy weebly shopify elementor elegantthemes themeforest facebook instagram twitter youtube linkedin tiktok pinterest username yourusername yourpage yourprofile profile example #")

// canonicalHosts are the hosts under which a network's profiles are kept, so
// that one profile is one contact.
var canonicalHosts = map[string]string{
	"facebook.com": "www.facebook.com", "fb.com": "www.facebook.com", "instagram.com": "www.instagram.com", "linkedin.com": "www.linkedin.com",
	"youtube.com": "www.youtube.com", "tiktok.com": "www.tiktok.com", "pinterest.com": "www.pinterest.com", "twitter.com": "x.com", "x.com": "x.com",
}

// cleanProfile gives a link to a social profile its normal form; links that
// share a page, or lead to the network itself, are none.
func cleanProfile(text string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !business.SocialHost(u.Hostname()) {
		return "", false
	}
	network := registrable(u.Hostname())
	parts := strings.FieldsFunc(strings.TrimPrefix(u.Path, "/#!"), func(r rune) bool { return r == '/' })
	if len(parts) == 0 || notProfiles[strings.ToLower(parts[0])] || makers[strings.ToLower(parts[len(parts)-1])] || network == "youtu.be" {
		return "", false
	}
	if slices.ContainsFunc(parts[1:], func(part string) bool {
		return part == "status" || part == "video" || part == "posts" || part == "photos"
	}) && len(parts) > 2 {
		return "", false // one post, perhaps of another's
	}
	host := strings.ToLower(u.Hostname())
	if canonical, known := canonicalHosts[network]; known {
		host = canonical
	}
	profile := url.URL{Scheme: "https", Host: host, Path: "/" + strings.Join(parts, "/")}
	if parts[0] == "profile.php" {
		if u.Query().Get("id") == "" {
			return "", false
		}
		profile.RawQuery = url.Values{"id": {u.Query().Get("id")}}.Encode()
	}
	return profile.String(), true
}

package website

import (
	"net/url"
	"strings"

	"leadstream/domain/business"
)

// notProfiles are the first parts of paths that share, embed or log in.
var notProfiles = map[string]bool{
	"sharer": true, "sharer.php": true, "share": true, "intent": true, "plugins": true, "dialog": true, "login": true, "login.php": true,
	"home": true, "hashtag": true, "explore": true, "privacy": true, "policies": true, "tr": true, "embed": true, "watch": true, "shareArticle": true,
	"sharing": true, "p": true, "reel": true, "pin": true, "send": true, "widgets": true,
}

// cleanProfile gives a link to a social profile its normal form; links that
// share a page, or lead to the network itself, are none.
func cleanProfile(text string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !business.SocialHost(u.Hostname()) {
		return "", false
	}
	path := strings.Trim(u.Path, "/")
	first, _, _ := strings.Cut(path, "/")
	if path == "" || notProfiles[first] {
		return "", false
	}
	profile := url.URL{Scheme: "https", Host: strings.ToLower(u.Host), Path: "/" + path}
	if first == "profile.php" {
		profile.RawQuery = url.Values{"id": {u.Query().Get("id")}}.Encode()
	}
	return profile.String(), true
}

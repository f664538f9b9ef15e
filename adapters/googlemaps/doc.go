// Package googlemaps finds businesses on Google Maps, or on a site that speaks
// its markup and JSON, in a headless Chromium.
//
// A search first asks the site where its location is, so that its radius can
// be honoured. It then opens the results page in a browser context of its own
// and scrolls its feed to the end. While it does, the page itself fetches its
// results, twenty a request; those replies are listened to and read, which
// gives every field of a place without opening its page. The cards of the feed
// fill what a reply lacks, and stand in where one cannot be read. The one
// place that a search may lead to directly is read from the page's own initial
// state, as are, for a search that asks for details, those that lack a website
// or a phone. Where one search may not have told of everything, the area is
// searched in parts.
//
// What is read where stands in paths.go, selectors.go and phrases.go; reads.go
// counts what was there and what was not, for metrics and for warnings.
//
// One Chromium serves the searches of a process. It is started for the first
// one, replaced after a number of searches or when one has failed or crashed,
// ended when nobody uses it, and dies with the process.
package googlemaps

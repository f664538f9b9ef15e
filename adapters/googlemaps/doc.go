// Package googlemaps finds businesses on Google Maps, or on a site that speaks
// its markup and JSON, in a headless Chromium.
//
// A search opens the results page in a browser context of its own and scrolls
// its feed to the end. While it does, the page itself fetches its results,
// twenty a request; those replies are listened to and read, which gives every
// field of a place without opening its page. What no reply told of is read
// from the cards of the feed. The one place that a search may lead to directly
// is read from the page's own initial state.
//
// One Chromium serves the searches of a process. It is started for the first
// one, replaced after a number of searches or when it has crashed, and dies
// with the process.
package googlemaps

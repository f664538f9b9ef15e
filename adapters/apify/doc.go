// Package apify finds places with the actor compass/crawler-google-places,
// which Apify runs for whoever has an account there: no browser here, paid by
// the place there.
//
// A search is one run of the actor: started, watched with growing waits while
// its dataset is read page by page, and aborted when nobody wants the rest. A
// run that was started costs money, so a fault of Apify in mid-run is waited
// out a few times before the attempt is given up.
//
// What Apify's answers mean, by its documentation:
//
//	400 invalid input         invalid
//	401, 403, 404             conflict: the token, its rights or the actor need a person
//	402, 403 platform-feature-disabled   conflict: no credit is left
//	429                       postponed; no attempt used
//	500 and above             transient
//
//	FAILED, TIMED-OUT         transient, with what the run had found
//	ABORTED                   conflict: somebody stopped it at Apify
package apify

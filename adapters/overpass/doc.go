// Package overpass finds places in OpenStreetMap: the place to search around
// is looked up with Nominatim, and what is there with Overpass QL.
//
// Both are run by volunteers for everybody, so their rules are kept: a request
// a second to Nominatim and one query at a time to Overpass, for all searches
// of the process; a User-Agent that says who asks; answers remembered. The licence
// (ODbL) wants OpenStreetMap's contributors named wherever the data are shown,
// so each place carries that line.
//
// What the answers mean:
//
//	Nominatim: no such place       not found
//	either: 429                    postponed; no attempt used
//	either: 500 and above          transient; 504 is Overpass being too busy
//	Overpass: a remark of an error transient, after the places it still gave
//	Overpass: 400                  our own mistake
//	Nominatim: 403                 conflict: the User-Agent is blocked
package overpass

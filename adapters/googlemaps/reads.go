package googlemaps

import (
	"cmp"
	"fmt"
	"slices"
)

// Where a field is read from.
const (
	fromReply = "reply"
	fromCard  = "card"
	fromPanel = "panel"
	fromPage  = "page"
)

// read names one selector or one path of the site.
type read struct {
	From  string // reply, card, panel or page
	Field string
}

// Reads is how often something was there and how often not.
type Reads struct{ Hits, Misses int }

// reads counts what one search read. Most fields are missing for some places;
// that one is missing for all is what tells of a change of the site. A nil
// one counts nothing.
type reads map[read]Reads

func (r reads) count(from, field string, hit bool) {
	if r == nil {
		return
	}
	n := r[read{from, field}]
	if hit {
		n.Hits++
	} else {
		n.Misses++
	}
	r[read{from, field}] = n
}

// core are the fields without which nothing is worth anything.
var core = []string{"places", "name", "identity"}

// warnings tell of core fields that were missing more often than not.
func (r reads) warnings() []string {
	var list []string
	for what, n := range r {
		if slices.Contains(core, what.Field) && n.Misses > n.Hits {
			list = append(list, fmt.Sprintf("the map site may have changed: %s missing in %d of %d read from its %s", what.Field, n.Misses, n.Hits+n.Misses, sourceNames[what.From]))
		}
	}
	slices.Sort(list)
	return list
}

var sourceNames = map[string]string{fromReply: "replies", fromCard: "cards", fromPanel: "place pages", fromPage: "pages"}

func compareReads(a, b read) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Field, b.Field))
}

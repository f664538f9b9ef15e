package sandbox

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// maxResults is the most that the map gives for one search.
const maxResults = 120

// Find answers what the map finds for a search: the one business of that very
// name, else those of the trade in the query, all of them when it asks for
// businesses, in or near a place that the town knows; at most 120.
func (t *Town) Find(query string) []Business { return t.find(query, view{}) }

// find is Find in a part of the map.
func (t *Town) find(query string, v view) []Business {
	query = strings.ToLower(strings.Join(strings.Fields(query), " "))
	what, where := splitPlace(query)
	if !knownPlace(where) {
		return nil
	}
	if b := t.named(query); b != nil {
		if !v.shows(*b) {
			return nil
		}
		return []Business{*b}
	}
	var found, around []Business
	for _, b := range t.businesses {
		switch {
		case !matches(b, what) || !inCity(b, where):
		case v.shows(b):
			found = append(found, b)
		default:
			around = append(around, b)
		}
	}
	// A view of the map that holds little is filled from around it.
	slices.SortStableFunc(around, func(a, b Business) int { return cmp.Compare(v.metresTo(a), v.metresTo(b)) })
	found = append(found, around[:min(len(around), max(0, fewResults-len(found)))]...)
	return found[:min(len(found), maxResults)]
}

// fewResults is what the map shows at least, if there is as much anywhere.
const fewResults = 60

// named is the business whose name the query begins with, of several the longest.
func (t *Town) named(query string) *Business {
	var best *Business
	for i := range t.businesses {
		b := &t.businesses[i]
		if strings.HasPrefix(query+" ", strings.ToLower(b.Name)+" ") && (best == nil || len(b.Name) > len(best.Name)) {
			best = b
		}
	}
	return best
}

// splitPlace parts "plumbing near Freehold, NJ", and "plumbing Freehold, NJ".
func splitPlace(query string) (what, where string) {
	for _, word := range []string{" near ", " in ", " around "} {
		if what, where, found := strings.Cut(query, word); found {
			return what, where
		}
	}
	for _, trade := range trades {
		if rest, found := strings.CutPrefix(query, trade.Word+" "); found && knownPlace(rest) {
			return trade.Word, rest
		}
	}
	return query, ""
}

func matches(b Business, what string) bool {
	if slices.Contains([]string{"", "businesses", "business", "shops"}, what) {
		return true
	}
	return strings.Contains(what, b.Trade.Word) || strings.Contains(what, strings.ToLower(b.Trade.Category)) ||
		strings.Contains(b.Trade.Word, what) || what == strings.ToLower(b.Trade.Category)+"s"
}

// pointInWords is a location given as latitude and longitude.
var pointInWords = regexp.MustCompile(`^-?\d+\.\d+, ?-?\d+\.\d+$`)

func knownPlace(where string) bool {
	if where == "" || pointInWords.MatchString(where) || strings.Contains(where, "new jersey") || strings.Contains(where, "monmouth") {
		return true
	}
	for word := range strings.FieldsFuncSeq(where, func(r rune) bool { return r == ' ' || r == ',' }) {
		if word == "nj" || len(word) == 5 && strings.HasPrefix(word, "077") {
			return true
		}
	}
	return slices.ContainsFunc(cities, func(c city) bool { return strings.Contains(where, strings.ToLower(c.name)) })
}

// inCity lets Freehold, where most are, stand for the whole county.
func inCity(b Business, where string) bool {
	for _, c := range cities {
		if c.name != "Freehold" && (strings.Contains(where, strings.ToLower(c.name)) || strings.Contains(where, c.zip)) {
			return b.City == c.name
		}
	}
	return true
}

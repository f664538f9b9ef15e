package sandbox

import (
	"slices"
	"strings"
)

// maxResults is the most that the map gives for one search.
const maxResults = 120

// Find answers what the map finds for a search: the one business of that very
// name, else those of the trade in the query, all of them when it asks for
// businesses, in or near a place that the town knows.
func (t *Town) Find(query string) []Business {
	query = strings.ToLower(strings.Join(strings.Fields(query), " "))
	what, where := splitPlace(query)
	for _, b := range t.businesses {
		if strings.ToLower(b.Name) == what {
			return []Business{b}
		}
	}
	if !knownPlace(where) {
		return nil
	}
	var found []Business
	for _, b := range t.businesses {
		if matches(b, what) && (where == "" || inCity(b, where)) {
			found = append(found, b)
		}
	}
	return found[:min(len(found), maxResults)]
}

func splitPlace(query string) (what, where string) {
	for _, word := range []string{" near ", " in ", " around "} {
		if what, where, found := strings.Cut(query, word); found {
			return what, where
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

func knownPlace(where string) bool {
	for _, place := range []string{"", "freehold", "howell", "manalapan", "monmouth", "nj", "new jersey", "077"} {
		if where == place || place != "" && strings.Contains(where, place) {
			return true
		}
	}
	return false
}

// inCity lets Freehold, where most are, stand for the whole county.
func inCity(b Business, where string) bool {
	city, _, _ := strings.Cut(where, ",")
	switch city {
	case "howell", "manalapan":
		return strings.EqualFold(b.City, city)
	default:
		return true
	}
}

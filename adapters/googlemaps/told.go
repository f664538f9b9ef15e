package googlemaps

import "leadstream/domain/business"

// told remembers the places that a search has told of. By the domain's rule
// one id in common makes two sightings one place; a name and address in common
// does when not both have ids.
type told struct {
	count     int
	ids       map[string]bool
	names     map[string]bool
	anonymous map[string]bool // names of places without an id
}

func newTold() told {
	return told{ids: map[string]bool{}, names: map[string]bool{}, anonymous: map[string]bool{}}
}

// empty tells that not one place was seen, wanted or not.
func (t *told) empty() bool { return len(t.ids) == 0 && len(t.names) == 0 }

func (t *told) has(p business.Place) bool {
	id := p.Identity()
	for _, key := range id.IDs {
		if t.ids[key] {
			return true
		}
	}
	return t.anonymous[id.Name] || len(id.IDs) == 0 && t.names[id.Name]
}

// add remembers a place; those that are not told of for a reason are not counted.
func (t *told) add(p business.Place, counted bool) {
	if counted {
		t.count++
	}
	id := p.Identity()
	for _, key := range id.IDs {
		t.ids[key] = true
	}
	if id.Name != "" {
		t.names[id.Name] = true
		t.anonymous[id.Name] = t.anonymous[id.Name] || len(id.IDs) == 0
	}
}

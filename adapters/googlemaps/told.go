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

func (t *told) has(p business.Place) bool {
	id := p.Identity()
	for _, key := range id.IDs {
		if t.ids[key] {
			return true
		}
	}
	return t.anonymous[id.Name] || len(id.IDs) == 0 && t.names[id.Name]
}

func (t *told) add(p business.Place) {
	t.count++
	id := p.Identity()
	for _, key := range id.IDs {
		t.ids[key] = true
	}
	if id.Name != "" {
		t.names[id.Name] = true
		t.anonymous[id.Name] = t.anonymous[id.Name] || len(id.IDs) == 0
	}
}

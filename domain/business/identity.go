package business

import (
	"strconv"
	"strings"
	"unicode"
)

// Identity lists the keys by which a place is known, strongest first: CID,
// place id, knowledge graph id, then normalised name and address. Two
// sightings that share an id are one business; sharing only name and address
// makes them one when not both carry ids. OpenStreetMap's number, which says
// nothing of other maps and may change, is asked only of a place that has no address.
type Identity struct {
	IDs  []string // each "kind:value"
	Name string   // "name:…|…", empty when the place has no address
}

// Identity derives the keys of a place.
func (p Place) Identity() Identity {
	var id Identity
	add := func(kind, value string) {
		if value != "" {
			id.IDs = append(id.IDs, kind+":"+value)
		}
	}
	add("cid", p.cid())
	add("place", p.PlaceID)
	add("kg", p.KGMID)
	if p.Address == "" && len(id.IDs) == 0 {
		add("osm", p.OSMID)
	}
	if p.Address != "" || len(id.IDs) == 0 {
		id.Name = "name:" + normalise(p.Name) + "|" + normalise(p.Address)
	}
	return id
}

// Keys lists every key, strongest first.
func (i Identity) Keys() []string {
	if i.Name == "" {
		return i.IDs
	}
	return append(append([]string{}, i.IDs...), i.Name)
}

// Key is the strongest key.
func (i Identity) Key() string { return i.Keys()[0] }

func (p Place) cid() string {
	if p.CID != "" {
		return p.CID
	}
	_, low, ok := strings.Cut(p.DataID, ":")
	if !ok {
		return ""
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(low, "0x"), 16, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// normalise keeps letters and digits in lower case, words apart by one space,
// so that punctuation and spacing do not make one business two.
func normalise(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, " ")
}

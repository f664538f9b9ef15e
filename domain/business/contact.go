package business

import (
	"strings"

	"leadstream/domain/fault"
)

// ContactKind is the way a contact is reached.
type ContactKind struct{ name string }

// The kinds of contact.
var (
	Email  = ContactKind{"email"}
	Phone  = ContactKind{"phone"}
	Social = ContactKind{"social"}
)

// ParseContactKind turns a wire name into a kind.
func ParseContactKind(name string) (ContactKind, error) {
	for _, k := range []ContactKind{Email, Phone, Social} {
		if k.name == name {
			return k, nil
		}
	}
	return ContactKind{}, fault.Invalidf("must be email, phone or social")
}

func (k ContactKind) String() string { return k.name }

// Contact is one way to reach a business, with where it was found.
type Contact struct {
	ID           int64
	Kind         ContactKind
	Value        string // address, E.164 number, or profile URL
	Name         string
	Position     string
	Personal     bool // a person's own, not a role's such as info@
	Confidence   int  // 0 to 100
	Provider     string
	SourceURL    string
	Verification string // what a verifier said, empty when none was asked
}

// Key makes two sightings of one contact equal.
func (c Contact) Key() string {
	return c.Kind.name + ":" + strings.ToLower(strings.TrimRight(c.Value, "/"))
}

// Role is "personal" or "generic".
func (c Contact) Role() string {
	if c.Personal {
		return "personal"
	}
	return "generic"
}

// Merge joins contacts found by several providers; of two with one key the
// more confident stands, in the place of the first.
func Merge(contacts ...[]Contact) []Contact {
	var merged []Contact
	at := map[string]int{}
	for _, list := range contacts {
		for _, c := range list {
			i, seen := at[c.Key()]
			switch {
			case !seen:
				at[c.Key()] = len(merged)
				merged = append(merged, c)
			case c.Confidence > merged[i].Confidence:
				merged[i] = c
			}
		}
	}
	return merged
}

package website

import "strings"

// region is an open element that is waited for to end, and its text.
type region struct {
	element string
	depth   int
	name    string // of an item; the target of an anchor
	text    strings.Builder
}

func (r *region) open() bool { return r.element != "" }

func (r *region) begin(element, name string) {
	r.element, r.depth, r.name = element, 1, name
	r.text.Reset()
}

// starts and ends count elements of the region's own name alone.
func (r *region) starts(element string) {
	if r.element == element {
		r.depth++
	}
}

func (r *region) ends(element string) bool {
	if r.element != element {
		return false
	}
	if r.depth--; r.depth > 0 {
		return false
	}
	r.element = ""
	return true
}

func (r *region) write(text string) {
	if room := maxAnchorText - r.text.Len(); r.open() && room > 0 {
		r.text.WriteString(text[:min(len(text), room)])
	}
}

package website

import (
	"slices"
	"strings"
)

// concealed reports an element that is not shown.
func concealed(a map[string]string) bool {
	style := strings.ReplaceAll(strings.ToLower(a["style"]), " ", "")
	_, hidden := a["hidden"]
	return hidden || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

func wanted(key []byte) bool {
	switch string(key) {
	case "href", "content", "http-equiv", "itemprop", "property", "type", "src", "style", "hidden", "alt", "data-cfemail":
		return true
	default:
		return false
	}
}

// html5Raw reports elements whose text is no markup, and not for people.
func html5Raw(element string) bool {
	switch element {
	case "script", "style", "title", "textarea", "iframe", "noembed", "noframes":
		return true
	default:
		return false
	}
}

func void(element string) bool {
	switch element {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return element != "area" // its link is complete, and is taken with the others
	default:
		return false
	}
}

// inline reports elements that join the text around them.
func inline(element string) bool { return slices.Contains(inlineElements, element) }

var inlineElements = []string{
	"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "label", "mark", "s", "samp", "script",
	"small", "span", "strong", "style", "sub", "sup", "template", "tt", "u", "var", "wbr",
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

package website

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// jsonComment is what people wrap around JSON-LD though it is not JSON.
var jsonComment = regexp.MustCompile(`(?s)^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)\s*|\s*(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$`)

// maxJSONDepth bounds the walk through nested objects.
const maxJSONDepth = 30

// structured reads schema.org data in script elements, whatever its shape:
// one object, a list, a graph, with contact points inside.
func (f *finds) structured(doc document) {
	doc.Find(`script[type="application/ld+json"]`).Each(func(_ int, s *goquery.Selection) {
		text := jsonComment.ReplaceAllString(s.Text(), "")
		var data any
		if json.Unmarshal([]byte(withoutControls(text)), &data) == nil {
			f.walk(data, 0)
		}
	})
}

// withoutControls puts spaces for the raw line breaks inside strings that
// make JSON invalid.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 {
			return ' '
		}
		return r
	}, text)
}

func (f *finds) walk(data any, depth int) {
	if depth > maxJSONDepth {
		return
	}
	switch v := data.(type) {
	case []any:
		for _, item := range v {
			f.walk(item, depth+1)
		}
	case map[string]any:
		for key, value := range v {
			f.property(key, value)
			f.walk(value, depth+1)
		}
	}
}

func (f *finds) property(key string, value any) {
	for _, text := range texts(value) {
		switch key {
		case "email":
			f.mailto(strings.TrimPrefix(text, "mailto:"))
		case "telephone", "phone":
			f.phone(strings.TrimPrefix(text, "tel:"), 90)
		case "sameAs", "url":
			f.social(text)
		}
	}
}

func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				all = append(all, s)
			}
		}
		return all
	default:
		return nil
	}
}

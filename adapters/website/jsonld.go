package website

import (
	"encoding/json"
	"html"
	"strings"

	"leadstream/domain/business"
)

// maxJSONDepth bounds the walk through nested objects.
const maxJSONDepth = 30

// jsonLD reads schema.org data in script elements, whatever its shape: one
// object, several, a list, a graph, with contact points inside.
func (f *finds) jsonLD(text string) {
	text = strings.TrimSpace(withoutControls(unwrapped(text)))
	if strings.HasPrefix(text, "{&quot;") || strings.HasPrefix(text, "[{&quot;") {
		text = html.UnescapeString(text)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	for read := 0; ; read++ {
		var data any
		if decoder.Decode(&data) != nil {
			if read == 0 {
				f.emails(text, asText) // what no parser understands may hold an address all the same
			}
			return
		}
		f.walk(data, 0)
	}
}

// unwrapped takes off what people put around JSON-LD though it is not JSON.
func unwrapped(text string) string {
	for {
		before := text
		text = strings.TrimSpace(text)
		for _, wrap := range []string{"<!--", "//", "<![CDATA[", "/*", "*/"} {
			text = strings.TrimSpace(strings.TrimPrefix(text, wrap))
		}
		for _, wrap := range []string{"-->", "//", "]]>", "*/", "/*", ";"} {
			text = strings.TrimSpace(strings.TrimSuffix(text, wrap))
		}
		if text == before {
			return text
		}
	}
}

// withoutControls puts spaces for the raw line breaks inside strings that
// make JSON invalid.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == '\ufeff' {
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
		begin := len(f.contacts)
		for key, value := range v {
			f.property(key, value)
		}
		f.name(f.contacts[begin:], v)
		for _, value := range v {
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

// name says whose the addresses of a Person are.
func (f *finds) name(contacts []business.Contact, thing map[string]any) {
	kind, _ := thing["@type"].(string)
	if kind != "Person" {
		return
	}
	for i := range contacts {
		if contacts[i].Kind == business.Email {
			contacts[i].Name, _ = thing["name"].(string)
			contacts[i].Position, _ = thing["jobTitle"].(string)
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

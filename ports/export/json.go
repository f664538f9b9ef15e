package export

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"

	"leadstream/app"
)

// jsonEncoder writes a list of objects, one a line, between a head and a tail.
type jsonEncoder struct {
	w          *bufio.Writer
	lines      *json.Encoder
	item       func(b app.BusinessView) any
	head, tail string
	begun      bool
}

func newJSONEncoder(w io.Writer, head, tail string, item func(app.BusinessView) any) *jsonEncoder {
	e := &jsonEncoder{w: bufio.NewWriter(w), head: head, tail: tail, item: item}
	e.lines = json.NewEncoder(e.w)
	e.lines.SetEscapeHTML(false)
	return e
}

func newJSON(w io.Writer, p preset) (Encoder, error) {
	return newJSONEncoder(w, "[\n", "]\n", p.object), nil
}

// newGeoJSON writes RFC 7946: a feature for each lead, without a geometry where its place is not known.
func newGeoJSON(w io.Writer, p preset) (Encoder, error) {
	return newJSONEncoder(w, `{"type":"FeatureCollection","features":[`+"\n", "]}\n", func(b app.BusinessView) any {
		return feature{Type: "Feature", ID: b.ID, Geometry: pointOf(b), Properties: p.object(b)}
	}), nil
}

type feature struct {
	Type       string `json:"type"`
	ID         int64  `json:"id"`
	Geometry   *point `json:"geometry"`
	Properties any    `json:"properties"`
}

type point struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // longitude first
}

func pointOf(b app.BusinessView) *point {
	if b.Latitude == nil || b.Longitude == nil {
		return nil
	}
	return &point{"Point", [2]float64{*b.Longitude, *b.Latitude}}
}

func (e *jsonEncoder) begin() error {
	if e.begun {
		return nil
	}
	e.begun = true
	_, err := e.w.WriteString(e.head)
	return err
}

func (e *jsonEncoder) Write(b app.BusinessView) error {
	first := !e.begun
	if err := e.begin(); err != nil {
		return err
	}
	if !first {
		if err := e.w.WriteByte(','); err != nil {
			return err
		}
	}
	return e.lines.Encode(e.item(b))
}

func (e *jsonEncoder) Close() error {
	if err := e.begin(); err != nil {
		return err
	}
	if _, err := e.w.WriteString(e.tail); err != nil {
		return err
	}
	return e.w.Flush()
}

// object is a lead as the API shows it, or an object of the preset's columns;
// where they nest, a/b is the field b of an object a.
func (p preset) object(b app.BusinessView) any {
	if p.asShown {
		return b
	}
	object := map[string]any{}
	for _, c := range p.columns {
		if outer, inner, nested := strings.Cut(c.name, "/"); nested && p.nested {
			part, _ := object[outer].(map[string]any)
			if part == nil {
				part = map[string]any{}
				object[outer] = part
			}
			part[inner] = c.value(b)
		} else {
			object[c.name] = c.value(b)
		}
	}
	return object
}

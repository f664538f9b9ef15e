package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"leadstream/app"
	"leadstream/domain/fault"
)

// Encoder writes leads as one file.
type Encoder interface {
	// Write adds a lead.
	Write(b app.BusinessView) error
	// Close ends the file, also one without leads; the writer below stays open.
	Close() error
}

// format is a kind of file.
type format struct {
	name        string
	contentType string
	encode      func(w io.Writer, p preset) (Encoder, error)
}

var formats = []format{
	{"csv", "text/csv; charset=utf-8", newCSV},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", newXLSX},
	{"json", "application/json", newJSON},
	{"geojson", "application/geo+json", newGeoJSON},
}

// Formats lists the kinds of files.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Kind is one kind of file with its columns.
type Kind struct {
	format format
	preset preset
}

// Parse finds a kind by the names of its format and preset; an empty name is
// the first. Unknown ones are Invalid, both at once.
func Parse(formatName, presetName string) (Kind, error) {
	f, knownFormat := find(formats, formatName, func(f format) string { return f.name })
	p, knownPreset := find(presets, presetName, func(p preset) string { return p.name })
	var faults []fault.Field
	if !knownFormat {
		faults = append(faults, fault.Field{Location: "format", Message: "must be one of " + strings.Join(Formats(), ", "), Value: formatName})
	}
	if !knownPreset {
		faults = append(faults, fault.Field{Location: "preset", Message: "must be one of " + strings.Join(Presets(), ", "), Value: presetName})
	}
	if len(faults) > 0 {
		return Kind{}, fault.NewInvalid(faults...)
	}
	return Kind{f, p}, nil
}

func find[T any](all []T, name string, nameOf func(T) string) (T, bool) {
	if name == "" {
		return all[0], true
	}
	i := slices.IndexFunc(all, func(item T) bool { return nameOf(item) == name })
	if i < 0 {
		var none T
		return none, false
	}
	return all[i], true
}

// ContentType is the file's media type.
func (k Kind) ContentType() string { return k.format.contentType }

// FileName is what a browser saves the file as.
func (k Kind) FileName() string {
	if k.preset.name == presets[0].name {
		return "leads." + k.format.name
	}
	return fmt.Sprintf("leads-%s.%s", k.preset.name, k.format.name)
}

// Encoder begins a file; nothing is written before the first lead, or Close.
func (k Kind) Encoder(w io.Writer) (Encoder, error) { return k.format.encode(w, k.preset) }

package website

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadstream/app"
	"leadstream/domain/business"
)

const (
	keepAnswer = 30 * 24 * time.Hour
	// keepDead is shorter: a site that is gone, or shut for the moment, may be back.
	keepDead = 24 * time.Hour
)

// errKept says that what the cache holds is of another make.
var errKept = errors.New("decoding kept contacts")

// keepFor is how long findings hold; those of a fault that may pass are not kept.
func keepFor(f app.Findings) time.Duration {
	switch {
	case f.Again != nil:
		return 0
	case f.Outcome == outcomeDead:
		return keepDead
	default:
		return keepAnswer
	}
}

// kept is findings in the cache.
type kept struct {
	Outcome  string        `json:"outcome"`
	Contacts []keptContact `json:"contacts,omitempty"`
}

type keptContact struct {
	Kind       string `json:"kind"`
	Value      string `json:"value"`
	Name       string `json:"name,omitempty"`
	Position   string `json:"position,omitempty"`
	Personal   bool   `json:"personal,omitempty"`
	Confidence int    `json:"confidence"`
	Source     string `json:"source"`
}

func encode(f app.Findings) []byte {
	k := kept{Outcome: f.Outcome}
	for _, c := range f.Contacts {
		k.Contacts = append(k.Contacts, keptContact{c.Kind.String(), c.Value, c.Name, c.Position, c.Personal, c.Confidence, c.SourceURL})
	}
	raw, _ := json.Marshal(k) // texts and numbers
	return raw
}

func decode(raw []byte) (app.Findings, error) {
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil {
		return app.Findings{}, fmt.Errorf("%w: %w", errKept, err)
	}
	f := app.Findings{Outcome: k.Outcome}
	for _, c := range k.Contacts {
		kind, err := business.ParseContactKind(c.Kind)
		if err != nil {
			return app.Findings{}, fmt.Errorf("%w: %w", errKept, err)
		}
		f.Contacts = append(f.Contacts, business.Contact{
			Kind: kind, Value: c.Value, Name: c.Name, Position: c.Position, Personal: c.Personal, Confidence: c.Confidence,
			Provider: providerName, SourceURL: c.Source,
		})
	}
	return f, nil
}

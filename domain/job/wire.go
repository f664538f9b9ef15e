package job

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"leadstream/domain/fault"
)

// Decode turns a wire name and a JSON payload into the command they mean:
// one of ScrapeBusinesses, EnrichBusiness, EnrichBatch, CancelJob, RetryJob.
// An unknown name, unknown or ill-typed fields and values out of range are
// reported all at once, each by its field.
func Decode(name string, payload []byte) (any, error) {
	base, err := unversioned(name)
	if err != nil {
		return nil, err
	}
	switch base {
	case ScrapeBusinessesName:
		return decodeScrape(payload)
	case EnrichBusinessName:
		var c EnrichBusiness
		return decode(payload, &c, fields{"business_id": number(&c.BusinessID), "force": boolean(&c.Force)}, "business_id")
	case EnrichBatchName:
		c := EnrichBatch{Count: DefaultBatchCount}
		return decode(payload, &c, fields{"count": number(&c.Count)})
	case CancelJobName:
		var c CancelJob
		return decode(payload, &c, fields{"job_id": text(&c.JobID)}, "job_id")
	case RetryJobName:
		var c RetryJob
		return decode(payload, &c, fields{"job_id": text(&c.JobID)}, "job_id")
	default:
		return nil, fault.Invalidf("unknown command %q", name)
	}
}

func decodeScrape(payload []byte) (any, error) {
	c := NewScrapeBusinesses("")
	return decode(payload, &c, fields{
		"location":      text(&c.Location),
		"business_type": text(&c.BusinessType),
		"radius":        decimal(&c.RadiusKM),
		"max_results":   number(&c.MaxResults),
		"enrich":        boolean(&c.Enrich),
		"priority":      priority(&c.Priority),
		"source":        text(&c.Source),
		"details":       boolean(&c.Details),
	}, "location")
}

// MarshalJSON writes the command's payload as it is published and stored.
func (c ScrapeBusinesses) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Location     string  `json:"location"`
		BusinessType string  `json:"business_type,omitempty"`
		Radius       float64 `json:"radius"`
		MaxResults   int     `json:"max_results"`
		Enrich       bool    `json:"enrich"`
		Priority     string  `json:"priority"`
		Source       string  `json:"source,omitempty"`
		Details      bool    `json:"details,omitempty"`
	}{c.Location, c.BusinessType, c.RadiusKM, c.MaxResults, c.Enrich, c.Priority.String(), c.Source, c.Details})
}

// MarshalJSON writes the command's payload as it is published and stored.
func (c EnrichBusiness) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		BusinessID int64 `json:"business_id"`
		Force      bool  `json:"force,omitempty"`
	}{c.BusinessID, c.Force})
}

// unversioned strips a known version: "scrape_businesses.v1" and the bare name mean the same.
func unversioned(name string) (string, error) {
	base, version, found := strings.Cut(name, ".")
	if found && version != "v1" {
		return "", fault.Invalidf("unknown version %q of command %q", version, base)
	}
	return base, nil
}

// fields maps a JSON key to what reads its value; a reader answers "" or what is wrong.
type fields map[string]func(json.RawMessage) string

func decode[C interface{ Validate() error }](payload []byte, c *C, known fields, required ...string) (any, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(payload, &raw); err != nil || raw == nil {
		return nil, fault.Invalidf("payload must be a JSON object")
	}
	var faults []fault.Field
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		read, ok := known[key]
		if !ok {
			faults = append(faults, fault.Field{Location: key, Message: "unknown field", Value: raw[key]})
		} else if message := read(raw[key]); message != "" {
			faults = append(faults, fault.Field{Location: key, Message: message, Value: raw[key]})
		}
	}
	for _, key := range required {
		if _, ok := raw[key]; !ok {
			faults = append(faults, fault.Field{Location: key, Message: "is required"})
		}
	}
	faulty := func(key string) bool {
		return slices.ContainsFunc(faults, func(f fault.Field) bool { return f.Location == key })
	}
	for _, f := range fault.FieldsOf((*c).Validate()) {
		if !faulty(f.Location) {
			faults = append(faults, f)
		}
	}
	if err := invalid(faults); err != nil {
		return nil, err
	}
	return *c, nil
}

func text(into *string) func(json.RawMessage) string {
	return value(into, "must be a string")
}

func boolean(into *bool) func(json.RawMessage) string {
	return value(into, "must be true or false")
}

func decimal(into *float64) func(json.RawMessage) string {
	return value(into, "must be a number")
}

func number[N int | int64](into *N) func(json.RawMessage) string {
	return value(into, "must be a whole number")
}

func priority(into *Priority) func(json.RawMessage) string {
	return func(raw json.RawMessage) string {
		name, err := strconv.Unquote(string(raw))
		if err != nil || name == "" {
			return "must be high, normal or low"
		}
		if *into, err = ParsePriority(name); err != nil {
			return err.Error()
		}
		return ""
	}
}

func value[T any](into *T, message string) func(json.RawMessage) string {
	return func(raw json.RawMessage) string {
		if string(raw) == "null" {
			return message
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return message
		}
		return ""
	}
}

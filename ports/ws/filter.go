package ws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// filter is which events a client wants; empty fields do not restrict.
type filter struct {
	Types   []string `json:"types"`
	JobID   string   `json:"jobId"`
	BatchID string   `json:"batchId"`
}

// scope is what an event is about.
type scope struct {
	JobID   string `json:"jobId"`
	BatchID string `json:"batchId"`
}

func scopeOf(e *Event) scope {
	var envelope struct {
		Data scope `json:"data"`
	}
	_ = json.Unmarshal(e.Frame, &envelope) // what is no envelope is about nothing
	return envelope.Data
}

func (f filter) wants(e *Event, s scope) bool {
	return f.wantsType(e.Type) && (f.JobID == "" || f.JobID == s.JobID) && (f.BatchID == "" || f.BatchID == s.BatchID)
}

func (f filter) wantsType(t string) bool {
	if t == internalType {
		return slices.Contains(f.Types, t)
	}
	return len(f.Types) == 0 || slices.ContainsFunc(f.Types, func(want string) bool {
		prefix, open := strings.CutSuffix(want, "*")
		return want == t || open && strings.HasPrefix(t, prefix)
	})
}

// internalType is an event between our own handlers, sent to who asks for it
// by name; clients get the business:created that follows from it.
const internalType = "business:found"

const maxTypes = 50

func (f filter) validate() error {
	if len(f.Types) > maxTypes {
		return fmt.Errorf("at most %d types", maxTypes)
	}
	for _, t := range f.Types {
		if prefix, open := strings.CutSuffix(t, "*"); t == "" || strings.Contains(prefix, "*") || open && prefix != "" && !strings.HasSuffix(prefix, ":") {
			return fmt.Errorf("%q is not an event type or a prefix such as scraping:*", t)
		}
	}
	return nil
}

func parseTypes(text string) []string {
	if text == "" {
		return nil
	}
	types := strings.Split(text, ",")
	for i := range types {
		types[i] = strings.TrimSpace(types[i])
	}
	return types
}

// parseSubscribe reads {"subscribe":{…}}, what clients send to change their filter.
func parseSubscribe(raw []byte) (filter, error) {
	var message struct {
		Subscribe *filter `json:"subscribe"`
	}
	if err := json.Unmarshal(raw, &message); err != nil || message.Subscribe == nil {
		return filter{}, fmt.Errorf(`must be {"subscribe":{"types":[…],"jobId":"…","batchId":"…"}}`)
	}
	return *message.Subscribe, message.Subscribe.validate()
}

// parseFilter reads what stands behind "subscribe" alone.
func parseFilter(raw []byte) (filter, error) {
	var f *filter
	if err := json.Unmarshal(raw, &f); err != nil || f == nil {
		return filter{}, fmt.Errorf(`must be {"types":[…],"jobId":"…","batchId":"…"}`)
	}
	return *f, f.validate()
}

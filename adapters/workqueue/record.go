package workqueue

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// States of a job.
const (
	StateWaiting   = "waiting"
	StateDelayed   = "delayed"
	StateActive    = "active"
	StateCompleted = "completed"
	StateFailed    = "failed"
	StateCancelled = "cancelled"
)

// Priorities of a job.
const (
	PriorityHigh   = "high"
	PriorityNormal = "normal"
	PriorityLow    = "low"
)

// One letter each stands for them in a job's hash.
var (
	stateOf = map[byte]string{
		'w': StateWaiting, 'd': StateDelayed, 'a': StateActive, 'c': StateCompleted, 'f': StateFailed, 'x': StateCancelled,
	}
	priorityOf    = map[byte]string{'h': PriorityHigh, 'n': PriorityNormal, 'l': PriorityLow}
	stateLetter   = inverse(stateOf)
	priorityOrder = inverse(priorityOf)
)

func inverse(names map[byte]string) map[string]string {
	letters := make(map[string]string, len(names))
	for letter, name := range names {
		letters[name] = string(letter)
	}
	return letters
}

// Record is a job as Redis holds it: in its hash, in the stream entry that
// carries it, and while it runs in the hash of active jobs. What the hash says is
// newer than what the entry says. Redis keeps a hash compact only
// while no value is longer than 64 bytes, so names are short, what changes
// together is one field, and long texts are cut into pieces.
//
// The hash's field at says where the job is: the letter of its priority and the
// id of the entry that carries it; "." where none does, the hash having all of
// it; "-" where it was dropped and only its id is remembered.
type Record struct {
	Topic           string
	ID              string
	Name            string            // v, what of the job's view never changes
	Payload         []byte            // v, behind ,"data":
	State           string            // s, first letter; a job that has never run and whose hash has no s is waiting
	Priority        string            // s, second letter
	Attempts        int               // s, first number: started attempts that count
	Run             int               // s, second number: deliveries so far, the fence
	Losses          int               // s, third number: deliveries that ended with their worker
	StartedAt       time.Time         // s, last number, in ms as all times
	MaxAttempts     int               // v
	Backoff         time.Duration     // o, in ms
	BatchID         string            // b, and in v
	ParentID        string            // v
	UniqueKey       string            // u
	CorrelationID   string            // cor
	Metadata        map[string]string // md, JSON
	RememberFor     time.Duration     // k, in s: how long its id stays taken after retention has dropped it
	CreatedAt       time.Time         // c, the entry it was accepted with, whose id begins with the time; absent while it is there
	FinishedAt      time.Time         // f
	DueAt           time.Time         // due
	Progress        int               // pr
	ProgressMessage string            // pm
	Result          []byte            // r, further pieces 101, 102 …
	Reason          string            // e
	CancelRequested bool
	PoisonID        string // psid: its entry of the poison stream
}

func parseRecord(topic, id string, h map[string]string) Record {
	r := Record{
		Topic: topic, ID: id, MaxAttempts: 1,
		Backoff: time.Duration(atoi(h["o"])) * time.Millisecond, BatchID: h["b"], UniqueKey: h["u"],
		CorrelationID: h["cor"], RememberFor: time.Duration(atoi(h["k"])) * time.Second, CreatedAt: entryTime(h["c"]),
		FinishedAt: millis(h["f"]), DueAt: millis(h["due"]), Progress: atoi(h["pr"]), ProgressMessage: h["pm"],
		Reason: h["e"], CancelRequested: h["x"] == "1", PoisonID: h["psid"],
	}
	if h["r"] != "" {
		r.Result = []byte(h["r"])
	}
	if h["md"] != "" {
		// Written by enqueue as JSON; a hash edited by hand has no metadata.
		_ = json.Unmarshal([]byte(h["md"]), &r.Metadata)
	}
	r.applyState(h["s"])
	r.applyView(h["v"])
	return r
}

// applyState reads the field s: "wn", or "an 1 1 0 1732461234567".
func (r *Record) applyState(s string) {
	letters, numbers, _ := strings.Cut(s, " ")
	if len(letters) != 2 {
		return
	}
	r.State, r.Priority = stateOf[letters[0]], priorityOf[letters[1]]
	if r.State == StateCompleted {
		r.Progress = 100
	}
	parts := strings.SplitN(numbers, " ", 4)
	if len(parts) < 4 {
		return
	}
	r.Attempts, r.Run, r.Losses, r.StartedAt = atoi(parts[0]), atoi(parts[1]), atoi(parts[2]), millis(parts[3])
}

// fixedView is the part of a job's view that never changes, before its data.
type fixedView struct {
	Name        string `json:"name"`
	ParentID    string `json:"parentJobId"`
	MaxAttempts int    `json:"maxAttempts"`
}

const dataField = `,"data":`

// encodeView writes the field v: JSON without the outer braces, so that the
// scripts put events together without looking into it. It has the job's id only
// where that is not the same as JSON. A payload that is not JSON may stand there
// when no events are written.
func encodeView(e *Entry) []byte {
	v := make([]byte, 0, 64+len(e.Name)+len(e.BatchID)+len(e.ParentID)+len(e.Payload))
	if !plain(e.ID) {
		v = append(appendText(append(v, `"jobId":`...), e.ID), ',')
	}
	v = appendText(append(v, `"name":`...), e.Name)
	if e.BatchID != "" {
		v = appendText(append(v, `,"batchId":`...), e.BatchID)
	}
	if e.ParentID != "" {
		v = appendText(append(v, `,"parentJobId":`...), e.ParentID)
	}
	v = strconv.AppendInt(append(v, `,"maxAttempts":`...), int64(max(e.MaxAttempts, 1)), 10)
	v = append(v, dataField...)
	if len(e.Payload) == 0 {
		return append(v, "null"...)
	}
	return append(v, e.Payload...)
}

// applyView reads the field v. A text inside its JSON cannot look like the
// field data: its quotes are escaped.
func (r *Record) applyView(v string) {
	head, payload, ok := strings.Cut(v, dataField)
	if !ok {
		return
	}
	r.Payload = []byte(payload)
	if r.applyPlainView(head) {
		return
	}
	var fixed fixedView
	if json.Unmarshal([]byte("{"+head+"}"), &fixed) == nil {
		r.Name, r.ParentID, r.MaxAttempts = fixed.Name, fixed.ParentID, max(fixed.MaxAttempts, 1)
	}
}

// applyPlainView reads the view of a job that has a name without escapes, a
// number of attempts and no more, which is most jobs' and quicker.
func (r *Record) applyPlainView(head string) bool {
	head, ok := strings.CutPrefix(head, `"name":"`)
	name, attempts, cut := strings.Cut(head, `","maxAttempts":`)
	if !ok || !cut || !plain(name) {
		return false
	}
	n, err := strconv.Atoi(attempts)
	if err != nil {
		return false
	}
	r.Name, r.MaxAttempts = name, n
	return true
}

// plain tells of a text that JSON has as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			return false
		}
	}
	return true
}

// appendText appends a text as JSON has it.
func appendText(b []byte, s string) []byte {
	if plain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, _ := json.Marshal(s) // a text can always be encoded
	return append(b, quoted...)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // absent is 0
	return n
}

func millis(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// entryTime is the time that a stream entry's id begins with.
func entryTime(id string) time.Time {
	ms, _, _ := strings.Cut(id, "-")
	return millis(ms)
}

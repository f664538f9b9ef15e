package workqueue

import (
	"encoding/json"
	"strconv"
	"time"
)

// States of a job, as they are stored.
const (
	StateWaiting   = "waiting"
	StateDelayed   = "delayed"
	StateActive    = "active"
	StateCompleted = "completed"
	StateFailed    = "failed"
	StateCancelled = "cancelled"
)

// Priorities of a job, as they are stored.
const (
	PriorityHigh   = "high"
	PriorityNormal = "normal"
	PriorityLow    = "low"
)

// Record is a job as its hash holds it.
type Record struct {
	Topic           string
	ID              string
	Name            string            // n
	Payload         []byte            // d
	State           string            // s
	Priority        string            // p
	Attempts        int               // a: started attempts that count
	MaxAttempts     int               // m
	Backoff         time.Duration     // bo, in ms
	BatchID         string            // b
	ParentID        string            // par
	UniqueKey       string            // u
	CorrelationID   string            // cor
	Metadata        map[string]string // md, JSON
	CreatedAt       time.Time         // c, in ms as all times
	StartedAt       time.Time         // st
	FinishedAt      time.Time         // f
	DueAt           time.Time         // due
	Progress        int               // pr
	ProgressMessage string            // pm
	Result          []byte            // r
	Reason          string            // e
	Run             int               // run: deliveries so far, the fence
	Losses          int               // lost: deliveries that ended with their worker
	CancelRequested bool              // x
	PoisonID        string            // psid: its entry of the poison stream
}

func parseRecord(topic, id string, h map[string]string) Record {
	r := Record{
		Topic: topic, ID: id, Name: h["n"], Payload: []byte(h["d"]), State: h["s"], Priority: h["p"],
		Attempts: atoi(h["a"]), MaxAttempts: atoi(h["m"]), Backoff: time.Duration(atoi(h["bo"])) * time.Millisecond,
		BatchID: h["b"], ParentID: h["par"], UniqueKey: h["u"], CorrelationID: h["cor"],
		CreatedAt: millis(h["c"]), StartedAt: millis(h["st"]), FinishedAt: millis(h["f"]), DueAt: millis(h["due"]),
		Progress: atoi(h["pr"]), ProgressMessage: h["pm"], Reason: h["e"], Run: atoi(h["run"]), Losses: atoi(h["lost"]),
		CancelRequested: h["x"] == "1", PoisonID: h["psid"],
	}
	if h["r"] != "" {
		r.Result = []byte(h["r"])
	}
	if h["md"] != "" {
		// Written by enqueue as JSON; a hash edited by hand has no metadata.
		_ = json.Unmarshal([]byte(h["md"]), &r.Metadata)
	}
	return r
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

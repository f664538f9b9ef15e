package job

import (
	"encoding/json"
	"fmt"
	"time"

	"leadstream/domain/fault"
)

// maxIDLength bounds ids that other services choose for their jobs.
const maxIDLength = 128

// Snapshot is a job's stored form: what a store keeps and a reader is shown.
type Snapshot struct {
	ID              string
	Queue           Queue
	Name            string // the command's wire name without its version
	State           State
	Progress        Progress
	Data            json.RawMessage // the command's payload
	Result          json.RawMessage // set when the job completes, or fails having done part of its work
	FailedReason    string
	AttemptsMade    int // started attempts
	Retry           RetryPolicy
	Priority        Priority
	BatchID         string
	ParentID        string // the scrape that led to this enrichment
	UniqueKey       string // at most one unfinished job a queue has this key; empty is not unique
	IDMayReturn     bool   // its sender chose the id and may send it again: it stays taken after the job is dropped
	CorrelationID   string
	TraceParent     string
	CreatedAt       time.Time
	StartedAt       time.Time // start of the newest attempt
	FinishedAt      time.Time
	NextAttemptAt   time.Time
	Run             int // which delivery this is: the fence that keeps a late worker from writing
	CancelRequested bool
}

// Job is one accepted command and what became of it.
type Job struct{ s Snapshot }

// Spec is what a new job is made from.
type Spec struct {
	ID            string
	Command       Command
	Priority      Priority
	Retry         RetryPolicy
	BatchID       string
	ParentID      string
	UniqueKey     string
	IDMayReturn   bool
	CorrelationID string
	TraceParent   string
	CreatedAt     time.Time
}

// New makes a waiting job from a command.
func New(spec Spec) (Job, error) {
	if err := checkID(spec.ID); err != nil {
		return Job{}, err
	}
	data, err := json.Marshal(spec.Command)
	if err != nil {
		return Job{}, fmt.Errorf("encoding command: %w", err)
	}
	if spec.CorrelationID == "" {
		spec.CorrelationID = spec.ID
	}
	return Job{Snapshot{
		ID: spec.ID, Queue: spec.Command.Queue(), Name: spec.Command.Name(), State: Waiting, Data: data,
		Retry: spec.Retry, Priority: spec.Priority, BatchID: spec.BatchID, ParentID: spec.ParentID,
		UniqueKey: spec.UniqueKey, IDMayReturn: spec.IDMayReturn, CorrelationID: spec.CorrelationID, TraceParent: spec.TraceParent,
		CreatedAt: spec.CreatedAt,
	}}, nil
}

// Hydrate restores a job from its stored form.
func Hydrate(s Snapshot) Job { return Job{s} }

// Snapshot is the job's stored form.
func (j Job) Snapshot() Snapshot { return j.s }

// ID names the job.
func (j Job) ID() string { return j.s.ID }

// Queue is the line the job stands in.
func (j Job) Queue() Queue { return j.s.Queue }

// State is where the job stands.
func (j Job) State() State { return j.s.State }

// Start begins an attempt.
func (j *Job) Start(at time.Time) error {
	if err := j.become(Active); err != nil {
		return err
	}
	j.s.AttemptsMade++
	j.s.Run++
	j.s.StartedAt, j.s.NextAttemptAt, j.s.FailedReason = at, time.Time{}, ""
	return nil
}

// Complete ends the job with its result.
func (j *Job) Complete(result json.RawMessage, at time.Time) error {
	if err := j.become(Completed); err != nil {
		return err
	}
	j.s.Progress.Percent = 100
	j.s.Result, j.s.FinishedAt = result, at
	return nil
}

// Fail ends an attempt: the job is delayed when err says so or attempts are
// left, else it has failed for good. A postponed attempt does not count.
func (j *Job) Fail(err error, at time.Time) error {
	if until, ok := fault.PostponedUntil(err); ok {
		if berr := j.become(Delayed); berr != nil {
			return berr
		}
		j.s.AttemptsMade--
		j.s.NextAttemptAt, j.s.Progress.Message = until, err.Error()
		return nil
	}
	if Retryable(err) && j.s.AttemptsMade < j.s.Retry.Attempts {
		if berr := j.become(Delayed); berr != nil {
			return berr
		}
		j.s.FailedReason = err.Error()
		j.s.NextAttemptAt = at.Add(j.s.Retry.Delay(j.s.AttemptsMade))
		return nil
	}
	if berr := j.become(Failed); berr != nil {
		return berr
	}
	j.s.FailedReason, j.s.FinishedAt = err.Error(), at
	return nil
}

// Keep stores what a failing attempt had achieved, so that it is not lost with it.
func (j *Job) Keep(partial json.RawMessage) { j.s.Result = partial }

// LastAttempt reports whether a failure of the running attempt would be final.
func (j Job) LastAttempt() bool { return j.s.AttemptsMade >= j.s.Retry.Attempts }

// Cancel ends the job at the user's wish.
func (j *Job) Cancel(at time.Time) error {
	if err := j.become(Cancelled); err != nil {
		return err
	}
	j.s.FinishedAt = at
	return nil
}

// Requeue lets a failed or cancelled job run again, its attempts anew.
func (j *Job) Requeue() error {
	if !j.s.State.Finished() {
		return fault.Conflictf("job %s is %s and cannot be moved to waiting", j.s.ID, j.s.State)
	}
	if err := j.become(Waiting); err != nil {
		return err
	}
	j.s.AttemptsMade, j.s.FailedReason, j.s.FinishedAt = 0, "", time.Time{}
	j.s.Progress, j.s.Result, j.s.CancelRequested = Progress{}, nil, false
	return nil
}

func (j *Job) become(next State) error {
	if !j.s.State.CanBecome(next) {
		return fault.Conflictf("job %s is %s and cannot become %s", j.s.ID, j.s.State, next)
	}
	j.s.State = next
	return nil
}

func checkID(id string) error {
	field := func(message string) error {
		return fault.NewInvalid(fault.Field{Location: "id", Message: message, Value: id})
	}
	if id == "" {
		return field("must not be empty")
	}
	if len(id) > maxIDLength {
		return field(fmt.Sprintf("must have at most %d characters", maxIDLength))
	}
	for _, r := range id {
		if r < 0x21 || r > 0x7e {
			return field("must be printable ASCII characters without spaces")
		}
	}
	return nil
}

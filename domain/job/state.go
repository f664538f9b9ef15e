package job

import (
	"slices"

	"leadstream/domain/fault"
)

// State is where a job stands between being accepted and being finished.
type State struct{ name string }

// The states of a job.
var (
	Waiting   = State{"waiting"}
	Delayed   = State{"delayed"}
	Active    = State{"active"}
	Completed = State{"completed"}
	Failed    = State{"failed"}
	Cancelled = State{"cancelled"}
)

// transitions is the one table of what may follow what; the scripts in Redis
// refuse anything else.
var transitions = map[State][]State{
	Waiting:   {Active, Cancelled},
	Delayed:   {Waiting, Cancelled},
	Active:    {Completed, Failed, Cancelled, Delayed, Waiting},
	Completed: {},
	Failed:    {Waiting},
	Cancelled: {Waiting},
}

// States lists every state.
func States() []State { return []State{Waiting, Delayed, Active, Completed, Failed, Cancelled} }

// ParseState turns a wire name into a State.
func ParseState(name string) (State, error) {
	for _, s := range States() {
		if s.name == name {
			return s, nil
		}
	}
	return State{}, fault.Invalidf("must be one of waiting, delayed, active, completed, failed, cancelled")
}

// CanBecome reports whether next may directly follow s.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Finished reports whether a job in this state will not run again by itself.
func (s State) Finished() bool { return s == Completed || s == Failed || s == Cancelled }

// IsZero reports whether no state is named.
func (s State) IsZero() bool { return s.name == "" }

func (s State) String() string { return s.name }

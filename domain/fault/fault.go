// Package fault classifies errors by what a caller can do about them.
//
// The same kinds decide an HTTP status, whether a failed attempt is tried
// again, and whether a command goes to the poison queue.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says how to react to an error. The zero Kind is Internal.
type Kind int

// The kinds of errors, from "our own mistake" to "ask again later".
const (
	Internal    Kind = iota // unexpected: hidden from clients, retried by workers
	Invalid                 // the input can never succeed
	NotFound                // what it names does not exist
	Conflict                // the present state forbids it
	Transient               // the same call may succeed soon
	Postponed               // must not be tried before Until; uses no attempt
	Unavailable             // a service we need is down
)

// Field is one invalid input: where it stands, what is wrong, what was given.
type Field struct {
	Location string
	Message  string
	Value    any
}

// Error carries a kind and what belongs to it.
type Error struct {
	kind   Kind
	reason string
	fields []Field
	until  time.Time
	cause  error
}

// NewInvalid reports faulty input, all fields at once.
func NewInvalid(fields ...Field) *Error {
	return &Error{kind: Invalid, reason: describe(fields), fields: fields}
}

// Invalidf reports input that can never succeed and has no single field.
func Invalidf(format string, args ...any) *Error { return newf(Invalid, format, args...) }

// NotFoundf reports that what was asked for does not exist.
func NotFoundf(format string, args ...any) *Error { return newf(NotFound, format, args...) }

// Conflictf reports that the present state forbids the request.
func Conflictf(format string, args ...any) *Error { return newf(Conflict, format, args...) }

// Transientf reports a failure that may pass; use %w to keep its cause.
func Transientf(format string, args ...any) *Error { return newf(Transient, format, args...) }

// Unavailablef reports that a service needed for the request is down; use %w to keep its cause.
func Unavailablef(format string, args ...any) *Error { return newf(Unavailable, format, args...) }

// Postpone asks to run again no earlier than until, without using an attempt.
func Postpone(until time.Time, reason string) *Error {
	return &Error{kind: Postponed, reason: reason, until: until}
}

func newf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{kind: kind, reason: err.Error(), cause: errors.Unwrap(err)}
}

func (e *Error) Error() string { return e.reason }

// Unwrap gives the cause, when one was wrapped.
func (e *Error) Unwrap() error { return e.cause }

// Fields lists the invalid inputs.
func (e *Error) Fields() []Field { return e.fields }

// Until is the earliest time to try a postponed attempt again.
func (e *Error) Until() time.Time { return e.until }

// KindOf finds the kind of the first classified error in err's chain.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.kind
	}
	return Internal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// FieldsOf lists the invalid inputs named anywhere in err's chain.
func FieldsOf(err error) []Field {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.fields
	}
	return nil
}

// PostponedUntil gives the time before which a postponed attempt must not run.
func PostponedUntil(err error) (time.Time, bool) {
	if e, ok := errors.AsType[*Error](err); ok && e.kind == Postponed {
		return e.until, true
	}
	return time.Time{}, false
}

func describe(fields []Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Location + ": " + f.Message
	}
	return strings.Join(parts, "; ")
}

package testenv

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Logs captures what is logged, at every level; safe for concurrent use.
type Logs struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Logger logs into the capture.
func (l *Logs) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.Level(-128)}))
}

// Write takes one record; it is for the logger.
func (l *Logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(line)
}

// Lines are the records so far that hold all of the parts, as slog's text:
// level=WARN msg="a message" key=value.
func (l *Logs) Lines(parts ...string) []string {
	l.mu.Lock()
	text := l.buffer.String()
	l.mu.Unlock()
	return slices.DeleteFunc(strings.Split(strings.TrimSuffix(text, "\n"), "\n"), func(line string) bool {
		return line == "" || slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) })
	})
}

// Has tells whether a record holds all of the parts.
func (l *Logs) Has(parts ...string) bool { return len(l.Lines(parts...)) > 0 }

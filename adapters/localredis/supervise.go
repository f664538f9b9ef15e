package localredis

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
)

// supervise starts the child and waits for its end, on one thread all its
// life: where the child dies with its parent, it dies with the thread that
// started it.
func (s *Server) supervise(output io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := s.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	last := s.relay(output)
	_ = s.cmd.Wait() // ProcessState tells more, also of an end without a fault
	if !s.stopping.Load() {
		s.err = fmt.Errorf("redis-server ended unexpectedly (%s): %s", s.cmd.ProcessState, last)
	}
	close(s.ended)
}

// relay passes the server's own log on, and keeps its last line for Err.
func (s *Server) relay(output io.Reader) (last string) {
	serving := false
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		last = line
		serving = serving || strings.Contains(strings.ToLower(line), "ready to accept connections")
		s.log.Log(context.Background(), level(line, serving && !s.stopping.Load()), "redis-server", "line", line)
	}
	return last
}

// level tells warnings from the rest. Redis marks them with #, and up to 7.0
// its greeting and its farewell as well.
func level(line string, serving bool) slog.Level {
	marked := strings.Contains(line, " # ")
	if marked && (serving || strings.Contains(strings.ToLower(line), "warning")) {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

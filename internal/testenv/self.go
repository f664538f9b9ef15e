package testenv

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Process is a run of the test's own binary as another program, such as a
// worker that is to be killed.
type Process struct {
	t testing.TB
	p *process
}

// Self runs the test binary again with env added to the environment, by which
// TestMain tells such a run from a run of the tests. It ends with the test.
func Self(t testing.TB, env ...string) *Process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatalf("finding the test binary: %v", err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), env...)
	p, err := startProcess(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("process %d said:\n%s", cmd.Process.Pid, p.output.String())
		}
	})
	return &Process{t: t, p: p}
}

// PID is the process's id.
func (s *Process) PID() int { return s.p.cmd.Process.Pid }

// Signal sends a signal; a process that has ended takes none.
func (s *Process) Signal(signal syscall.Signal) { _ = s.p.cmd.Process.Signal(signal) }

// Ended waits for the process's end and answers how it came.
func (s *Process) Ended(within time.Duration) syscall.WaitStatus {
	s.t.Helper()
	select {
	case <-s.p.ended:
	case <-time.After(within):
		s.t.Fatalf("process %d has not ended within %s", s.PID(), within)
	}
	return s.p.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// Stopped waits until the process is stopped by a signal, as Linux shows it.
func (s *Process) Stopped(within time.Duration) {
	s.t.Helper()
	Eventually(s.t, within, func() bool { return isStopped(s.PID()) }, "process %d is stopped", s.PID())
}

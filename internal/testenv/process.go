package testenv

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// process is a child that, on Linux, also ends when the test's process is
// killed or panics, where no cleanup runs: with the lastSignal it was started with.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer // to be read after ended is closed
	ended  chan struct{}
}

func startProcess(cmd *exec.Cmd, lastSignal syscall.Signal) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	dieWithParent(cmd.SysProcAttr, lastSignal)
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.WaitDelay = stopTimeout // for children of its own that hold its output
	started := make(chan error, 1)
	go p.supervise(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	return p, nil
}

// supervise keeps one thread for the child's life, since the kernel takes that
// thread's end for the parent's.
func (p *process) supervise(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // ended is all that is asked
	close(p.ended)
}

// end signals the child, wakes it if it was paused, and waits for its end.
func (p *process) end(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal) // gone already is what is wanted
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	<-p.ended
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// lostItsPort tells that another process took the port between its choice and its use.
func (p *process) lostItsPort() bool {
	return p.hasEnded() && strings.Contains(p.output.String(), "ddress already in use")
}

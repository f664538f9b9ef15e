//go:build unix && !linux

package testenv

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent does nothing: these systems have no signal for a parent's death.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func isStopped(pid int) bool {
	state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(state)), "T")
}

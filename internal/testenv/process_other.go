//go:build unix && !linux

package testenv

import "syscall"

// dieWithParent does nothing: these systems have no signal for a parent's death.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

//go:build unix && !linux

package localredis

import "syscall"

// childAttributes give the child a process group of its own, so that Ctrl-C in
// a terminal does not end it before its parent is done with it. These systems
// have no signal for a parent's death: after a kill -9 of the parent the child
// stays until it is ended by hand, and holds the data folder's lock till then.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

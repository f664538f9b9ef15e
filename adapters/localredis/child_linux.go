package localredis

import "syscall"

// childAttributes give the child a process group of its own, so that Ctrl-C in
// a terminal does not end it before its parent is done with it, and let the
// kernel end it with SIGTERM when the parent dies.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

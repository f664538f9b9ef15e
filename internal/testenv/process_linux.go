package testenv

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

func dieWithParent(a *syscall.SysProcAttr, signal syscall.Signal) { a.Pdeathsig = signal }

// isStopped reads the state after the program's name, which ends with the last ')'.
func isStopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.HasPrefix(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" T"))
}

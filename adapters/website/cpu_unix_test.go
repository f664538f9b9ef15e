//go:build unix

package website

import (
	"syscall"
	"time"
)

// cpuTime is what the process has used, which others on the machine do not change.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

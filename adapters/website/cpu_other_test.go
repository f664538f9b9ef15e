//go:build !unix

package website

import "time"

var began = time.Now()

// cpuTime is at most what has passed.
func cpuTime() time.Duration { return time.Since(began) }

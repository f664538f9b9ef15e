package job

import "math"

// Batch counts the jobs of one request by where they stand. Its counters are
// its own, so jobs that are no longer kept do not change them.
type Batch struct {
	ID        string
	Total     int
	Waiting   int
	Delayed   int
	Active    int
	Completed int
	Failed    int
	Cancelled int
}

// Finished is how many jobs will not run again by themselves.
func (b Batch) Finished() int { return b.Completed + b.Failed + b.Cancelled }

// Done reports whether every job of the batch has finished.
func (b Batch) Done() bool { return b.Finished() >= b.Total }

// Progress is the finished share in whole percent, rounded.
func (b Batch) Progress() int {
	if b.Total == 0 {
		return 100
	}
	return int(math.Round(100 * float64(b.Finished()) / float64(b.Total)))
}

package job

// Progress is how far a running job is, as a person is told.
type Progress struct {
	Percent int // 0 to 100
	Message string
}

// NewProgress clamps percent to 0..100.
func NewProgress(percent int, message string) Progress {
	return Progress{Percent: max(0, min(100, percent)), Message: message}
}

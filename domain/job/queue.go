package job

import "leadstream/domain/fault"

// Queue is a line of work with its own concurrency, throttle and poison queue.
type Queue struct{ name string }

// The two queues of the pipeline.
var (
	Scraping   = Queue{"scraping"}
	Enrichment = Queue{"enrichment"}
)

// Queues lists every queue, in the order they are shown.
func Queues() []Queue { return []Queue{Scraping, Enrichment} }

// ParseQueue turns a queue's wire name into a Queue.
func ParseQueue(name string) (Queue, error) {
	for _, q := range Queues() {
		if q.name == name {
			return q, nil
		}
	}
	return Queue{}, fault.NotFoundf("queue %q does not exist", name)
}

func (q Queue) String() string { return q.name }

// IsZero reports whether no queue is named.
func (q Queue) IsZero() bool { return q.name == "" }

// Priority orders the jobs of one queue at every take.
type Priority struct{ name string }

// The priorities, most urgent first. The zero Priority counts as Normal.
var (
	High   = Priority{"high"}
	Normal = Priority{"normal"}
	Low    = Priority{"low"}
)

// Priorities lists every priority, most urgent first.
func Priorities() []Priority { return []Priority{High, Normal, Low} }

// ParsePriority turns a wire name into a Priority; empty is Normal.
func ParsePriority(name string) (Priority, error) {
	if name == "" {
		return Normal, nil
	}
	for _, p := range Priorities() {
		if p.name == name {
			return p, nil
		}
	}
	return Priority{}, fault.Invalidf("must be high, normal or low")
}

func (p Priority) String() string {
	if p.name == "" {
		return Normal.name
	}
	return p.name
}

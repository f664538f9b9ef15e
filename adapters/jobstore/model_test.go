package jobstore_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"leadstream/adapters/workqueue"
	"leadstream/domain/job"
)

const (
	shortly = 30 * time.Millisecond
	late    = time.Hour
)

// modelJob is what a job should be. Its moves are those of domain/job's table.
type modelJob struct {
	id            string
	state         job.State
	priority      job.Priority
	batch, unique string
	maxAttempts   int
	attempts      int
	run           int
	losses        int
	wish          bool // its run is to be cancelled
	result        string

	soon    bool // delayed by shortly: it becomes waiting by itself, at a time of the engine's choice
	due     time.Time
	line    int // its place in line; 0 when the model cannot know it
	linedUp time.Time

	holder *process // which runs it; nil for one of a lost worker
	m      *message.Message

	life  []happening // the events of its states
	kinds []string    // its other events
}

// happening is a state that an event shows; a lost job that is not to run
// again may be shown as taken over first, or not.
type happening struct {
	state    job.State
	optional bool
}

// move takes the one way between states; a run that is taken over is active again.
func (j *modelJob) move(to job.State) {
	takenOver := j.state == job.Active && to == job.Active
	if !takenOver && !j.state.IsZero() && !j.state.CanBecome(to) {
		panic(fmt.Sprintf("model: %s cannot become %s", j.state, to))
	}
	j.state = to
	j.life = append(j.life, happening{state: to})
}

// mayStart tells of a job that waits, or will by itself.
func (j *modelJob) mayStart() bool {
	return j.state == job.Waiting || j.state == job.Delayed && j.soon || j.orphan() && !j.endsWithoutRun()
}

func (j *modelJob) orphan() bool { return j.state == job.Active && j.holder == nil }

// endsWithoutRun tells of a lost worker's job that is only written off.
func (j *modelJob) endsWithoutRun() bool { return j.orphan() && (j.wish || j.losses+1 >= 3) }

func (j *modelJob) unfinished() bool { return !j.state.Finished() }

func (j *modelJob) finish(to job.State) {
	j.move(to)
	j.holder, j.m, j.wish = nil, nil, false
	j.kinds = append(j.kinds, map[job.State]string{job.Completed: "enrichment:complete", job.Failed: "enrichment:failed", job.Cancelled: "enrichment:cancelled"}[to])
}

// delay puts a job off; one that is wanted cancelled ends here instead, its
// attempt counted.
func (j *modelJob) delay(by time.Duration, counts bool) {
	if j.wish {
		j.finish(job.Cancelled)
		return
	}
	j.move(job.Delayed)
	j.holder, j.m = nil, nil
	j.soon = by < late
	if counts {
		j.kinds = append(j.kinds, "enrichment:failed")
	} else {
		j.attempts--
	}
}

// matches compares a life with the states that events showed.
func (j *modelJob) matches(shown []string) bool {
	return fits(j.life, shown)
}

func fits(life []happening, shown []string) bool {
	if len(life) == 0 {
		return len(shown) == 0
	}
	if len(shown) > 0 && life[0].state.String() == shown[0] && fits(life[1:], shown[1:]) {
		return true
	}
	return life[0].optional && fits(life[1:], shown)
}

// model is the queue as it should be.
type model struct {
	jobs   []*modelJob
	paused bool
	lined  int
	waited map[*modelJob]bool // who surely waited when the newest step began
}

func (m *model) find(id string) *modelJob {
	for _, j := range m.jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

func (m *model) in(state job.State) (found []*modelJob) {
	for _, j := range m.jobs {
		if j.state == state {
			found = append(found, j)
		}
	}
	return found
}

// held are the jobs in the hands of handlers.
func (m *model) held() (found []*modelJob) {
	for _, j := range m.in(job.Active) {
		if j.holder != nil {
			found = append(found, j)
		}
	}
	return found
}

func (m *model) lineUp(j *modelJob) {
	m.lined++
	j.line, j.linedUp = m.lined, time.Now()
}

// accept answers as the queue should, and takes the job in when it is new.
func (m *model) accept(e workqueue.Entry, p job.Priority) (holder string) {
	if m.find(e.ID) != nil {
		return e.ID
	}
	if h := m.holderOf(e.UniqueKey, nil); h != nil {
		return h.id
	}
	j := &modelJob{id: e.ID, priority: p, batch: e.BatchID, unique: e.UniqueKey, maxAttempts: e.MaxAttempts}
	m.jobs = append(m.jobs, j)
	if e.Delay > 0 {
		j.move(job.Delayed)
		j.soon = e.Delay < late
	} else {
		j.move(job.Waiting)
		m.lineUp(j)
	}
	return ""
}

func (m *model) holderOf(key string, but *modelJob) *modelJob {
	for _, j := range m.jobs {
		if key != "" && j != but && j.unique == key && j.unfinished() {
			return j
		}
	}
	return nil
}

// begin remembers who waits, before a step.
func (m *model) begin() {
	m.waited = map[*modelJob]bool{}
	for _, j := range m.in(job.Waiting) {
		m.waited[j] = true
	}
}

// unfair names a job that waited before the step and still does, though one
// behind it in line started.
func (m *model) unfair(started []*modelJob) string {
	for _, s := range started {
		for _, w := range m.in(job.Waiting) {
			if !m.waited[w] || time.Since(w.linedUp) > 25*time.Second || s.losses > 0 { // aged ones go first at times, lost ones always
				continue
			}
			before := rank(w) < rank(s)
			if rank(w) == rank(s) {
				before = w.line > 0 && s.line > 0 && w.line < s.line
			}
			if before {
				return fmt.Sprintf("%s (%s, place %d) started before %s (%s, place %d)", s.id, s.priority, s.line, w.id, w.priority, w.line)
			}
		}
	}
	return ""
}

func rank(j *modelJob) int {
	return slices.Index([]job.Priority{job.High, job.Normal, job.Low}, j.priority)
}

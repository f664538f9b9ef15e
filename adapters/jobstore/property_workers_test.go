package jobstore_test

import (
	"time"

	"pgregory.net/rapid"

	"leadstream/domain/job"
)

// handBack shuts a worker down while its handlers run, and starts it again.
func (s *system) handBack(rt *rapid.T) {
	p := rapid.SampledFrom(s.processes).Draw(rt, "process")
	held := p.held
	p.held = nil
	for _, j := range held {
		go func() { <-j.m.Context().Done(); j.m.Nack() }()
	}
	closed := make(chan struct{})
	go func() { _ = p.sub.Close(); close(closed) }()
	s.receiveUntil(closed, p, held)
	s.work(p)
}

// receiveUntil takes what other workers start of a closing worker's jobs, and
// what that had on its way when it was told to close.
func (s *system) receiveUntil(closed <-chan struct{}, p *process, held []*modelJob) {
	var early []given
	for open := true; open; {
		select {
		case g := <-s.taken:
			if g.to != p {
				early = append(early, g)
				continue
			}
			held = append(held, s.started(g))
			go func() { <-g.m.Context().Done(); g.m.Nack() }()
		case <-closed:
			open = false
		}
	}
	for _, j := range held {
		if j.wish {
			j.finish(job.Cancelled)
			continue
		}
		j.move(job.Waiting)
		j.attempts--
		j.holder, j.m, j.line, j.linedUp = nil, nil, 0, time.Now()
	}
	p.held = nil
	for _, g := range early {
		s.started(g)
	}
}

// loseWorker cuts a worker off with its jobs in hand; what it says of them
// afterwards is not heard. Another takes its place.
func (s *system) loseWorker(rt *rapid.T) {
	i := rapid.IntRange(0, len(s.processes)-1).Draw(rt, "process")
	p := s.processes[i]
	if len(p.held) == 0 {
		rt.Skip("it has nothing to lose")
	}
	_ = p.client.Close()
	for _, j := range p.held {
		j.m.Ack()
		j.holder = nil
	}
	_ = p.sub.Close()
	s.processes[i] = s.newProcess(p.slots)
}

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// bullmq runs the Node program of folder bullmq, one process a measurement.
type bullmq struct{ server *server }

func newBullMQ(s *server) system { return &bullmq{s} }

func (b *bullmq) name() string { return "bullmq" }

type bullmqAnswer struct {
	Seconds   float64   `json:"seconds"`
	Latencies []float64 `json:"latencies"` // ms
	CPU       float64   `json:"cpu"`       // s
}

func (b *bullmq) run(what string, concurrency, jobs int) bullmqAnswer {
	cmd := exec.Command("node", "bench.mjs", b.server.addr, what, strconv.Itoa(concurrency), strconv.Itoa(jobs))
	cmd.Dir, cmd.Stderr = "bullmq", os.Stderr
	var answer bullmqAnswer
	must(json.Unmarshal(must1(cmd.Output()), &answer))
	childCPU += answer.CPU
	return answer
}

func (b *bullmq) seconds(what string, concurrency, jobs int) time.Duration {
	return time.Duration(b.run(what, concurrency, jobs).Seconds * float64(time.Second))
}

func (b *bullmq) enqueue(callers, jobs int) time.Duration { return b.seconds("enqueue", callers, jobs) }

func (b *bullmq) enqueueBulk(jobs int) time.Duration { return b.seconds("bulk", 0, jobs) }

func (b *bullmq) fill(jobs int) { b.run("bulk", 0, jobs) }

func (b *bullmq) process(concurrency, jobs int) time.Duration {
	return b.seconds("process", concurrency, jobs)
}

func (b *bullmq) latency(jobs int) []time.Duration {
	all := b.run("latency", 10, jobs).Latencies
	took := make([]time.Duration, len(all))
	for i, ms := range all {
		took[i] = time.Duration(ms * float64(time.Millisecond))
	}
	return took
}

func (b *bullmq) memory(jobs int) (waiting, completed float64) {
	b.run("bulk", 0, 1)
	empty := b.server.memory("bull:bench:events")
	b.run("bulk", 0, jobs)
	waiting = b.server.memory("bull:bench:events") - empty
	b.run("process", 10, jobs+1)
	return waiting / float64(jobs), (b.server.memory("bull:bench:events") - empty) / float64(jobs)
}

func (b *bullmq) close() {}

// installBullMQ fetches what package.json names, once.
func installBullMQ() error {
	if _, err := os.Stat(filepath.Join("bullmq", "node_modules", "bullmq")); err == nil {
		return nil
	}
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = "bullmq", os.Stderr, os.Stderr
	return cmd.Run()
}

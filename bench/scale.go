package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"leadstream/adapters/jobstore"
	"leadstream/adapters/workqueue"
	"leadstream/app"
	"leadstream/domain/job"
)

const (
	few  = 1_000
	many = 1_000_000

	settle = 15 * time.Second
)

// scale tells what a backlog of a million does to the queue, what more worker
// processes bring, and what an idle worker costs.
func scale(s *server, out io.Writer) {
	fmt.Fprintf(out, "| waiting jobs | bulk enqueue, jobs/s | process at 100, jobs/s | counting a queue, ms | a page of 50 jobs, ms |\n|---|---|---|---|---|\n")
	for _, backlog := range []int{few, many} {
		s.empty()
		l := newEnrichment(s)
		l.addBulk(0, backlog)
		time.Sleep(settle) // what was filled in is on the disk by then
		fmt.Fprintf(out, "| %d | %s | %s | %.2f | %.2f |\n", backlog, format(l.enqueueRate()), format(l.processRate()), l.count(), l.page())
	}
	fmt.Fprintf(out, "\n| worker processes, 50 slots each | jobs/s |\n|---|---|\n")
	for _, processes := range []int{1, 2, 4} {
		s.empty()
		fmt.Fprintf(out, "| %d | %s |\n", processes, format(workers(s, processes)))
	}
	s.empty()
	cpu, commands := idle(s)
	fmt.Fprintf(out, "\nAn idle worker: %.2f %% of a core, %.1f Redis commands a second (those within scripts counted).\n", cpu, commands)
}

// enrichment is the work queue under the topic that the job store reads.
type enrichment struct {
	client *workqueue.Client
	store  *jobstore.Store
}

func newEnrichment(s *server) enrichment {
	client := must1(workqueue.New(workqueue.Config{Client: s.client(64), EventStream: "leadstream:events"}))
	return enrichment{client, jobstore.New(client, nil, time.Now)}
}

func (e enrichment) topic() string { return job.Enrichment.String() }

func (e enrichment) addBulk(from, to int) {
	for ; from < to; from += 1000 {
		entries := make([]workqueue.Entry, min(1000, to-from))
		for i := range entries {
			entries[i] = workqueue.Entry{ID: jobID(from + i), Name: "enrich_business", Payload: payload(from + i)}
		}
		must1(e.client.Enqueue(context.Background(), e.topic(), entries...))
	}
}

func (e enrichment) enqueueRate() float64 {
	const n = 20_000
	begin := time.Now()
	e.addBulk(2*many, 2*many+n)
	return n / time.Since(begin).Seconds()
}

func (e enrichment) processRate() float64 {
	const n = 20_000
	s := workqueue.NewSubscriber(e.client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 100}})
	begin := time.Now()
	messages := must1(s.Subscribe(context.Background(), e.topic()))
	for range n {
		m := <-messages
		m.Ack()
	}
	rate := n / time.Since(begin).Seconds()
	go func() {
		for m := range messages {
			m.Nack()
		}
	}()
	must(s.Close())
	return rate
}

func (e enrichment) count() float64 {
	return inMS(func() { must1(e.store.Queues(context.Background())) })
}

func (e enrichment) page() float64 {
	return inMS(func() { must1(e.store.Jobs(context.Background(), app.JobFilter{Limit: 50})) })
}

// inMS is the mean of a hundred times.
func inMS(do func()) float64 {
	begin := time.Now()
	for range 100 {
		do()
	}
	return time.Since(begin).Seconds() * 1000 / 100
}

// workerVariable makes this program a worker on the Redis it names.
const workerVariable = "LEADSTREAM_BENCH_WORKER"

func runWorker(addr string) {
	e := newEnrichment(&server{addr: addr})
	s := workqueue.NewSubscriber(e.client, workqueue.SubscriberConfig{Default: workqueue.TopicOptions{Concurrency: 50}})
	for m := range must1(s.Subscribe(context.Background(), e.topic())) {
		m.Ack()
	}
}

func startWorkers(s *server, n int) (stop func()) {
	var all []*exec.Cmd
	for range n {
		cmd := exec.Command(must1(os.Executable()))
		cmd.Env, cmd.Stderr = append(os.Environ(), workerVariable+"="+s.addr), os.Stderr
		must(cmd.Start())
		all = append(all, cmd)
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			childCPU += cmd.ProcessState.UserTime().Seconds() + cmd.ProcessState.SystemTime().Seconds()
		}
	}
}

// workers is the rate from the first to the last completion of a backlog.
func workers(s *server, n int) float64 {
	const jobs = 60_000
	e := newEnrichment(s)
	e.addBulk(0, jobs)
	stop := startWorkers(s, n)
	defer stop()
	left := func() int {
		st := must1(e.client.Stats(context.Background(), e.topic(), 0))
		return st.Waiting + st.Active
	}
	for left() == jobs {
		time.Sleep(time.Millisecond)
	}
	begin, from := time.Now(), left()
	for left() > 0 {
		time.Sleep(2 * time.Millisecond)
	}
	return float64(from) / time.Since(begin).Seconds()
}

// idle measures a worker process that has nothing to do, for ten seconds.
func idle(s *server) (cpu, commands float64) {
	e := newEnrichment(s)
	e.addBulk(0, 1)
	stop := startWorkers(s, 1)
	time.Sleep(3 * time.Second)
	before, processor := s.number("stats", "total_commands_processed"), s.cpu()
	const seconds = 10
	time.Sleep(seconds * time.Second)
	commands = (s.number("stats", "total_commands_processed") - before - 1) / seconds
	redis := s.cpu() - processor
	spent := childCPU
	stop()
	return 100 * ((childCPU-spent)/(seconds+3) + redis/seconds), commands
}

func isWorker() bool {
	addr := os.Getenv(workerVariable)
	if addr == "" {
		return false
	}
	runWorker(addr)
	return true
}

package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// childCPU is the CPU (s) of child processes that are measured as clients.
var childCPU float64

type options struct {
	runs, jobs    int
	only, systems string
	stats         bool
}

func main() {
	if isWorker() {
		return
	}
	var o options
	flag.IntVar(&o.runs, "runs", 3, "runs; the median is shown")
	flag.IntVar(&o.jobs, "jobs", 40_000, "jobs a measurement")
	flag.StringVar(&o.only, "only", "", "measurements, separated by commas; all when empty")
	flag.StringVar(&o.systems, "systems", "", "systems, separated by commas; all when empty")
	flag.BoolVar(&o.stats, "stats", false, "tell Redis's own count of commands after each measurement")
	flag.Parse()
	s, stop, err := startRedis()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer stop()
	if o.only != "scale" && wanted(o.systems, "bullmq") {
		must(installBullMQ())
	}
	if o.only != "scale" {
		measureAll(s, o).print(os.Stdout)
	}
	if wanted(o.only, "scale") && wanted(o.systems, "leadstream") {
		fmt.Println()
		scale(s, os.Stdout)
	}
}

var systems = []struct {
	name string
	make func(*server) system
}{
	{"leadstream", newLeadstream},
	{"quiet", newQuiet},
	{"pipeline", newPipeline},
	{"asynq", newAsynq},
	{"bullmq", newBullMQ},
	{"redisstream", newPlain},
}

// measurement is one row of the table.
type measurement struct {
	name, unit string
	lessIsGood bool
	prepare    func(s system, jobs int)
	take       func(s system, jobs int) []figure
}

// figure is one number; a row may have two.
type figure struct {
	value         float64
	redisCPU, cpu float64 // µs a job
}

func rate(run func(s system, jobs int) time.Duration) func(system, int) []figure {
	return func(s system, jobs int) []figure {
		took := run(s, jobs)
		if took == 0 {
			return nil
		}
		return []figure{{value: float64(jobs) / took.Seconds()}}
	}
}

var measurements = []measurement{
	{"process-100", "jobs/s", false, system.fill, rate(func(s system, n int) time.Duration { return s.process(100, n) })},
	{"process-10", "jobs/s", false, system.fill, rate(func(s system, n int) time.Duration { return s.process(10, n) })},
	{"bulk", "jobs/s", false, nothing, rate(func(s system, n int) time.Duration { return s.enqueueBulk(n) })},
	{"enqueue-10", "jobs/s", false, nothing, rate(func(s system, n int) time.Duration { return s.enqueue(10, n) })},
	{"enqueue-100", "jobs/s", false, nothing, rate(func(s system, n int) time.Duration { return s.enqueue(100, n) })},
	{"latency", "ms p50, p99", true, nothing, latency},
	{"memory", "bytes waiting, completed", true, nothing, func(s system, _ int) []figure {
		waiting, completed := s.memory(10_000)
		if waiting == 0 {
			return nil
		}
		return []figure{{value: waiting}, {value: completed}}
	}},
}

func nothing(system, int) {}

func latency(s system, _ int) []figure {
	took := s.latency(1000)
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return []figure{{value: ms(took[len(took)/2])}, {value: ms(took[len(took)*99/100])}}
}

// table holds, for each measurement and system, the figures of each run.
type table map[string]map[string][][]figure

func measureAll(s *server, o options) table {
	results := table{}
	for run := range o.runs {
		for _, m := range measurements {
			if !wanted(o.only, m.name) {
				continue
			}
			for _, kind := range systems {
				if !wanted(o.systems, kind.name) {
					continue
				}
				s.empty()
				system := kind.make(s)
				m.prepare(system, o.jobs)
				must(s.admin.ConfigResetStat(context.Background()).Err())
				redisBefore, before := s.cpu(), ownCPU()
				figures := m.take(system, o.jobs)
				if m.unit == "jobs/s" && len(figures) == 1 {
					figures[0].redisCPU = (s.cpu() - redisBefore) / float64(o.jobs) * 1e6
					figures[0].cpu = (ownCPU() - before) / float64(o.jobs) * 1e6
				}
				if o.stats {
					fmt.Fprintln(os.Stderr, must1(s.admin.Info(context.Background(), "commandstats").Result()))
				}
				system.close()
				if results[m.name] == nil {
					results[m.name] = map[string][][]figure{}
				}
				results[m.name][kind.name] = append(results[m.name][kind.name], figures)
				fmt.Fprintf(os.Stderr, "run %d %s %s %v\n", run+1, m.name, kind.name, figures)
			}
		}
	}
	return results
}

func wanted(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}

func ownCPU() float64 {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(used.Utime) + seconds(used.Stime) + childCPU
}

func (t table) print(out *os.File) {
	fmt.Fprint(out, "| measurement |")
	for _, kind := range systems {
		fmt.Fprintf(out, " %s |", kind.name)
	}
	fmt.Fprintf(out, "\n|%s\n", strings.Repeat("---|", len(systems)+1))
	for _, m := range measurements {
		if t[m.name] == nil {
			continue
		}
		fmt.Fprintf(out, "| %s, %s |", m.name, m.unit)
		own := medians(t[m.name]["leadstream"])
		for _, kind := range systems {
			fmt.Fprintf(out, " %s |", m.cell(medians(t[m.name][kind.name]), own, kind.name))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, "\nIn brackets: how many times better Leadstream's bare queue is; µs of CPU a job in Redis + in the client.")
}

func (m measurement) cell(figures, own []figure, name string) string {
	if len(figures) == 0 {
		return "–"
	}
	texts := make([]string, len(figures))
	for i, f := range figures {
		texts[i] = format(f.value)
		if name != "leadstream" && len(own) > i {
			ratio := own[i].value / f.value
			if m.lessIsGood {
				ratio = 1 / ratio
			}
			texts[i] += fmt.Sprintf(" (%.2f×)", ratio)
		}
		if f.redisCPU > 0 {
			texts[i] += fmt.Sprintf(" %.0f+%.0f µs", f.redisCPU, f.cpu)
		}
	}
	return strings.Join(texts, ", ")
}

func format(v float64) string {
	switch {
	case v >= 10_000:
		return fmt.Sprintf("%.1fk", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// medians takes the median of each figure over the runs.
func medians(runs [][]figure) []figure {
	if len(runs) == 0 || len(runs[0]) == 0 {
		return nil
	}
	middle := make([]figure, len(runs[0]))
	for i := range middle {
		var all []figure
		for _, figures := range runs {
			all = append(all, figures[i])
		}
		slices.SortFunc(all, func(a, b figure) int { return cmp.Compare(a.value, b.value) })
		middle[i] = all[int(math.Floor(float64(len(all))/2))]
	}
	return middle
}

func (s *server) empty() {
	ctx := context.Background()
	must(s.admin.FlushAll(ctx).Err())
	must(s.admin.BgRewriteAOF(ctx).Err())
	for strings.Contains(must1(s.admin.Info(ctx, "persistence").Result()), "aof_rewrite_in_progress:1") {
		time.Sleep(20 * time.Millisecond)
	}
}

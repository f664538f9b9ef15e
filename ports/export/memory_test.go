package export_test

import (
	"io"
	"runtime"
	"testing"

	"leadstream/ports/export"
)

// heapWhile writes n leads, and answers by how much the live heap grew at most.
func heapWhile(tb testing.TB, format string, n int) (peak uint64) {
	tb.Helper()
	kind, err := export.Parse(format, "")
	if err != nil {
		tb.Fatal(err)
	}
	e, err := kind.Encoder(io.Discard)
	if err != nil {
		tb.Fatal(err)
	}
	before := live()
	for i := range n {
		lead := pipes
		lead.ID = int64(i)
		if err := e.Write(lead); err != nil {
			tb.Fatal(err)
		}
		if i%(n/10) == n/10-1 {
			peak = max(peak, live())
		}
	}
	if err := e.Close(); err != nil {
		tb.Fatal(err)
	}
	peak = max(peak, live())
	return peak - min(before, peak)
}

func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryDoesNotGrow writes more than may be kept.
func TestMemoryDoesNotGrow(t *testing.T) { //nolint:paralleltest // it measures the heap
	if testing.Short() {
		t.Skip("writes many leads")
	}
	const limit = 4 << 20
	for _, format := range export.Formats() {
		if grown := heapWhile(t, format, 15_000); grown > limit {
			t.Errorf("%s: %d MiB more in use", format, grown>>20)
		}
	}
}

// BenchmarkMillion writes a million leads, and reports the most memory they took.
func BenchmarkMillion(b *testing.B) {
	for _, format := range export.Formats() {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(heapWhile(b, format, 1_000_000))/(1<<20), "MiB")
			}
		})
	}
}

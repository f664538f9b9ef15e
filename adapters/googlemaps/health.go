package googlemaps

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Health is how the source has fared since it was made.
type Health struct {
	Searches int
	Blocked  int // searches that the site took for a robot's
	Reads    []FieldHealth
}

// FieldHealth is how often a field of the site was found where it belongs.
type FieldHealth struct {
	From  string // "reply" and "page" are paths of JSON, "card" and "panel" selectors
	Field string
	Reads
}

// health keeps the counts, for Health and as metrics.
type health struct {
	mu       sync.Mutex
	searches int
	blocked  int
	reads    reads
	metrics  metrics
}

type metrics struct {
	searches *prometheus.CounterVec
	blocks   prometheus.Counter
	browsers prometheus.Counter
	reads    *prometheus.CounterVec
}

// newHealth counts in the registry too, where there is one.
func newHealth(r prometheus.Registerer) *health {
	return &health{reads: reads{}, metrics: metrics{
		searches: register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadstream_googlemaps_searches_total", Help: "Searches of the map site, by how they ended.",
		}, []string{"outcome"})),
		blocks: register(r, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadstream_googlemaps_blocks_total", Help: "Searches that the map site took for a robot's.",
		})),
		browsers: register(r, prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadstream_googlemaps_browsers_started_total", Help: "Browsers started.",
		})),
		reads: register(r, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadstream_googlemaps_reads_total", Help: "Fields of places looked for by selector or JSON path, by whether they were there.",
		}, []string{"from", "field", "outcome"})),
	}}
}

// register answers the collector that counts: an earlier one of the same name,
// since a process may make more than one source.
func register[C prometheus.Collector](r prometheus.Registerer, collector C) C {
	if r == nil {
		return collector
	}
	if earlier, ok := errors.AsType[prometheus.AlreadyRegisteredError](r.Register(collector)); ok {
		if known, same := earlier.ExistingCollector.(C); same {
			return known
		}
	}
	return collector
}

// searched adds what one search has read.
func (h *health) searched(outcome string, r reads) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.searches++
	h.metrics.searches.WithLabelValues(outcome).Inc()
	for what, n := range r {
		sum := h.reads[what]
		h.reads[what] = Reads{sum.Hits + n.Hits, sum.Misses + n.Misses}
		h.metrics.reads.WithLabelValues(what.From, what.Field, "hit").Add(float64(n.Hits))
		h.metrics.reads.WithLabelValues(what.From, what.Field, "miss").Add(float64(n.Misses))
	}
}

func (h *health) wasBlocked() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blocked++
	h.metrics.blocks.Inc()
}

// Health tells how the source has fared.
func (s *Source) Health() Health {
	h := s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	told := Health{Searches: h.searches, Blocked: h.blocked}
	for _, what := range slices.SortedFunc(maps.Keys(h.reads), compareReads) {
		told.Reads = append(told.Reads, FieldHealth{what.From, what.Field, h.reads[what]})
	}
	return told
}

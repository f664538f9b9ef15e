package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadstream/app"
)

// scrapeTimeout bounds what a scrape of the metrics waits for Redis.
const scrapeTimeout = time.Second

// providerMetrics shows how contact providers stand, over all processes. A
// provider whose state cannot be read is left out.
type providerMetrics struct {
	monitors         []app.ProviderMonitor
	breaker, warning *prometheus.Desc
}

func newProviderMetrics(monitors []app.ProviderMonitor) providerMetrics {
	return providerMetrics{
		monitors: monitors,
		breaker: prometheus.NewDesc("leadstream_provider_breaker_state",
			"Circuit breaker of a contact provider over all processes: 0 closed, 1 half open, 2 open.", []string{"provider"}, nil),
		warning: prometheus.NewDesc("leadstream_provider_warning",
			"1 while a person has to mend something at a contact provider, such as a refused key.", []string{"provider"}, nil),
	}
}

// Describe tells what is measured.
func (m providerMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- m.breaker
	descriptions <- m.warning
}

// Collect reads the shared states.
func (m providerMetrics) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	for _, monitor := range m.monitors {
		state, err := monitor.ProviderState(ctx)
		if err != nil {
			continue
		}
		metrics <- prometheus.MustNewConstMetric(m.breaker, prometheus.GaugeValue, breakerValues[state.Breaker], state.Provider)
		warns := 0.0
		if state.Warning != "" {
			warns = 1
		}
		metrics <- prometheus.MustNewConstMetric(m.warning, prometheus.GaugeValue, warns, state.Provider)
	}
}

var breakerValues = map[string]float64{"closed": 0, "half_open": 1, "open": 2}

// registration takes a collector back when the service ends.
type registration struct{ collector prometheus.Collector }

// registered shows a collector's metrics until it is closed.
func registered(c prometheus.Collector) (registration, error) {
	return registration{c}, prometheus.Register(c)
}

// Close ends the registration.
func (r registration) Close() error {
	prometheus.Unregister(r.collector)
	return nil
}

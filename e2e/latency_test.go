package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"leadstream/internal/testenv"
)

const (
	attackRate = 500 // requests a second
	attackFor  = 10 * time.Second
)

// BenchmarkRequests attacks the API with 500 requests a second, beside a Redis
// of its own, and reports the 50th and 99th percentile of the answers' times.
func BenchmarkRequests(b *testing.B) {
	server := startPlain(b, "REDIS_URL="+testenv.Redis(b).URL())
	url := "http://" + server.addr
	scrape := vegeta.Target{
		Method: http.MethodPost, URL: url + "/api/scraper/scrape", Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"location":"Freehold, NJ","business_type":"plumbing"}`),
	}
	known := vegeta.Target{Method: http.MethodPost, URL: scrape.URL, Body: scrape.Body, Header: scrape.Header.Clone()}
	known.Header.Set("Idempotency-Key", "the-job-to-read")
	first := attack(b, "first", known, 1, time.Second)
	if first.Success != 1 {
		b.Fatalf("the first scrape: %v", first.StatusCodes)
	}
	id := jobOf(b, url, known)
	for name, target := range map[string]vegeta.Target{
		"POST-scrape": scrape,
		"GET-job":     {Method: http.MethodGet, URL: url + "/api/jobs/" + id},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m := attack(b, name, target, attackRate, attackFor)
				if m.Success != 1 {
					b.Fatalf("answers %v, %v", m.StatusCodes, m.Errors)
				}
				b.ReportMetric(milliseconds(m.Latencies.P50), "p50-ms")
				b.ReportMetric(milliseconds(m.Latencies.P99), "p99-ms")
			}
		})
	}
}

func attack(b *testing.B, name string, target vegeta.Target, rate int, during time.Duration) *vegeta.Metrics {
	b.Helper()
	attacker := vegeta.NewAttacker(vegeta.KeepAlive(true), vegeta.Connections(64))
	var m vegeta.Metrics
	for result := range attacker.Attack(vegeta.NewStaticTargeter(target), vegeta.Rate{Freq: rate, Per: time.Second}, during, name) {
		m.Add(result)
	}
	m.Close()
	return &m
}

// jobOf answers the id of the job that the target's key has made.
func jobOf(b *testing.B, url string, target vegeta.Target) string {
	b.Helper()
	request, err := target.Request()
	if err != nil {
		b.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	location := answer.Header.Get("Location")
	var id string
	if _, err := fmt.Sscanf(location, "/api/jobs/%s", &id); err != nil {
		b.Fatalf("no job at %s: %d, Location %q", url, answer.StatusCode, location)
	}
	return id
}

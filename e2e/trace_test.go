package e2e

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"leadstream/internal/sandbox"
	"leadstream/internal/testenv"
)

// traces is an OpenTelemetry collector that keeps the names of each trace's spans.
type traces struct {
	mu    sync.Mutex
	spans map[string][]string
}

func (c *traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(raw, &request); err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not for me", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				id := hex.EncodeToString(s.GetTraceId())
				c.spans[id] = append(c.spans[id], s.GetName())
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *traces) count(trace, name string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans[trace] {
		if s == name {
			n++
		}
	}
	return n
}

// TestOneTraceFromRequestToContacts: the request, the scrape, its places and
// their enrichments are spans of the trace that the caller began.
func TestOneTraceFromRequestToContacts(t *testing.T) {
	t.Parallel()
	c := &traces{spans: map[string][]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	s := serve(t, town(t, sandbox.Options{}), nil, "ENRICHMENT_RATE_LIMIT=0", "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/scraper/scrape",
		strings.NewReader(`{"location":"Freehold, NJ","business_type":"plumbing","max_results":3}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	for name, want := range map[string]int{
		"POST /api/scraper/scrape": 1, "scraping attempt": 1, "on business:found": 3, "enrichment attempt": 3,
	} {
		testenv.Eventually(t, soon, func() bool { return c.count(trace, name) == want }, "%d spans %q, want %d", c.count(trace, name), name, want)
	}
}

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leadstream/internal/sandbox"
)

// TestAlerts lets every scrape of a process fail, and hears of it at a webhook
// and over WebSocket, and of its end when the failures lie behind the window.
func TestAlerts(t *testing.T) {
	t.Parallel()
	posted := make(chan string, 10)
	webhook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted <- string(body)
	}))
	t.Cleanup(webhook.Close)
	s := serve(t, town(t, sandbox.Options{}), nil,
		"SCRAPER_BASE_URL=http://127.0.0.1:1", "SCRAPING_ATTEMPTS=1", "ALERT_WINDOW=20s", "ALERT_WEBHOOK_URL="+webhook.URL)
	l := s.socket("types=alert:*")
	for range 5 {
		s.reaches(s.scrape(map[string]any{"location": "Freehold, NJ"}), "failed", 2*soon)
	}
	for _, eventType := range []string{"alert:raised", "alert:cleared"} {
		select {
		case body := <-posted:
			if !strings.Contains(body, eventType) || !strings.Contains(body, `"queue":"scraping"`) {
				t.Errorf("posted %s, want %s", body, eventType)
			}
		case <-time.After(2 * soon):
			t.Fatalf("%s was not posted", eventType)
		}
		var e struct {
			Type string `json:"type"`
			Data struct {
				Queue string  `json:"queue"`
				Value float64 `json:"value"`
			} `json:"data"`
		}
		_ = l.SetReadDeadline(time.Now().Add(soon))
		if err := l.ReadJSON(&e); err != nil || e.Type != eventType || e.Data.Queue != "scraping" || (e.Data.Value == 1) != (eventType == "alert:raised") {
			t.Errorf("frame %+v, %v, want %s", e, err, eventType)
		}
	}
}

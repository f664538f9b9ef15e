package http

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// ask answers a request without a network in between.
func ask(tb testing.TB, s *Server, request *http.Request) {
	tb.Helper()
	request.Host = "localhost"
	answer, err := s.fiber.Test(request, -1)
	if err != nil {
		return // no request that a server could be sent
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusInternalServerError {
		tb.Errorf("%s %s: %d", request.Method, request.URL, answer.StatusCode)
	}
}

func FuzzBody(f *testing.F) {
	s := New(Options{App: (&world{}).app(), Logger: quiet, PostsPerMinute: 1 << 30})
	for _, body := range []string{
		`{"location":"X","radius":1.5,"max_results":3,"enrich":true,"priority":"high"}`, `{"count":10}`, `{"notes":"a","tags":["b"]}`, `{"token":"x"}`, "", "[", "null", "\xff",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for path, method := range map[string]string{
			"/api/scraper/scrape": "POST", "/api/enrichment/batch": "POST", "/api/enrichment/7": "POST", "/api/businesses/7": "PATCH", "/login": "POST",
		} {
			request := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			request.Header.Set("Content-Type", "application/json")
			ask(t, s, request)
		}
	})
}

func FuzzQuery(f *testing.F) {
	s := New(Options{App: (&world{}).app(), Logger: quiet})
	for _, query := range []string{"limit=1&cursor=x&queue=scraping", "has=email,phone&sort=-name&q=%00", "a[b]=c", "limit=1&limit=2", "%zz=%", "&&==", "format=xlsx&preset=hubspot"} {
		f.Add(query, "j1")
	}
	f.Fuzz(func(t *testing.T, query, id string) {
		for _, path := range []string{
			"/api/jobs", "/api/jobs/failed", "/api/jobs/" + url.PathEscape(id), "/api/jobs/" + url.PathEscape(id) + "/logs", "/api/businesses", exportPath,
			"/api/businesses/" + url.PathEscape(id), "/api/poison", "/api/queues", "/api/stats", "/api/enrichment/quota",
		} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			request.URL.Path, request.URL.RawPath, request.URL.RawQuery = path, path, query
			ask(t, s, request)
		}
	})
}

package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"leadstream/internal/sandbox"
)

func post(t *testing.T, c *http.Client, address, contentType, body string, header ...string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(raw)
}

func TestApifyRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t, sandbox.Options{})
	const runs = "http://apify.example/v2/acts/compass~crawler-google-places/runs"
	input := `{"searchStringsArray":["plumbing"],"locationQuery":"Freehold, NJ","maxCrawledPlacesPerSearch":5}`
	for _, tt := range []struct {
		address, body, token string
		status               int
		kind                 string
	}{
		{runs, input, "wrong", 401, "user-or-token-not-found"},
		{runs, "not json", sandbox.APIKey, 400, "invalid-input"},
		{runs, "{}", sandbox.APIKey, 400, "invalid-input"},
		{strings.Replace(runs, "compass", "somebody", 1), input, sandbox.APIKey, 404, "record-not-found"},
		{"http://apify.example/v2/actor-runs/none/abort", "", sandbox.APIKey, 404, "record-not-found"},
		{runs, input, sandbox.APIKey, 200, `"status":"READY"`},
	} {
		status, text := post(t, c, tt.address, "application/json", tt.body, "Authorization", "Bearer "+tt.token)
		if status != tt.status || !strings.Contains(text, tt.kind) {
			t.Errorf("%s %s: %d %s", tt.address, tt.body, status, text)
		}
	}
	if a := fetch(t, c, "http://apify.example/v2/datasets/data-none/items", "Authorization", "Bearer "+sandbox.APIKey); a.status != 404 {
		t.Errorf("an unknown dataset: %d %s", a.status, a.body)
	}
}

func TestOverpassUnderstandsNoMoreThanItSays(t *testing.T) {
	t.Parallel()
	_, c := start(t, sandbox.Options{})
	for ql, want := range map[string]int{
		"": 400, "node(1);out;": 400, "[out:json][timeout:5];\n(\nnode(1);\n);\nout center;": 400,
		"[out:json][timeout:5];\n(\nnwr[\"craft\"~\"(\"](around:1,1,1);\n);\nout center;":                    400,
		"[out:json][timeout:5];\n(\nnwr[\"craft\"=\"plumber\"](around:50000,40.26,-74.27);\n);\nout center;": 200,
	} {
		status, text := post(t, c, "http://overpass.example/api/interpreter", "application/x-www-form-urlencoded", url.Values{"data": {ql}}.Encode())
		if status != want || want == 200 && !strings.Contains(text, `"craft":"plumber"`) {
			t.Errorf("%q: %d %.200s", ql, status, text)
		}
	}
}

func TestNominatimWantsToKnowWhoAsks(t *testing.T) {
	t.Parallel()
	s, c := start(t, sandbox.Options{})
	const search = "http://nominatim.example/search?q="
	if a := fetch(t, c, search+"Freehold"); a.status != http.StatusForbidden {
		t.Errorf("nobody in particular: %d", a.status)
	}
	if a := fetch(t, c, search+"Howell", "User-Agent", "test/1"); a.status != http.StatusOK || !strings.Contains(a.body, "40.256") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := fetch(t, c, search+"Atlantis", "User-Agent", "test/1"); strings.TrimSpace(a.body) != "[]" {
		t.Errorf("a place that is not: %s", a.body)
	}
	if n := s.Stats().Kinds["nominatim_hasty"]; n != 2 {
		t.Errorf("%d hasty requests were counted, want 2", n)
	}
}

package http

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// contract judges answers by a document.
type contract struct {
	mu        sync.Mutex
	validator validator.Validator
}

func newContract(t *testing.T, document []byte) *contract {
	t.Helper()
	d, err := libopenapi.NewDocument(document)
	if err != nil {
		t.Fatal(err)
	}
	v, faults := validator.NewValidator(d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return &contract{validator: v}
}

// judge reports what of an answer the document does not tell of.
func (c *contract) judge(t *testing.T, method, path string, a answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, http.NoBody)
	if err != nil {
		return // a path that no client could send
	}
	response := *a.Response
	response.Body = io.NopCloser(bytes.NewReader(a.body))
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok, faults := c.validator.ValidateHttpResponse(request, &response); !ok {
		for _, f := range faults {
			t.Errorf("%s %s: %d %s\nthe document says: %s: %s", method, path, a.StatusCode, a.body, f.Message, f.Reason)
			for _, s := range f.SchemaValidationErrors {
				t.Errorf("  %s: %s", s.FieldPath, s.Reason)
			}
		}
	}
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){"open": func(*Options) {}, "with tokens": withTokens} {
		s := serve(t, &world{}, change)
		for _, path := range []string{"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml"} {
			c := newContract(t, s.send("GET", path, "", "Authorization: Bearer "+token).body)
			if ok, faults := c.validator.ValidateDocument(); !ok {
				for _, f := range faults {
					t.Errorf("%s %s: %s: %s", name, path, f.Message, f.Reason)
					for _, s := range f.SchemaValidationErrors {
						t.Errorf("  %s: %s", s.FieldPath, s.Reason)
					}
				}
			}
		}
	}
}

// TestAnswersObeyTheDocument runs every scenario that the document tells of.
func TestAnswersObeyTheDocument(t *testing.T) {
	t.Parallel()
	c := newContract(t, serve(t, &world{}).send("GET", "/openapi.json", "").body)
	for _, row := range scenarios {
		method, path, _ := strings.Cut(row.send, " ")
		if row.status == http.StatusMethodNotAllowed || strings.Contains(row.name, "no such") {
			continue
		}
		c.judge(t, method, path, serve(t, &world{none: row.none}).send(method, path, row.body))
	}
	down := serve(t, &world{err: errSecret})
	for _, send := range []string{"GET /readyz", "GET /api/jobs", "POST /api/jobs/j1/retry", "GET /api/stats"} {
		method, path, _ := strings.Cut(send, " ")
		c.judge(t, method, path, down.send(method, path, ""))
	}
	s := serve(t, &world{})
	first := s.send("GET", "/api/jobs/j1", "")
	c.judge(t, "GET", "/api/jobs/j1", s.send("GET", "/api/jobs/j1", "", "If-None-Match: "+first.Header.Get("ETag")))
	c.judge(t, "POST", "/api/jobs/j1/retry", s.send("POST", "/api/jobs/j1/retry", "", "Origin: https://evil.example"))
	c.judge(t, "GET", "/api/jobs/j1", s.sendTo("evil.example", "/api/jobs/j1"))
	for _, format := range []string{"csv", "xlsx", "json", "geojson"} {
		c.judge(t, "GET", exportPath+"?format="+format, s.send("GET", exportPath+"?format="+format, ""))
	}
}

func TestContractFindsFaults(t *testing.T) {
	t.Parallel()
	s := serve(t, &world{})
	c := newContract(t, s.send("GET", "/openapi.json", "").body)
	a := s.send("GET", "/api/jobs/j1", "")
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/jobs/j1", http.NoBody)
	for _, body := range []string{`{"jobId":7}`, `{}`, strings.Replace(string(a.body), `"waiting"`, `"sleeping"`, 1)} {
		response := *a.Response
		response.Body = io.NopCloser(strings.NewReader(body))
		if ok, _ := c.validator.ValidateHttpResponse(request, &response); ok {
			t.Errorf("%s is let through", body)
		}
	}
}

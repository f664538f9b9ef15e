package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// judge is the transport of every test: it compares the API's answers with the
// document that the same process serves.
type judge struct {
	base http.RoundTripper

	mu        sync.Mutex
	documents map[string]string              // by host
	contracts map[string]validator.Validator // by document
	faults    []string
	judged    int
}

var court = &judge{base: http.DefaultTransport, documents: map[string]string{}, contracts: map[string]validator.Validator{}}

func init() { http.DefaultTransport = court }

// verdict turns the exit code of tests that pass into a failure when an answer was not as the document says.
func (j *judge) verdict(code int) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, f := range j.faults {
		fmt.Println(f)
	}
	if len(j.faults) > 0 && code == 0 {
		return 1
	}
	return code
}

func (j *judge) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.judged
}

// RoundTrip passes a request on, and judges its answer.
func (j *judge) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := j.base.RoundTrip(request)
	if request = asClientsSend(request); err != nil || request == nil || !documented(request.URL.EscapedPath()) || answer.StatusCode == http.StatusMethodNotAllowed {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		return answer, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	contract := j.contract(request)
	if contract == nil {
		return answer, nil
	}
	j.judged++
	copied := *answer
	copied.Body = io.NopCloser(bytes.NewReader(body))
	if ok, faults := contract.ValidateHttpResponse(request, &copied); !ok {
		if bytes.Contains(body, []byte("nothing is served at this path")) {
			return answer, nil // of which no document tells
		}
		for _, f := range faults {
			if strings.Contains(f.Message, "Path") { // characters that the validator does not expect in an id
				continue
			}
			fault := fmt.Sprintf("%s %s: %d %.300s\n  the document says: %s: %s", request.Method, request.URL, answer.StatusCode, body, f.Message, f.Reason)
			for _, s := range f.SchemaValidationErrors {
				fault += "\n  " + s.FieldPath + ": " + s.Reason
			}
			j.faults = append(j.faults, fault)
		}
	}
	return answer, nil
}

// asClientsSend undoes that a test has set the path as it is to be sent; nil for what is no path.
func asClientsSend(request *http.Request) *http.Request {
	if request.URL.Opaque == "" {
		return request
	}
	address, err := url.Parse("http://" + request.URL.Host + request.URL.Opaque + "?" + request.URL.RawQuery)
	if err != nil || address.Fragment != "" {
		return nil
	}
	plain := request.Clone(request.Context())
	plain.URL = address
	return plain
}

func documented(path string) bool {
	return path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/api/businesses/export")
}

func (j *judge) contract(request *http.Request) validator.Validator {
	host := request.URL.Host
	if _, known := j.documents[host]; !known {
		j.documents[host] = j.document(request)
	}
	text := j.documents[host]
	if text == "" {
		return nil
	}
	if _, known := j.contracts[text]; !known {
		j.contracts[text] = newContract(text)
	}
	return j.contracts[text]
}

// document is empty for a server that has none, as the sandbox.
func (j *judge) document(request *http.Request) string {
	ask, err := http.NewRequestWithContext(request.Context(), http.MethodGet, "http://"+request.URL.Host+"/openapi.json", http.NoBody)
	if err != nil {
		return ""
	}
	ask.Header.Set("Authorization", request.Header.Get("Authorization"))
	answer, err := j.base.RoundTrip(ask)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"Leadstream"`)) {
		return ""
	}
	return string(text)
}

func newContract(text string) validator.Validator {
	d, err := libopenapi.NewDocument([]byte(text))
	if err != nil {
		panic(err)
	}
	v, faults := validator.NewValidator(d)
	if len(faults) > 0 {
		panic(faults[0])
	}
	return v
}

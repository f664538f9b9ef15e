package http

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// documentTags are the groups of operations, as the page shows them.
var documentTags = []*huma.Tag{
	{Name: "scraper", Description: "Find businesses"},
	{Name: "enrichment", Description: "Find the contacts of businesses"},
	{Name: "jobs", Description: "How jobs stand, and steering them"},
	{Name: "queues", Description: "How queues stand, and pausing them"},
	{Name: "poison", Description: "What failed for good, or never was a valid command"},
	{Name: "businesses", Description: "Leads: listing, annotating, exporting"},
	{Name: "stats", Description: "How the whole service does"},
	{Name: "health", Description: "Probes"},
}

// completeDocument writes down the answers that come from around the handlers,
// what the guard, the limits and huma's validation refuse, and gives every
// body an example.
func completeDocument(document *huma.OpenAPI, withTokens bool) {
	document.Tags = documentTags
	for path, item := range document.Paths {
		for method, o := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if o != nil {
				completeOperation(o, path, method, withTokens)
			}
		}
	}
	examples := exampler{document.Components.Schemas}
	for _, item := range document.Paths {
		for _, o := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if o != nil {
				examples.operation(o)
			}
		}
	}
}

func completeOperation(o *huma.Operation, path, method string, withTokens bool) {
	delete(o.Responses, strconv.Itoa(http.StatusUnprocessableEntity)) // see huma.NewError
	addProblem(o, http.StatusBadRequest)                              // an unknown query parameter
	addProblem(o, http.StatusRequestHeaderFieldsTooLarge)
	if o.RequestBody != nil {
		addProblem(o, http.StatusRequestEntityTooLarge)
		addProblem(o, http.StatusUnsupportedMediaType)
	}
	if unsafe(method) {
		addProblem(o, http.StatusForbidden) // another page's origin
	}
	switch {
	case !guarded(path):
		if withTokens {
			o.Security = []map[string][]string{}
		}
		return
	case withTokens:
		addProblem(o, http.StatusUnauthorized)
	default:
		addProblem(o, http.StatusMisdirectedRequest)
	}
	switch {
	case method == http.MethodPost:
		describeIdempotency(o)
	case method == http.MethodGet && path != exportPath:
		describeTag(o)
	}
}

// describeIdempotency tells of the header that every POST understands.
func describeIdempotency(o *huma.Operation) {
	longest := 255
	o.Parameters = append(o.Parameters, &huma.Param{
		Name: idempotencyKey, In: "header", Example: "4f9c1c1e-order-17",
		Description: "The same key with the same request is answered the same for 24 hours, and run once",
		Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
	})
	addProblem(o, http.StatusConflict)
	addProblem(o, http.StatusUnprocessableEntity)
	for status, answer := range o.Responses {
		if strings.HasPrefix(status, "2") {
			addHeader(answer, replayed, "true when the request was run before, and this is its answer")
		}
	}
}

// describeTag tells those who poll how to be told that nothing has changed.
func describeTag(o *huma.Operation) {
	o.Parameters = append(o.Parameters, &huma.Param{
		Name: fiber.HeaderIfNoneMatch, In: "header", Description: "The ETag of an earlier answer",
		Schema: &huma.Schema{Type: huma.TypeString},
	})
	if answer := o.Responses["200"]; answer != nil {
		addHeader(answer, fiber.HeaderETag, "Names this very content")
	}
	o.Responses["304"] = &huma.Response{Description: "Nothing has changed"}
}

func addHeader(answer *huma.Response, name, description string) {
	headers := map[string]*huma.Param{}
	maps.Copy(headers, answer.Headers)
	headers[name] = &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
	answer.Headers = headers
}

// alike documents another status whose answer has the form of a known one.
func alike(o *huma.Operation, known, status int) {
	answer := *o.Responses[strconv.Itoa(known)]
	answer.Description = http.StatusText(status)
	o.Responses[strconv.Itoa(status)] = &answer
}

// addProblem takes its form from the internal error, which every operation has.
func addProblem(o *huma.Operation, status int) {
	if _, described := o.Responses[strconv.Itoa(status)]; !described {
		alike(o, http.StatusInternalServerError, status)
	}
}

// mountDocument serves the document, and for generators of clients that know
// OpenAPI 3.0 alone the same in its words.
func mountDocument(f *fiber.App, document *huma.OpenAPI) {
	for path, write := range map[string]func() ([]byte, error){
		"/openapi.json":     document.MarshalJSON,
		"/openapi.yaml":     document.YAML,
		"/openapi-3.0.json": document.Downgrade,
		"/openapi-3.0.yaml": document.DowngradeYAML,
	} {
		written := sync.OnceValues(write) // most processes are never asked for most of them
		contentType := "application/openapi+json"
		if strings.HasSuffix(path, ".yaml") {
			contentType = "application/openapi+yaml"
		}
		f.Get(path, func(c *fiber.Ctx) error {
			text, err := written()
			if err != nil {
				return err
			}
			c.Set(fiber.HeaderContentType, contentType)
			return c.Send(text)
		})
	}
}

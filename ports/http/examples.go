package http

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// exampleTexts are what fields of these names look like.
var exampleTexts = map[string]any{
	"jobId": "01KAVE6N0R8Y7Q4T2M5X9Z3B1C", "batchId": "batch-01KAVE8QW2N4", "parentJobId": "01KAVE6N0R8Y7Q4T2M5X9Z3B1C", "id": 17, "businessId": 17,
	"location": "Freehold, NJ", "business_type": "plumbing", "source": "google_maps", "name": "Joe's Plumbing", "address": "1 Main St, Freehold, NJ 07728",
	"street": "1 Main St", "city": "Freehold", "state": "NJ", "postal_code": "07728", "country": "US", "phone": "+17325550101", "phone_national": "(732) 555-0101",
	"website": "https://joes-plumbing.example", "category": "Plumber", "categories": []any{"Plumber"}, "rating": 4.5, "reviews_count": 120, "price": "$$",
	"day": "Monday", "hours": []any{"8 AM–6 PM"}, "latitude": 40.2601, "longitude": -74.2738, "place_id": "ChIJexample", "cid": "1234567890",
	"google_maps_url": "https://www.google.com/maps?cid=1234567890", "first_seen_job": "01KAVE6N0R8Y7Q4T2M5X9Z3B1C", "notes": "Call on Monday", "tags": []any{"warm"},
	"value": "joe@joes-plumbing.example", "position": "Owner", "provider": "website", "source_url": "https://joes-plumbing.example/contact", "verification": "valid",
	"message": "Scraping job queued", "progressMessage": "12 of 50 places", "failedReason": "the results did not load", "nextCursor": "eyJpZCI6MTd9",
	"queue": "scraping", "handler": "scraping", "payload": `{"location":"Freehold, NJ"}`, "reason": "the results did not load",
	"metadata": map[string]any{"correlation_id": "01KAVE6N0R8Y7Q4T2M5X9Z3B1C"}, "month": "2026-11", "confidence": 90, "total": 120,
	"data":   map[string]any{"location": "Freehold, NJ", "business_type": "plumbing"},
	"result": map[string]any{"found": 50, "saved": 48, "skipped": 2},
	"down":   map[string]any{"redis": "connection refused"}, "warnings": []any{},
}

const exampleTime = "2026-11-24T12:00:00.000Z"

// details are what a problem of a status says.
var details = map[int]string{
	http.StatusBadRequest: validationFailed, http.StatusUnauthorized: "this needs an API token", http.StatusForbidden: "this origin is not allowed",
	http.StatusNotFound: `job "01KAVE6N0R8Y7Q4T2M5X9Z3B1C" does not exist`, http.StatusConflict: "job 01KAVE6N0R8Y7Q4T2M5X9Z3B1C is completed already",
	http.StatusRequestEntityTooLarge: "Request Entity Too Large", http.StatusMisdirectedRequest: "this name is not the server's own: use localhost, or name it in ALLOWED_ORIGINS",
	http.StatusUnprocessableEntity: "this Idempotency-Key was sent with another request", http.StatusTooManyRequests: "more than 100 POST requests a minute",
	http.StatusRequestHeaderFieldsTooLarge: "Request Header Fields Too Large", http.StatusUnsupportedMediaType: "unknown content type: text/plain",
	http.StatusInternalServerError: unexpected, http.StatusServiceUnavailable: notAvailable,
}

// exampler makes examples that obey their schemas.
type exampler struct{ schemas huma.Registry }

// operation gives every body of an operation an example.
func (e exampler) operation(o *huma.Operation) {
	if o.RequestBody != nil {
		for _, content := range o.RequestBody.Content {
			content.Example = e.of("", content.Schema)
		}
	}
	for status, answer := range o.Responses {
		code, _ := strconv.Atoi(status) // huma writes statuses as numbers
		answer.Content = e.contents(code, answer.Content)
	}
}

// contents are copies, since alike answers share theirs.
func (e exampler) contents(status int, content map[string]*huma.MediaType) map[string]*huma.MediaType {
	copies := make(map[string]*huma.MediaType, len(content))
	for name, media := range content {
		with := *media
		switch {
		case name == "application/problem+json":
			with.Example = exampleProblem(status)
		case with.Schema.Type != huma.TypeString:
			with.Example = e.of("", with.Schema)
		}
		copies[name] = &with
	}
	return copies
}

func exampleProblem(status int) map[string]any {
	example := map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": details[status]}
	if status == http.StatusBadRequest {
		example["errors"] = []any{map[string]any{"location": "query.limit", "message": "expected number <= 500", "value": 501}}
	}
	return example
}

// of makes an example of a schema for a field of a name.
func (e exampler) of(name string, s *huma.Schema) any {
	if s.Ref != "" {
		s = e.schemas.SchemaFromRef(s.Ref)
	}
	text, named := exampleTexts[name]
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "date-time":
		return exampleTime
	case s.Type == huma.TypeObject && len(s.Properties) > 0:
		object := make(map[string]any, len(s.Properties))
		for field, schema := range s.Properties {
			object[field] = e.of(field, schema)
		}
		return object
	case s.Type == huma.TypeArray && s.Items != nil && !named:
		return []any{e.of(name, s.Items)}
	case named && fits(s, text):
		return text
	case s.Default != nil:
		return s.Default
	}
	return plainExample(s)
}

// fits tells whether a field's example is of the schema's type: one name may stand for several things.
func fits(s *huma.Schema, example any) bool {
	switch example.(type) {
	case string:
		return s.Type == huma.TypeString
	case int:
		return s.Type == huma.TypeInteger || s.Type == huma.TypeNumber
	case float64:
		return s.Type == huma.TypeNumber
	case []any:
		return s.Type == huma.TypeArray
	default:
		return s.Type == huma.TypeObject || s.Type == ""
	}
}

func plainExample(s *huma.Schema) any {
	switch s.Type {
	case huma.TypeString:
		return "text"
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 3
	case huma.TypeBoolean:
		return false
	case huma.TypeArray:
		return []any{}
	default:
		return map[string]any{}
	}
}

package http

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"leadstream/domain/fault"
)

// problem is an error as every client sees it (RFC 9457).
type problem struct {
	Type   string        `json:"type" doc:"What kind of problem it is; about:blank says no more than the status" example:"about:blank"`
	Title  string        `json:"title" doc:"The status in words"`
	Status int           `json:"status"`
	Detail string        `json:"detail,omitempty" doc:"What is wrong with this very request"`
	Errors []faultDetail `json:"errors,omitempty" doc:"Every faulty field"`
}

// faultDetail is one faulty field.
type faultDetail struct {
	Location string `json:"location" doc:"Where the field stands" example:"body.radius"`
	Message  string `json:"message" doc:"What is wrong with it"`
	Value    any    `json:"value,omitempty" doc:"What was given"`
}

func (p *problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType makes the answer a problem document.
func (p *problem) ContentType(string) string { return "application/problem+json" }

func newProblem(status int, detail string, details ...faultDetail) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Errors: details}
}

// statuses is the one table of what a kind of error is to a client.
var statuses = map[fault.Kind]int{
	fault.Invalid:     http.StatusBadRequest,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Unavailable: http.StatusServiceUnavailable,
	fault.Transient:   http.StatusServiceUnavailable,
	fault.Postponed:   http.StatusServiceUnavailable,
}

// retryAfterSeconds is what clients are told of an outage.
const retryAfterSeconds = "2"

// notAvailable is all that clients are told of an outage.
const notAvailable = "a service that this request needs is not available; try again"

// unexpected is all that clients are told of an internal error.
const unexpected = "an unexpected error; it has been logged"

// answer turns an error of a use case into a problem; where says in front of
// which locations its fields stand. Unexpected ones are logged, and hidden.
func (h handlers) answer(ctx context.Context, err error, where string) error {
	status, known := statuses[fault.KindOf(err)]
	if !known {
		h.log.Error("request failed", "request_id", requestID(ctx), "error", err)
		return newProblem(http.StatusInternalServerError, unexpected)
	}
	if status == http.StatusServiceUnavailable {
		h.log.Warn("request not served", "request_id", requestID(ctx), "error", err)
		p := newProblem(status, notAvailable)
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retryAfterSeconds}})
	}
	var details []faultDetail
	for _, f := range fault.FieldsOf(err) {
		details = append(details, faultDetail{where + f.Location, f.Message, readable(f.Value)})
	}
	return newProblem(status, err.Error(), details...)
}

// readable shows as text what is JSON that clients could not read: 1e999 is a
// number, which few languages have.
func readable(value any) any {
	raw, isJSON := value.(json.RawMessage)
	var decoded any
	if isJSON && json.Unmarshal(raw, &decoded) != nil {
		return string(raw)
	}
	return value
}

func init() {
	huma.DefaultArrayNullable = false // an empty list is [], never null
	// huma's own validation answers with our problem, and with 400 where its
	// default is 422: a faulty request is a faulty request.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if status == http.StatusUnprocessableEntity {
			status = http.StatusBadRequest
		}
		p := newProblem(status, message)
		for _, err := range errs {
			if detail, ok := errors.AsType[*huma.ErrorDetail](err); ok {
				p.Errors = append(p.Errors, faultDetail{detail.Location, detail.Message, detail.Value})
			}
		}
		return p
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		answer := huma.NewError(status, message, errs...)
		if p, ok := answer.(*problem); ok && status == http.StatusUnprocessableEntity {
			p.Errors = append(p.Errors, unknownOf(ctx.Context())...)
		}
		return answer
	}
}

// answerError answers for what never reached a handler of the API.
func answerError(log *slog.Logger) fiber.ErrorHandler {
	return func(c *fiber.Ctx, err error) error {
		status, detail := http.StatusInternalServerError, unexpected
		if refused, ok := errors.AsType[*fiber.Error](err); ok {
			status, detail = refused.Code, refused.Message
		} else {
			log.Error("request failed", "request_id", requestID(c.Context()), "method", c.Method(), "path", c.Path(), "error", err)
		}
		return sendProblem(c, newProblem(status, detail))
	}
}

func sendProblem(c *fiber.Ctx, p *problem) error {
	return c.Status(p.Status).JSON(p, p.ContentType(""))
}

// notFound ends every path that nothing serves, and tells a wrong method from
// a wrong path.
func notFound(c *fiber.Ctx) error {
	var allowed []string
	for _, route := range c.App().GetRoutes(true) {
		if route.Method != fiber.MethodHead && fiber.RoutePatternMatch(c.Path(), route.Path) {
			allowed = append(allowed, route.Method)
		}
	}
	if len(allowed) == 0 {
		return sendProblem(c, newProblem(http.StatusNotFound, "nothing is served at this path"))
	}
	c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
	return sendProblem(c, newProblem(http.StatusMethodNotAllowed, "this path does not serve "+c.Method()))
}

package http

import (
	"context"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

var traceContext propagation.TraceContext

// traced makes each request of the API a span, in the trace that its
// traceparent header names or in a new one.
func traced(c *fiber.Ctx) error {
	if !strings.HasPrefix(c.Path(), "/api") {
		return c.Next()
	}
	header := propagation.MapCarrier{"traceparent": c.Get("traceparent"), "tracestate": c.Get("tracestate")}
	ctx, span := otel.Tracer("leadstream/ports/http").Start(traceContext.Extract(c.UserContext(), header), c.Method(),
		trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	c.SetUserContext(ctx)
	err := c.Next()
	status := c.Response().StatusCode()
	span.SetName(c.Method() + " " + c.Route().Path)
	span.SetAttributes(attribute.String("http.request.method", c.Method()), attribute.String("http.route", c.Route().Path),
		attribute.Int("http.response.status_code", status), attribute.String("request_id", requestID(c.Context())))
	if err != nil || status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	return err
}

// traceParent is the trace that a request belongs to, for the job it leads to.
func traceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	return carrier["traceparent"]
}

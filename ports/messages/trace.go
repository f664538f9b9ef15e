package messages

import (
	"context"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

var traceContext propagation.TraceContext

// span begins a span in the trace that a message's metadata names. The answer
// ends it with what became of the message.
func span(m *message.Message, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	outer := traceContext.Extract(m.Context(), propagation.MapCarrier(m.Metadata))
	ctx, s := otel.Tracer("leadstream/ports/messages").Start(outer, name, //nolint:spancheck // the caller ends it
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...))
	return ctx, func(err error) { //nolint:spancheck // as above
		if err != nil {
			s.RecordError(err)
			s.SetStatus(codes.Error, err.Error())
		}
		s.End()
	}
}

// traceParent names the trace of ctx for what follows from it.
func traceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	traceContext.Inject(ctx, carrier)
	return carrier["traceparent"]
}

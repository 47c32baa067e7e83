package wiring

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"citygraph/internal/edge"
	"citygraph/internal/store"
)

// traceOperation names the request's span for its operation and says how it ended.
func traceOperation(ctx context.Context, op edge.Operation, outcome string) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.String("graphql.operation.name", op.Name), attribute.String("graphql.operation.type", string(op.Kind)),
		attribute.String("graphql.document.id", op.DocumentID), attribute.String("citygraph.outcome", outcome),
		attribute.Int("citygraph.cost", op.Cost),
	)
	if op.DocumentID != "" { // only a trusted name may name a span
		span.SetName(string(op.Kind) + " " + op.Name)
	}
	if len(op.Codes) > 0 {
		span.SetStatus(codes.Error, outcome)
	}
}

// traceStatement adds a finished statement to the trace of its request. The text stays out: it would
// only repeat the code.
func traceStatement(ctx context.Context, kind store.Kind, took time.Duration) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	end := time.Now()
	_, child := span.TracerProvider().Tracer("citygraph/store").Start(ctx, "sql "+string(kind),
		trace.WithTimestamp(end.Add(-took)), trace.WithSpanKind(trace.SpanKindClient))
	child.End(trace.WithTimestamp(end))
}

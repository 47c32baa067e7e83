package wiring_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"citygraph/server/citytest"
)

// The span of a request is named for its operation, and its statements are spans below it.
func TestARequestIsTracedToItsStatements(t *testing.T) {
	city := citytest.Start(t)
	spans := tracetest.NewSpanRecorder()
	tracer := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
	operation, _ := city.Manifest.Find("citizen-app", "Districts")

	ctx, request := tracer.Start(t.Context(), "http")
	city.Edge.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/graphql?id="+operation.ID, nil))
	request.End()

	ended := spans.Ended()
	root := slices.IndexFunc(ended, func(s trace.ReadOnlySpan) bool { return s.SpanContext().SpanID() == request.SpanContext().SpanID() })
	if got := ended[root].Name(); got != "query Districts" {
		t.Errorf("the request's span is called %q", got)
	}
	statements := 0
	for _, s := range ended {
		if strings.HasPrefix(s.Name(), "sql ") && s.Parent().TraceID() == request.SpanContext().TraceID() {
			statements++
		}
	}
	if statements == 0 {
		t.Error("no statement is in the trace")
	}
}

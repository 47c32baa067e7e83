package observe

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TraceOptions says where traces go.
type TraceOptions struct {
	Endpoint string // OTLP over HTTP, such as http://collector:4318; "" turns traces off
	Service  string
	Version  string
}

// Tracing makes spans and carries them out of the process.
type Tracing struct {
	Provider trace.TracerProvider
	Shutdown func(context.Context) error // sends what is left
}

// NewTracing sets traces up. The standard OTEL_TRACES_SAMPLER variables say which are kept, all by
// default. A collector that is down costs dropped spans and a log line at most once
// a minute, never a failed start or a slow request.
func NewTracing(ctx context.Context, log zerolog.Logger, o TraceOptions) (*Tracing, error) {
	if o.Endpoint == "" {
		return &Tracing{Provider: noop.NewTracerProvider(), Shutdown: func(context.Context) error { return nil }}, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(sampled(log)))
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+"/v1/traces"),
		otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return nil, fmt.Errorf("trace exporter: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", o.Service), attribute.String("service.version", o.Version))),
	)
	return &Tracing{Provider: provider, Shutdown: provider.Shutdown}, nil
}

// sampled logs the first of each burst of export errors.
func sampled(log zerolog.Logger) func(error) {
	quiet := log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute})
	return func(err error) { quiet.Warn().Err(err).Msg("traces are being dropped") }
}

// Middleware makes a span of each request except probes, named for its method alone: the operation
// adds its own span. A parent that the caller sends is linked, not followed: strangers do not decide
// what is sampled.
func (t *Tracing) Middleware(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "http",
		otelhttp.WithTracerProvider(t.Provider),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/healthz" && r.URL.Path != "/readyz" }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return boundedMethod(r.Method) }),
	)
}

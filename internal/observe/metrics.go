package observe

import (
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// other is the label of everything a client could make up.
const other = "other"

// outcomeOK is what succeeded.
const outcomeOK = "ok"

// Metrics counts what the process does. Every label comes from a closed set, so that no client can
// make the registry grow.
type Metrics struct {
	Registry *prometheus.Registry

	trusted map[string]bool

	httpInFlight prometheus.Gauge
	httpSeconds  *prometheus.HistogramVec
	operations   *prometheus.HistogramVec
	statements   *prometheus.HistogramVec
	jobs         *prometheus.HistogramVec
	pushes       *prometheus.HistogramVec
	deadLetters  *prometheus.CounterVec
	violations   *prometheus.GaugeVec
	differences  *prometheus.GaugeVec
	unanswered   *prometheus.CounterVec
}

// NewMetrics returns a registry with the process's own collectors. The names of trusted documents are
// the only operation names that become labels.
func NewMetrics(version string, trustedDocuments []string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		trusted:  make(map[string]bool, len(trustedDocuments)),
		httpInFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "citygraph_http_in_flight", Help: "Requests being served, sockets and streams included."}),
		httpSeconds: histogram("citygraph_http_request_seconds", "Duration of HTTP requests.",
			[]float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}, "method", "route", "status"),
		operations: histogram("citygraph_graphql_operation_seconds", "Duration of GraphQL operations by the name of their trusted document.",
			[]float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}, "operation", "outcome"),
		statements: histogram("citygraph_sql_statement_seconds", "Duration of SQL statements.",
			[]float64{.0002, .0005, .001, .0025, .005, .01, .025, .1, .5, 2.5}, "kind"),
		jobs: histogram("citygraph_job_seconds", "Duration of job attempts.",
			[]float64{.005, .025, .1, .5, 1, 5, 15, 60}, "kind", "outcome"),
		pushes: histogram("citygraph_push_seconds", "Duration of push sends by channel and outcome.",
			[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "channel", "outcome"),
		deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "citygraph_push_dead_letters_total", Help: "Deliveries given up by channel and outcome; see `server notices dead-letters`."},
			[]string{"channel", "outcome"}),
		violations: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citygraph_ledger_violations", Help: "What the last nightly verification found wrong in the book, by rule; see `server ledger verify`."},
			[]string{"rule"}),
		differences: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "citygraph_reconciliation_differences",
			Help: "What the last nightly reconciliation found to differ between a payment provider's records and the book; see `server ledger reconcile`."},
			[]string{"provider", "difference"}),
		unanswered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "citygraph_help_unanswered_total", Help: "Calls for help told to more people because nobody had answered, by level: 2 and more want the operator."},
			[]string{"level"}),
	}
	for _, name := range trustedDocuments {
		m.trusted[name] = true
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "citygraph_build_info", Help: "The build that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision()},
	})
	build.Set(1)
	m.Registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, m.httpInFlight, m.httpSeconds, m.operations, m.statements, m.jobs, m.pushes, m.deadLetters, m.violations, m.differences, m.unanswered,
	)
	return m
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// revision is the commit the binary was built from, when the build recorded it.
func revision() string {
	if info, read := debug.ReadBuildInfo(); read {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "unknown"
}

// observeHTTP counts one HTTP request. A socket's duration says nothing of speed and is not measured.
func (m *Metrics) observeHTTP(method, route string, status int, took time.Duration) {
	if status == 101 {
		took = 0
	}
	m.httpSeconds.WithLabelValues(boundedMethod(method), route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Operation counts one GraphQL operation. The outcome is "ok" or an error code of the contract.
func (m *Metrics) Operation(name, outcome string, took time.Duration) {
	if !m.trusted[name] {
		name = other
	}
	m.operations.WithLabelValues(name, outcome).Observe(took.Seconds())
}

// Statement counts one SQL statement or transaction mark. The kind is a name from the code.
func (m *Metrics) Statement(kind string, took time.Duration) {
	m.statements.WithLabelValues(kind).Observe(took.Seconds())
}

// Job counts one attempt of a job. The kind and the outcome are names from the code.
func (m *Metrics) Job(kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// Push counts one send through a channel. Both labels are names from the code.
func (m *Metrics) Push(channel, outcome string, took time.Duration) {
	m.pushes.WithLabelValues(channel, outcome).Observe(took.Seconds())
}

// DeadLetter counts one delivery that was given up. Both labels are names from the code.
func (m *Metrics) DeadLetter(channel, outcome string) {
	m.deadLetters.WithLabelValues(channel, outcome).Inc()
}

// LedgerViolations says how often the book breaks a rule, by the last verification. The rule is a name from the
// code.
func (m *Metrics) LedgerViolations(rule string, n int) {
	m.violations.WithLabelValues(rule).Set(float64(n))
}

// ReconciliationDifferences says how often a provider's records and the book differ, by the last reconciliation. Both
// names are from the code.
func (m *Metrics) ReconciliationDifferences(provider, sort string, n int64) {
	m.differences.WithLabelValues(provider, sort).Set(float64(n))
}

// HelpUnanswered counts one call for help that was told to more people. The level is one of a few from the code.
func (m *Metrics) HelpUnanswered(level string) { m.unanswered.WithLabelValues(level).Inc() }

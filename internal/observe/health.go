package observe

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Check is one thing the process needs before it can serve, such as "database". The name is public;
// the error goes to the log only.
type Check struct {
	Name string
	Run  func(context.Context) error
}

const (
	checkDeadline = time.Second // a balancer gives up soon after
	checkEvery    = time.Second // probes are public: however many ask, the database is asked once a second
)

// Health answers whether the process is up and whether it should get traffic.
type Health struct {
	log    zerolog.Logger
	checks []Check

	mu       sync.Mutex // held while checks run, so that probes share one round
	draining chan struct{}
	drain    sync.Once
	askedAt  time.Time
	results  map[string]string
	healthy  bool
}

// NewHealth returns a Health that is ready when every check passes.
func NewHealth(log zerolog.Logger, checks ...Check) *Health {
	return &Health{log: log, checks: checks, draining: make(chan struct{})}
}

// Drain makes readiness fail from now on, so that balancers send no more.
func (h *Health) Drain() { h.drain.Do(func() { close(h.draining) }) }

// report is the public answer: names and states, no causes.
type report struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// Live serves /healthz: the process is up.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, report{Status: outcomeOK})
}

// Ready serves /readyz: 200 when every check passes, 503 when one fails or the process drains.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	select {
	case <-h.draining:
		answer(w, http.StatusServiceUnavailable, report{Status: "draining"})
		return
	default:
	}
	results, healthy := h.ask(r.Context())
	if !healthy {
		answer(w, http.StatusServiceUnavailable, report{Status: "unavailable", Checks: results})
		return
	}
	answer(w, http.StatusOK, report{Status: outcomeOK, Checks: results})
}

// ask runs the checks at once, or returns the last results when they are fresh. The map is never
// changed after it is returned.
func (h *Health) ask(ctx context.Context) (results map[string]string, healthy bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.askedAt) < checkEvery {
		return h.results, h.healthy
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkDeadline)
	defer cancel()

	errs := make([]chan error, len(h.checks))
	for i, check := range h.checks {
		errs[i] = make(chan error, 1)
		go func() { errs[i] <- check.Run(ctx) }()
	}
	results, healthy = make(map[string]string, len(h.checks)), true
	for i, check := range h.checks {
		var err error
		select {
		case err = <-errs[i]:
		case <-ctx.Done():
			err = ctx.Err()
		}
		results[check.Name] = outcomeOK
		if err != nil {
			results[check.Name], healthy = "failed", false
			h.log.Warn().Err(err).Str("check", check.Name).Msg("not ready")
		}
	}
	h.results, h.healthy, h.askedAt = results, healthy, time.Now()
	return results, healthy
}

func answer(w http.ResponseWriter, status int, body report) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the prober is gone; there is nobody to tell
}

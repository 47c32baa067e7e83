// Package household is who acts for whom: delegations, which people give, and guardianships, which school
// and civil records tell. A custody bar beats both.
package household

import (
	"context"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/store"
)

// Register keeps who acts for whom.
type Register struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Once    idempotency.Ledger
	Events  *event.Bus
	Hub     *live.Hub
	Records *personal.Records
	// Births tells the birth dates, YYYY-MM-DD, of children who are not bound by real name, as their schools know them; may be nil.
	Births func(ctx context.Context, people ...string) (map[string]string, error)
	// Joint are the scopes of a minor that every guardian must agree to give away.
	Joint scope.Set
	// Limit holds those who look people up by phone to a stricter rate: RATE_LIMITED.
	Limit func(ctx context.Context) error
}

// Proposed happens when somebody is asked to act for another.
type Proposed struct {
	DelegationID, DelegateID string
	Asked                    []string // guardians who have yet to consent
}

// Accepted happens when a delegation begins.
type Accepted struct{ DelegationID, DelegatorID string }

// Revoked happens when a delegation ends before its time.
type Revoked struct {
	DelegationID string
	Told         []string // the sides that did not end it
}

// Topic is the wake-up topic of whoever stands on what a person may do for others: it is woken when that
// has become less.
func Topic(personID string) string { return "rights:" + personID }

// key is what those who act for a person share, and what who takes the right away holds alone.
func key(personID string) string { return "acting for " + personID }

package household

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Status is where a delegation stands: PROPOSED → ACTIVE → REVOKED | EXPIRED. That it has expired is told
// from its times, so that no job has to come in time.
type Status string

// The statuses.
const (
	StatusProposed Status = "PROPOSED"
	StatusActive   Status = "ACTIVE"
	StatusRevoked  Status = "REVOKED"
	StatusExpired  Status = "EXPIRED"
)

// MarshalGQL writes the enum value.
func (s Status) MarshalGQL(w io.Writer) { graphql.MarshalString(string(s)).MarshalGQL(w) }

// UnmarshalGQL refuses: a status is never an input.
func (s *Status) UnmarshalGQL(any) error { return errors.New("a status is not an input") }

// Action is what a viewer can do to a delegation.
type Action string

// The actions.
const (
	ActionAccept  Action = "ACCEPT"
	ActionConsent Action = "CONSENT"
	ActionRevoke  Action = "REVOKE"
)

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("an action is not an input") }

// StatusAt is where the delegation stands at the instant.
func StatusAt(d *db.Delegation, now time.Time) Status {
	switch d.State {
	case delegation.StateRevoked:
		return StatusRevoked
	case delegation.StateProposed:
		if !now.Before(d.AcceptBy) || !now.Before(d.ValidTo) {
			return StatusExpired
		}
		return StatusProposed
	case delegation.StateActive:
		if !now.Before(d.ValidTo) {
			return StatusExpired
		}
	}
	return StatusActive
}

// AllowedActions are what the viewer can do to the delegation now. Who sees it and is neither side is a
// guardian of the delegator.
func (r *Register) AllowedActions(ctx context.Context, d *db.Delegation) []Action {
	v, status := viewer.From(ctx), StatusAt(d, r.Clock.Now())
	actions := []Action{}
	switch {
	case status != StatusProposed && status != StatusActive:
		return actions
	case status == StatusProposed && v.PersonID == d.DelegateID:
		actions = append(actions, ActionAccept)
	case status == StatusProposed && v.PersonID != d.DelegatorID && !slices.Contains(d.Consents, v.PersonID):
		actions = append(actions, ActionConsent)
	}
	return append(actions, ActionRevoke)
}

// Delegations narrows a query to the delegations the viewer has given or been given, and those of the
// children they are a guardian of. UNAUTHENTICATED for a visitor.
func Delegations(ctx context.Context, q *db.DelegationQuery) (*db.DelegationQuery, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q, nil // the row rule is the list
}

// change loads a delegation the viewer may see and holds the rights to act for its delegator alone, so
// that the verbs that move it follow one another and those who act under it have ended.
func (r *Register) change(ctx context.Context, delegationID string) (*db.Delegation, error) {
	missing := fault.New(fault.NotFound).At("delegationId")
	if !id.Is(delegationID, id.Delegation) {
		return nil, missing
	}
	found, err := r.DB.Delegation.Get(ctx, delegationID)
	if db.IsNotFound(err) {
		return nil, missing
	}
	if err != nil {
		return nil, fmt.Errorf("load delegation: %w", err)
	}
	if err := r.Store.Lock(ctx, key(found.DelegatorID)); err != nil {
		return nil, err
	}
	if found, err = r.DB.Delegation.Get(ctx, delegationID); err != nil {
		return nil, fmt.Errorf("reload delegation: %w", err)
	}
	return found, nil
}

func invalidTransition(now Status) error {
	names := map[Status][2]string{
		StatusProposed: {"待接受", "proposed"}, StatusActive: {"生效", "active"},
		StatusRevoked: {"已撤销", "revoked"}, StatusExpired: {"已过期", "expired"},
	}
	return fault.New(fault.InvalidTransition).At("delegationId").Say(
		fmt.Sprintf("授权当前状态为%s（%s），不能执行此操作。", names[now][0], now),
		fmt.Sprintf("The delegation is %s (%s); this cannot be done now.", names[now][1], now))
}

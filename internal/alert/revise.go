package alert

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/district"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

// Revision is what is new about an alert; nil parts stay as they were.
type Revision struct {
	Key         uuid.UUID `json:"-"`
	AlertID     string
	Urgency     *alert.Urgency
	Severity    *alert.Severity
	Certainty   *alert.Certainty
	Headline    *lang.Text
	Description *lang.Text
	Instruction *lang.Text
	Districts   []string // statistics bureau codes; nil for those it had
	Expires     *time.Time
}

// Revise replaces an alert that is pending or in force by a new one, and has those told who were warned
// before or are now. An administrator may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, BAD_USER_INPUT,
// INVALID_TRANSITION naming the state, IDEMPOTENCY_KEY_REUSED.
func (a *Alerts) Revise(ctx context.Context, r Revision) (*db.Alert, error) {
	if err := mayWarn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: r.Key, Operation: "updateAlert", Input: r}
	return a.once(ctx, request, func(ctx context.Context) (string, error) {
		old, err := a.standing(ctx, r.AlertID)
		if err != nil {
			return "", err
		}
		w := r.apply(old)
		if err := w.check(a.Clock.Now()); err != nil {
			return "", err
		}
		now, err := a.districts(ctx, w.Districts)
		if err != nil {
			return "", err
		}
		told := slices.Concat(now, districtIDs(old))
		slices.Sort(told)
		made, err := a.write(ctx, a.message(w, alert.MessageTypeUpdate), now, slices.Compact(told), []*db.Alert{old}, a.lost)
		if err != nil {
			return "", err
		}
		return made.ID, audit.Record(ctx, a.DB, audit.Deed{Action: "updateAlert", Subject: viewer.From(ctx).PersonID, TargetID: made.ID})
	})
}

// apply is the alert with what is new about it.
func (r Revision) apply(old *db.Alert) Warning {
	w := Warning{
		Category: old.Category, Event: old.Event, Urgency: or(r.Urgency, old.Urgency), Severity: or(r.Severity, old.Severity),
		Certainty: or(r.Certainty, old.Certainty), Headline: or(r.Headline, old.Headline),
		Description: or(r.Description, old.Description), Instruction: or(r.Instruction, old.Instruction),
		Districts: r.Districts, Effective: &old.Effective, Expires: or(r.Expires, old.Expires),
	}
	if w.Districts == nil {
		for _, d := range old.Edges.Districts {
			w.Districts = append(w.Districts, d.Code)
		}
	}
	return w
}

func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

// CallOff ends an alert that is pending or in force, and has those told who were warned. An administrator
// may. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, INVALID_TRANSITION naming the state,
// IDEMPOTENCY_KEY_REUSED.
func (a *Alerts) CallOff(ctx context.Context, key uuid.UUID, alertID string, reason lang.Text) (*db.Alert, error) {
	if err := mayWarn(ctx); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: key, Operation: "cancelAlert", Input: []any{alertID, reason}}
	if err := text("reason", &reason, 1, 120); err != nil {
		return nil, err
	}
	return a.once(ctx, request, func(ctx context.Context) (string, error) {
		old, err := a.standing(ctx, alertID)
		if err != nil {
			return "", err
		}
		w := Revision{Headline: &reason, Description: &reason, Instruction: &lang.Text{}}.apply(old)
		w.Effective = nil
		were := districtIDs(old)
		told := were
		if a.State(old) == Pending {
			told = nil // nobody has heard of it
		}
		made, err := a.write(ctx, a.message(w, alert.MessageTypeCancel), were, told, []*db.Alert{old}, a.lost)
		if err != nil {
			return "", err
		}
		return made.ID, audit.Record(ctx, a.DB, audit.Deed{Action: "cancelAlert", Subject: viewer.From(ctx).PersonID, TargetID: made.ID})
	})
}

// standing is an alert that can be replaced or called off, with its districts. Returns NOT_FOUND,
// INVALID_TRANSITION.
func (a *Alerts) standing(ctx context.Context, alertID string) (*db.Alert, error) {
	missing := fault.New(fault.NotFound).At("alertId")
	if !id.Is(alertID, id.Alert) {
		return nil, missing
	}
	found, err := a.DB.Alert.Query().Where(alert.ID(alertID)).
		WithDistricts(func(q *db.DistrictQuery) { q.Order(district.ByID()) }).Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, missing
	case err != nil:
		return nil, fmt.Errorf("load alert: %w", err)
	case len(steps[a.State(found)]) == 0:
		return nil, invalidTransition(a.State(found))
	}
	return found, nil
}

// lost is for whoever finds that another message has just ended the alert.
func (a *Alerts) lost(*db.Alert) error { return invalidTransition(Superseded) }

var names = map[State]lang.Text{
	Pending: {ZH: "未生效", EN: "pending"}, InForce: {ZH: "生效中", EN: "in force"}, Expired: {ZH: "已过期", EN: "expired"},
	Superseded: {ZH: "已更新", EN: "superseded"}, Cancelled: {ZH: "已解除", EN: "called off"},
}

func invalidTransition(now State) error {
	return fault.New(fault.InvalidTransition).At("alertId").Say(
		fmt.Sprintf("预警当前状态为%s（%s），不能执行此操作。", names[now].ZH, now),
		fmt.Sprintf("The alert is %s (%s); this cannot be done now.", names[now].EN, now))
}

func districtIDs(a *db.Alert) []string {
	ids := make([]string, len(a.Edges.Districts))
	for i, d := range a.Edges.Districts {
		ids[i] = d.ID
	}
	return ids
}

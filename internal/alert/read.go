package alert

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
)

// mostShown is how many alerts are shown at once.
const mostShown = 100

// Current returns the alerts in force, the most severe first and then the newest, with what the request asks
// of each. Anyone may. BAD_USER_INPUT for a list of districts that is empty, too long or says one twice.
func (a *Alerts) Current(ctx context.Context, codes []string) ([]*db.Alert, error) {
	concerns, err := concerning(codes)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	q, err := a.DB.Alert.Query().
		Where(append(concerns, unended(now), alert.EffectiveLTE(now))...).
		Order(bySeverity, alert.ByID(sql.OrderDesc())).Limit(mostShown).
		CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return q.All(ctx)
}

// concerning narrows alerts to those of some districts; nil for all.
func concerning(codes []string) ([]predicate.Alert, error) {
	if codes == nil {
		return nil, nil
	}
	if err := checkCodes(codes); err != nil {
		return nil, err
	}
	return []predicate.Alert{alert.HasDistrictsWith(district.CodeIn(codes...))}, nil
}

// unended holds for alerts in earnest that hold at the instant, or will.
func unended(now time.Time) predicate.Alert {
	return alert.And(
		alert.StatusEQ(alert.StatusActual), alert.MessageTypeNEQ(alert.MessageTypeCancel),
		alert.EndedIsNil(), alert.ExpiresGT(now),
	)
}

func bySeverity(s *sql.Selector) {
	s.OrderExpr(sql.Expr("CASE " + s.C(alert.FieldSeverity) +
		" WHEN 'EXTREME' THEN 0 WHEN 'SEVERE' THEN 1 WHEN 'MODERATE' THEN 2 WHEN 'MINOR' THEN 3 ELSE 4 END"))
}

// Changes streams the alerts in force until ctx ends: as they are, and then whenever others are. Anyone may.
// BAD_USER_INPUT as for Current.
func (a *Alerts) Changes(ctx context.Context, codes []string) (<-chan []*db.Alert, error) {
	concerns, err := concerning(codes)
	if err != nil {
		return nil, err
	}
	wake := a.Hub.Subscribe(ctx, Wake)
	out := make(chan []*db.Alert)
	go func() {
		defer close(out)
		defer wake.Close()
		var shown []string
		for first := true; ; first = false {
			now, next, err := a.look(ctx, concerns)
			if err == nil && (first || !slices.Equal(now, shown)) {
				shown = now
				err = a.show(ctx, codes, out)
			}
			if err != nil {
				a.Fail(ctx, err)
				return
			}
			turn := time.NewTimer(next)
			select {
			case <-ctx.Done():
				turn.Stop()
				return
			case <-wake.C():
			case <-turn.C:
			}
			turn.Stop()
		}
	}()
	return out, nil
}

// look returns the ids of the alerts in force, and for how long that stays so unless something happens. It
// is a small question, asked at every wake-up.
func (a *Alerts) look(ctx context.Context, concerns []predicate.Alert) (ids []string, next time.Duration, err error) {
	now := a.Clock.Now()
	heads, err := a.DB.Alert.Query().Where(append(concerns, unended(now))...).Order(alert.ByID()).
		Select(alert.FieldID, alert.FieldEffective, alert.FieldExpires).All(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("look for alerts: %w", err)
	}
	next = time.Hour
	for _, h := range heads {
		if h.Effective.After(now) {
			next = min(next, h.Effective.Sub(now))
			continue
		}
		ids = append(ids, h.ID)
		next = min(next, h.Expires.Sub(now))
	}
	return ids, max(next, time.Millisecond), nil
}

func (a *Alerts) show(ctx context.Context, codes []string, out chan<- []*db.Alert) error {
	current, err := a.Current(ctx, codes)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case out <- current:
		return nil
	}
}

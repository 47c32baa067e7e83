package citycase

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/viewer"
)

// Escalation is the job that looks for what is due.
type Escalation struct{}

// Kind is the job's stable name.
func (Escalation) Kind() string { return "case.escalate" }

// escalatedAtOnce bounds a round; what is left over comes with the next.
const escalatedAtOnce = 200

// Escalate has the officers of every case told that is nearly due, or overdue, and returns how many it
// found. Each is told of once, whichever replica looks; a case whose due time moves is told of anew. It
// is the system's, once a minute.
func (c *Cases) Escalate(ctx context.Context) (int, error) {
	system := viewer.AsSystem(ctx, "promises are watched by nobody in particular")
	now := c.Clock.Now()
	found, err := c.DB.CityCase.Query().Where(
		citycase.StatusIn(machine.WithClock(machine.Running)...),
		citycase.Or(
			citycase.And(citycase.Escalation(onTime), citycase.DueAtLTE(now.Add(nearlyDue))),
			citycase.And(citycase.Escalation(toldNearlyDue), citycase.DueAtLTE(now)),
		),
	).Order(citycase.ByDueAt()).Limit(escalatedAtOnce).All(system)
	if err != nil {
		return 0, fmt.Errorf("look for what is due: %w", err)
	}
	for i, due := range found {
		level := toldNearlyDue
		if !due.DueAt.After(now) {
			level = toldOverdue
		}
		if err := c.Store.InTx(system, func(ctx context.Context) error { return c.escalate(ctx, due, level) }); err != nil {
			return i, err
		}
	}
	return len(found), nil
}

// escalate tells of one case unless it has moved, or was told of, since it was read.
func (c *Cases) escalate(ctx context.Context, due *db.CityCase, level int) error {
	told, err := c.DB.CityCase.Update().Where(
		citycase.ID(due.ID), citycase.StatusIn(machine.WithClock(machine.Running)...),
		citycase.Escalation(due.Escalation), citycase.DueAt(due.DueAt),
	).SetEscalation(level).Save(ctx)
	if err != nil {
		return fmt.Errorf("escalate case: %w", err)
	}
	if told == 0 {
		return nil
	}
	return c.Events.Emit(ctx, Due{Subject: subjectOf(due), At: due.DueAt, Overdue: level == toldOverdue})
}

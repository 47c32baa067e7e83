package day

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/memo"
	"citygraph/internal/viewer"
)

// Alternatives are up to three slots of the same department that can be booked now, from the start of an appointment on that was cancelled
// because the practitioner is not there; none for any other, for one that would be over by now, and for who may not book for the
// patient. It asks once in a response for all of the viewer's, with the same number of statements however many they are;
// read loads the slots with what is asked of them.
func (d *Day) Alternatives(ctx context.Context, a *db.Appointment, read func(*db.SlotQuery) ([]*db.Slot, error)) ([]*db.Slot, error) {
	if a.CancelReason == nil || *a.CancelReason != appointment.CancelReasonClinicStopped {
		return []*db.Slot{}, nil
	}
	found, err := memo.Once(ctx, alternatives{viewer.From(ctx).PersonID}, func() (map[string][]*db.Slot, error) { return d.alternatives(ctx, read) })
	if slots := found[a.ID]; slots != nil {
		return slots, err
	}
	return []*db.Slot{}, err
}

type alternatives struct{ viewerID string }

const (
	mostAlternatives = 3
	mostStopped      = 100 // appointments for which alternatives are looked for
)

// alternatives finds them for all appointments of the viewer's, and of those for whom they may book.
func (d *Day) alternatives(ctx context.Context, read func(*db.SlotQuery) ([]*db.Slot, error)) (map[string][]*db.Slot, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, nil
	}
	now := d.Clock.Now()
	stopped, err := d.DB.Appointment.Query().Where(
		ofWhom(ctx), appointment.StatusEQ(appointment.StatusCancelled),
		appointment.CancelReasonEQ(appointment.CancelReasonClinicStopped), appointment.EndsAtGT(now),
	).Order(appointment.ByStartsAt(), appointment.ByID()).Limit(mostStopped).WithSchedule().All(system(ctx))
	if err != nil || len(stopped) == 0 {
		return nil, wrapped("look for cancelled appointments", err)
	}
	chosen, err := d.choose(ctx, stopped, now)
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	ids := make([]string, len(chosen))
	for i, c := range chosen {
		ids[i] = c.slotID
	}
	rows, err := read(d.DB.Slot.Query().Where(slot.IDIn(ids...)))
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*db.Slot, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	found := map[string][]*db.Slot{}
	for _, c := range chosen {
		if s := byID[c.slotID]; s != nil {
			of := stopped[c.of].ID
			found[of] = append(found[of], s)
		}
	}
	return found, nil
}

// choice is a slot that may stand for one of some appointments.
type choice struct {
	of     int
	slotID string
}

// choose finds the slots for each of the appointments: one statement, in which each has a part of its own that ends after three rows
// of an index.
func (d *Day) choose(ctx context.Context, stopped []*db.Appointment, now time.Time) (found []choice, err error) {
	b := &sql.Builder{}
	b.SetDialect(d.Store.Dialect())
	soonest, before := d.Window(now)
	parts := 0
	for i, a := range stopped {
		department := a.Edges.Schedule.DepartmentID
		if department == nil {
			continue
		}
		if parts++; parts > 1 {
			b.WriteString(" UNION ALL ")
		}
		from := a.StartsAt
		if from.Before(soonest) {
			from = soonest
		}
		// The number is ours, not a client's text.
		b.WriteString(fmt.Sprintf("SELECT * FROM (SELECT %d AS which, s.%s, s.%s FROM %s AS s JOIN %s AS d ON d.id = s.%s",
			i, slot.FieldID, slot.FieldStartsAt, slot.Table, schedule.Table, slot.FieldScheduleID))
		b.WriteString(" WHERE s.status = 'FREE' AND s.remaining > 0 AND d.department_id = ").Arg(*department)
		b.WriteString(" AND s.starts_at >= ").Arg(from).WriteString(" AND s.starts_at < ").Arg(before)
		b.WriteString(fmt.Sprintf(" ORDER BY s.starts_at, s.id LIMIT %d) AS part_%d", mostAlternatives, i))
	}
	if parts == 0 {
		return nil, nil
	}
	b.WriteString(" ORDER BY 1, 3, 2")
	statement, args := b.Query()
	rows, err := d.DB.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("look for other slots: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c choice
		var start any
		if err := rows.Scan(&c.of, &c.slotID, &start); err != nil {
			return nil, fmt.Errorf("look for other slots: %w", err)
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

package care

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db/staffrole"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/mask"
	"citygraph/internal/viewer"
)

// longestDuty is how long somebody says at once that they are on duty.
const longestDuty = 24 * time.Hour

// mostOnDuty bounds the list of who is on duty at one clinic.
const mostOnDuty = 100

// Shift is who is on duty, and until when.
type Shift struct {
	Name  mask.Name
	Until time.Time
	Mine  bool // the viewer's own
}

// SetOnDuty has the viewer be on duty at a clinic of theirs until an instant: calls for help go to who is on duty first. nil
// ends it. Returns who then is. Staff of the clinic may, for themselves. Returns UNAUTHENTICATED, FORBIDDEN, and BAD_USER_INPUT
// unless the instant is in the future, within 24 hours.
func (o *Office) SetOnDuty(ctx context.Context, clinicID string, until *time.Time) ([]*Shift, error) {
	if err := staffAt(ctx, clinicID); err != nil {
		return nil, err
	}
	now := o.Clock.Now()
	if until != nil && (!until.After(now) || until.After(now.Add(longestDuty))) {
		return nil, fault.BadInput("until", "值班结束时间应在24小时以内。", "A duty ends within 24 hours.")
	}
	me := viewer.From(ctx).PersonID
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		update := o.DB.StaffRole.Update().Where(staffrole.PersonID(me), staffrole.KindEQ(staffrole.KindClinicStaff), staffrole.OrganisationID(clinicID))
		if until == nil {
			update.ClearOnDutyUntil()
		} else {
			update.SetOnDutyUntil(until.UTC())
		}
		set, err := update.Save(system(ctx))
		switch {
		case err != nil:
			return fmt.Errorf("set duty: %w", err)
		case set == 0:
			return fault.New(fault.Forbidden) // the role ended meanwhile
		}
		return audit.Record(ctx, o.DB, audit.Deed{Action: "setOnDuty", Subject: me, TargetID: clinicID})
	})
	if err != nil {
		return nil, err
	}
	return o.OnDuty(ctx, clinicID)
}

// OnDuty lists who is on duty at the clinic, in the order in which they end, a hundred at most. Staff of the clinic may. Returns
// UNAUTHENTICATED, FORBIDDEN.
func (o *Office) OnDuty(ctx context.Context, clinicID string) ([]*Shift, error) {
	if err := staffAt(ctx, clinicID); err != nil {
		return nil, err
	}
	rows, err := o.DB.StaffRole.Query().Where(
		staffrole.KindEQ(staffrole.KindClinicStaff), staffrole.OrganisationID(clinicID), staffrole.OnDutyUntilGT(o.Clock.Now()),
	).WithPerson().Order(staffrole.ByOnDutyUntil(), staffrole.ByID()).Limit(mostOnDuty).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("list who is on duty: %w", err)
	}
	shifts := make([]*Shift, len(rows))
	for i, r := range rows {
		shifts[i] = &Shift{Name: r.Edges.Person.Name, Until: *r.OnDutyUntil, Mine: r.PersonID == viewer.From(ctx).PersonID}
	}
	return shifts, nil
}

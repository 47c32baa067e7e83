package leave

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	row "citygraph/ent/db/leaverequest"
	"citygraph/internal/fault"
	"citygraph/internal/school/part"
	"citygraph/internal/viewer"
)

// Decide grants or refuses a leave that is submitted. A class teacher of its class may, or where it has none, any teacher of it. Returns
// UNAUTHENTICATED; NOT_FOUND for a leave of no class of the viewer's, and once the pupil has left it; NOT_CLASS_TEACHER, also for the family;
// INVALID_TRANSITION.
func (d *Desk) Decide(ctx context.Context, leaveID string, to Decision) (*db.LeaveRequest, error) {
	return d.change(ctx, leaveID, "decideLeave", func(ctx context.Context, l *db.LeaveRequest) (int, error) {
		if !viewer.From(ctx).HasAt(viewer.Teacher, l.SchoolID) {
			return 0, fault.New(fault.NotClassTeacher)
		}
		if err := part.Leads(ctx, d.DB, l.SchoolClassID); err != nil {
			return 0, err
		}
		now := d.Clock.Now()
		return d.DB.LeaveRequest.Update().Where(row.ID(l.ID), row.StatusEQ(row.StatusSubmitted)).SetStatus(row.Status(to)).
			SetDeciderID(viewer.From(ctx).PersonID).SetDecidedAt(now).SetUpdatedAt(now).Save(system(ctx))
	})
}

// Withdraw takes back a leave that is submitted or approved and has not begun. Who may ask for it may. Returns UNAUTHENTICATED;
// NOT_FOUND; DELEGATION_SCOPE for a teacher who may not act for the pupil; FORBIDDEN for a minor of themselves; INVALID_TRANSITION.
func (d *Desk) Withdraw(ctx context.Context, leaveID string) (*db.LeaveRequest, error) {
	return d.change(ctx, leaveID, "withdrawLeave", func(ctx context.Context, l *db.LeaveRequest) (int, error) {
		if err := d.speaks(ctx, l.StudentID); err != nil {
			return 0, err
		}
		now := d.Clock.Now()
		return d.DB.LeaveRequest.Update().
			Where(row.ID(l.ID), row.StatusIn(row.StatusSubmitted, row.StatusApproved), row.StartsAtGT(now)).
			SetStatus(row.StatusWithdrawn).SetUpdatedAt(now).Save(system(ctx))
	})
}

// change moves a leave that the viewer sees, by an update that counts it where it may be moved.
func (d *Desk) change(ctx context.Context, leaveID, action string, move func(context.Context, *db.LeaveRequest) (int, error)) (*db.LeaveRequest, error) {
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		l, err := d.seen(ctx, leaveID)
		if err != nil {
			return err
		}
		n, err := move(ctx, l)
		if err != nil {
			return fmt.Errorf("change leave: %w", err)
		}
		l, err = d.DB.LeaveRequest.Get(system(ctx), leaveID)
		if err != nil {
			return fmt.Errorf("load leave: %w", err)
		}
		if n == 0 {
			return notNow(l.Status)
		}
		return d.moved(ctx, action, l)
	})
	if err != nil {
		return nil, err
	}
	return d.seen(ctx, leaveID)
}

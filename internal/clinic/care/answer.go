package care

import (
	"context"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// HelpActions are what the viewer, who sees the call, can do to it.
func HelpActions(ctx context.Context, c *db.HelpCall) []HelpAction {
	v, actions := viewer.From(ctx), []HelpAction{}
	if c.Status == helpcall.StatusOpen && v.PersonID != c.PatientID {
		actions = append(actions, Acknowledge)
	}
	if c.Status != helpcall.StatusResolved && mayResolve(v, c) {
		actions = append(actions, Resolve)
	}
	return actions
}

// mayResolve holds for the patient, for who comes, and for the clinic's staff.
func mayResolve(v *viewer.Viewer, c *db.HelpCall) bool {
	return v.PersonID == c.PatientID || v.PersonID == c.AcknowledgedByID || v.HasAt(viewer.ClinicStaff, c.ClinicID)
}

// Acknowledge says that the viewer comes: the call is told to nobody any more, the patient learns that somebody comes, and the others
// who. Who acts for the patient in anything may, and the clinic's staff; the first one does. Returns UNAUTHENTICATED, NOT_FOUND
// for a call the viewer does not see, FORBIDDEN for the patient, INVALID_TRANSITION naming the status.
func (o *Office) Acknowledge(ctx context.Context, callID string) (*db.HelpCall, error) {
	return o.moveCall(ctx, callID, "acknowledgeHelp", func(ctx context.Context, c *db.HelpCall) error {
		v := viewer.From(ctx)
		if v.PersonID == c.PatientID {
			return fault.New(fault.Forbidden)
		}
		name, err := o.nameOf(ctx, v.PersonID)
		if err != nil {
			return err
		}
		now := o.Clock.Now()
		moved, err := o.DB.HelpCall.Update().Where(helpcall.ID(c.ID), helpcall.StatusEQ(helpcall.StatusOpen)).
			SetStatus(helpcall.StatusAcknowledged).SetAcknowledgedByID(v.PersonID).SetAcknowledgedByName(name).SetAcknowledgedAt(now).
			ClearEscalateAt().SetUpdatedAt(now).Save(system(ctx))
		if err := o.movedCall(ctx, c.ID, moved, err); err != nil {
			return err
		}
		family, staff, err := o.circle(ctx, c, reach{family: true, staff: true, all: c.Level > 0})
		if err != nil {
			return err
		}
		return o.Events.Emit(ctx, HelpAnswered{
			CallID: c.ID, PatientID: c.PatientID, Patient: c.PatientName, By: name, Family: append(family, c.PatientID), Staff: staff,
		})
	})
}

// Resolve says that it is over, and forgets where the call came from. The patient may, who comes, and the clinic's staff.
// Returns UNAUTHENTICATED, NOT_FOUND for a call the viewer does not see, FORBIDDEN for others who see it, INVALID_TRANSITION
// naming the status.
func (o *Office) Resolve(ctx context.Context, callID string) (*db.HelpCall, error) {
	return o.moveCall(ctx, callID, "resolveHelp", func(ctx context.Context, c *db.HelpCall) error {
		v := viewer.From(ctx)
		if !mayResolve(v, c) {
			return fault.New(fault.Forbidden)
		}
		now := o.Clock.Now()
		moved, err := o.DB.HelpCall.Update().Where(helpcall.ID(c.ID), helpcall.StatusNEQ(helpcall.StatusResolved)).
			SetStatus(helpcall.StatusResolved).SetResolvedAt(now).ClearEscalateAt().ClearCallerLat().ClearCallerLng().SetUpdatedAt(now).
			Save(system(ctx))
		if err := o.movedCall(ctx, c.ID, moved, err); err != nil {
			return err
		}
		family, _, err := o.circle(ctx, c, reach{family: true})
		if err != nil {
			return err
		}
		ended := HelpEnded{CallID: c.ID, PatientID: c.PatientID, Patient: c.PatientName, Family: family}
		if v.PersonID != c.PatientID {
			ended.Family = append(ended.Family, c.PatientID)
		}
		if came := c.AcknowledgedByID; came != "" && came != v.PersonID && !slices.Contains(ended.Family, came) {
			ended.Staff = []string{came}
		}
		return o.Events.Emit(ctx, ended)
	})
}

// moveCall does one step with a call the viewer sees, and writes it into the audit log. Who is no staff acts for the patient, and
// may until the transaction ends.
func (o *Office) moveCall(ctx context.Context, callID, action string, do func(context.Context, *db.HelpCall) error) (*db.HelpCall, error) {
	if err := asked(ctx, callID, id.HelpCall, "helpCallId"); err != nil {
		return nil, err
	}
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		row, err := o.DB.HelpCall.Query().Where(helpcall.ID(callID)).Only(ctx)
		c, err := found(row, err, "helpCallId")
		if err != nil {
			return err
		}
		if !works(viewer.From(ctx), c.ClinicID, c.PatientID) {
			if _, err := o.ForAny(ctx, &c.PatientID, scope.All); err != nil {
				return err
			}
		}
		if err := do(ctx, c); err != nil {
			return err
		}
		o.wake(ctx, c)
		return audit.Record(ctx, o.DB, audit.Deed{Action: action, Subject: c.PatientID, TargetID: c.ID})
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.HelpCall.Get(ctx, callID)
	return found(row, err, "helpCallId")
}

// movedCall is INVALID_TRANSITION when an update found the call in another status.
func (o *Office) movedCall(ctx context.Context, callID string, moved int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("move call for help: %w", err)
	case moved > 0:
		return nil
	}
	c, err := o.DB.HelpCall.Get(system(ctx), callID)
	if err != nil {
		return fmt.Errorf("load call for help: %w", err)
	}
	return notNow(c.Status)
}

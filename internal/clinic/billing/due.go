package billing

import (
	"context"
	"errors"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
)

// Round is the job that reminds of bills that are due, and has the insurance bureau's part put right.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "bill.round" }

// Collect tells patients a day before a bill is due, once, lets go of what the insurance bureau keeps for payments that died,
// and has it told again what it has not heard. It is the system's, once a minute; a bill that fails keeps no other from it.
func (d *Desk) Collect(ctx context.Context) error {
	return errors.Join(d.remind(ctx), d.mend(ctx))
}

func (d *Desk) remind(ctx context.Context) error {
	now := d.Clock.Now()
	due, err := d.DB.Bill.Query().Where(
		bill.StatusEQ(bill.StatusIssued), bill.DueAtGT(now), bill.DueAtLTE(now.AddDate(0, 0, 1)), bill.RemindedAtIsNil(),
	).Order(bill.ByDueAt(), bill.ByID()).Limit(atOnce).WithClinic().All(system(ctx))
	if err != nil {
		return fmt.Errorf("look for bills that are due: %w", err)
	}
	var errs []error
	for _, b := range due {
		errs = append(errs, d.Store.InTx(ctx, func(ctx context.Context) error { return d.remindOf(ctx, b) }))
	}
	return errors.Join(errs...)
}

// remindOf tells of one bill, unless somebody was quicker or it was paid meanwhile.
func (d *Desk) remindOf(ctx context.Context, b *db.Bill) error {
	n, err := d.DB.Bill.Update().Where(bill.ID(b.ID), bill.StatusEQ(bill.StatusIssued), bill.RemindedAtIsNil()).
		SetRemindedAt(d.Clock.Now()).Save(system(ctx))
	if err != nil {
		return fmt.Errorf("remind of bill: %w", err)
	}
	if n == 0 {
		return nil
	}
	return d.Events.Emit(ctx, DueSoon{BillID: b.ID, PatientID: b.PatientID, Clinic: b.Edges.Clinic.Name, DueAt: b.DueAt})
}

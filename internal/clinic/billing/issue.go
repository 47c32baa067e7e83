package billing

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/bill"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Issue is what a clinic asks for.
type Issue struct {
	Key           uuid.UUID `json:"-"`
	AppointmentID string
	Lines         []Line
}

// Issue has the patient of a visit asked to pay for it, once, and tells them. The fee of the slot is a line of the first bill
// of the visit that is not VOID. The staff of the clinic may. Returns UNAUTHENTICATED; BAD_USER_INPUT and BAD_AMOUNT for
// lines that cannot be, at "lines", number, field; NOT_FOUND for a visit to another clinic; INVALID_TRANSITION before
// the patient has checked in; REAL_NAME_REQUIRED for a patient whose account has ended; and IDEMPOTENCY_KEY_REUSED.
func (d *Desk) Issue(ctx context.Context, i Issue) (*db.Bill, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if _, err := check(i.Lines); err != nil {
		return nil, err
	}
	billID, err := d.Once.Once(ctx, idempotency.Request{Key: i.Key, Operation: "issueBill", Input: i}, func(ctx context.Context) (string, error) {
		return d.issue(ctx, i)
	})
	if err != nil {
		return nil, err
	}
	return d.DB.Bill.Get(ctx, billID)
}

func (d *Desk) issue(ctx context.Context, i Issue) (string, error) {
	visit, err := d.visit(ctx, i.AppointmentID)
	if err != nil {
		return "", err
	}
	lines := i.Lines
	billed, err := d.DB.Bill.Query().Where(bill.AppointmentID(visit.ID), bill.StatusNEQ(bill.StatusVoid)).Exist(system(ctx))
	if err != nil {
		return "", fmt.Errorf("look for bills of the visit: %w", err)
	}
	if fee := visit.Edges.Slot.Fee; !billed && fee > 0 {
		lines = append([]Line{{registration, "挂号费", fee, 1}}, lines...)
	}
	var total int64
	for _, l := range lines {
		total += l.Total()
	}
	key, found, err := d.Records.Key(system(ctx), visit.PatientID)
	if err != nil {
		return "", err
	}
	if !found {
		return "", fault.New(fault.RealNameRequired).At("appointmentId")
	}
	billID, now := id.New(id.Bill), d.Clock.Now()
	sealed, err := seal(key, billID, lines)
	if err != nil {
		return "", err
	}
	if err := d.DB.Bill.Create().SetID(billID).SetCreatedAt(now).SetUpdatedAt(now).SetPatientID(visit.PatientID).SetClinicID(visit.ClinicID).
		SetAppointmentID(visit.ID).SetIssuedByID(viewer.From(ctx).PersonID).SetSealed(sealed).SetTotal(total).
		SetDueAt(clock.DayEnd(now, d.DueDays)).Exec(system(ctx)); err != nil {
		return "", fmt.Errorf("issue bill: %w", err)
	}
	if err := audit.Record(ctx, d.DB, audit.Deed{Action: "issueBill", Subject: visit.PatientID, TargetID: billID}); err != nil {
		return "", err
	}
	return billID, d.Events.Emit(ctx, Issued{BillID: billID, PatientID: visit.PatientID, Clinic: visit.Edges.Clinic.Name, Total: total})
}

// visit is the appointment at a clinic of the viewer's that may be billed, with its slot. Nobody else bills it until the
// transaction of ctx ends.
func (d *Desk) visit(ctx context.Context, appointmentID string) (*db.Appointment, error) {
	q := d.DB.Appointment.Query().WithSlot().WithClinic().
		Where(appointment.ID(appointmentID), appointment.ClinicIDIn(viewer.From(ctx).Organisations(viewer.ClinicStaff)...))
	if d.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	visit, err := q.Only(system(ctx))
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound).At("appointmentId")
	case err != nil:
		return nil, fmt.Errorf("load appointment: %w", err)
	case visit.Status != appointment.StatusCheckedIn && visit.Status != appointment.StatusFulfilled:
		return nil, fault.New(fault.InvalidTransition).At("appointmentId").Say(
			fmt.Sprintf("预约当前状态为%s，不能开具账单。", visit.Status), fmt.Sprintf("The appointment is %s; it cannot be billed now.", visit.Status))
	}
	return visit, nil
}

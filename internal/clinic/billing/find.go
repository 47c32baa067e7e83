package billing

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/bill"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Of narrows a query to a person's bills, and to those of a status where one is named. The person may
// ask, and who acts for them within PAY; nobody named is the viewer. UNAUTHENTICATED; DELEGATION_SCOPE.
func (d *Desk) Of(ctx context.Context, q *db.BillQuery, personID *string, status *bill.Status) (*db.BillQuery, error) {
	acting, err := d.For(ctx, personID, scope.Pay)
	if err != nil {
		return nil, fault.From(err).At("person")
	}
	return narrow(q.Where(bill.PatientID(viewer.From(acting).Subject())), status), nil
}

// At narrows a query to a clinic's bills, and to those of a status where one is named. The clinic's staff
// may ask. UNAUTHENTICATED; FORBIDDEN, also for an id of nothing.
func (d *Desk) At(ctx context.Context, q *db.BillQuery, clinicID string, status *bill.Status) (*db.BillQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if !v.HasAt(viewer.ClinicStaff, clinicID) {
		return nil, fault.New(fault.Forbidden).At("clinic")
	}
	return narrow(q.Where(bill.ClinicID(clinicID)), status), nil
}

func narrow(q *db.BillQuery, status *bill.Status) *db.BillQuery {
	if status != nil {
		q.Where(bill.StatusEQ(*status))
	}
	return q
}

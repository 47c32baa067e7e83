package record

import (
	"context"
	"errors"

	"citygraph/ent/db"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Visit is a page of what the staff of a visit's clinic may read of its patient, the newest first: what was written at this visit, and all of
// the patient's record of any clinic where they share it for the visit, or to avert danger. It holds from check-in until Days after the end of the
// visit. Each reading is noted, and the patient told of it. Returns UNAUTHENTICATED; FORBIDDEN for who is no clinic's staff; BAD_USER_INPUT; NOT_FOUND
// for a visit at another clinic, exactly as for one that is not there; INVALID_TRANSITION before check-in and when the time is over. The
// refused are noted too.
func (a *Archive) Visit(ctx context.Context, appointmentID string, purpose Purpose, s Slice) (*Page, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.ClinicStaff):
		return nil, fault.New(fault.Forbidden)
	case !id.Is(appointmentID, id.Appointment):
		return nil, fault.New(fault.NotFound).At("appointment")
	}
	if _, err := s.size(); err != nil {
		return nil, err
	}
	reading := access.Reading{
		Target: appointmentID, Category: recordaccess.CategoryHealth, Purpose: recordaccess.Purpose(purpose),
		As: viewer.Role{Kind: viewer.ClinicStaff, OrganisationID: v.Organisations(viewer.ClinicStaff)[0]},
	}
	var page *Page
	var refused error
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		page, refused = nil, nil
		visit, err := a.hold(ctx, appointmentID)
		if err != nil {
			return err
		}
		if err := a.readable(v, visit, &reading); err != nil {
			refused = err
			return err
		}
		if err := a.tell(ctx, reading, visit.ID); err != nil {
			return err
		}
		if err := access.Note(ctx, a.DB, reading); err != nil {
			return err
		}
		page, err = a.page(system(ctx), a.within(visit, purpose), visit.PatientID, s)
		return err
	})
	if refused != nil {
		reading.Outcome = recordaccess.OutcomeRefused
		err = errors.Join(err, access.Note(ctx, a.DB, reading))
	}
	return page, err
}

// readable fails unless the viewer may read for the visit now, and says whose data they are asking for.
func (a *Archive) readable(v *viewer.Viewer, visit *db.Appointment, reading *access.Reading) error {
	if visit != nil {
		reading.Of = visit.PatientID
	}
	if visit == nil || !v.HasAt(viewer.ClinicStaff, visit.ClinicID) {
		return fault.New(fault.NotFound).At("appointment")
	}
	reading.As.OrganisationID = visit.ClinicID
	return a.underWay(visit)
}

// within are the records that the visit opens: the patient may withdraw the sharing, which waits for the transaction that holds the visit.
func (a *Archive) within(visit *db.Appointment, purpose Purpose) *db.HealthRecordQuery {
	q := a.DB.HealthRecord.Query()
	if visit.SharedAt == nil && purpose != Emergency {
		q.Where(healthrecord.AppointmentID(visit.ID))
	}
	return q
}

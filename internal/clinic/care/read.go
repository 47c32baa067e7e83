package care

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Contracts narrows a query to the contracts of the viewer, or of a person they have BOOK for. UNAUTHENTICATED for a visitor,
// DELEGATION_SCOPE for anybody else's.
func (o *Office) Contracts(ctx context.Context, q *db.CareContractQuery, personID *string) (*db.CareContractQuery, error) {
	subject, err := o.subject(ctx, personID, patients)
	return q.Where(carecontract.PatientID(subject)), err
}

// Visits narrows a query to the visits at home of the viewer, or of a person they have BOOK for. Faults as with Contracts.
func (o *Office) Visits(ctx context.Context, q *db.CareVisitQuery, personID *string) (*db.CareVisitQuery, error) {
	subject, err := o.subject(ctx, personID, patients)
	return q.Where(carevisit.PatientID(subject)), err
}

// Calls narrows a query to the calls for help of the viewer, or of a person they act for in anything. Faults as with
// Contracts.
func (o *Office) Calls(ctx context.Context, q *db.HelpCallQuery, personID *string) (*db.HelpCallQuery, error) {
	subject, err := o.subject(ctx, personID, scope.All)
	return q.Where(helpcall.PatientID(subject)), err
}

// subject is of whom the viewer reads.
func (o *Office) subject(ctx context.Context, personID *string, scopes scope.Set) (string, error) {
	ctx, err := o.ForAny(ctx, personID, scopes)
	if err != nil {
		return "", fault.From(err).At("person")
	}
	return viewer.From(ctx).Subject(), nil
}

// ClinicContracts narrows a query to a clinic's contracts. Staff of the clinic may: UNAUTHENTICATED, FORBIDDEN.
func ClinicContracts(ctx context.Context, q *db.CareContractQuery, clinicID string) (*db.CareContractQuery, error) {
	return q.Where(carecontract.ClinicID(clinicID)), staffAt(ctx, clinicID)
}

// ClinicVisits narrows a query to a clinic's visits at home, of a status or of any. Faults as with ClinicContracts.
func ClinicVisits(ctx context.Context, q *db.CareVisitQuery, clinicID string, status *carevisit.Status) (*db.CareVisitQuery, error) {
	if status != nil {
		q.Where(carevisit.StatusEQ(*status))
	}
	return q.Where(carevisit.ClinicID(clinicID)), staffAt(ctx, clinicID)
}

// ClinicCalls narrows a query to the calls for help that come to a clinic, of a status or of any. Faults as with
// ClinicContracts.
func ClinicCalls(ctx context.Context, q *db.HelpCallQuery, clinicID string, status *helpcall.Status) (*db.HelpCallQuery, error) {
	if status != nil {
		q.Where(helpcall.StatusEQ(*status))
	}
	return q.Where(helpcall.ClinicID(clinicID)), staffAt(ctx, clinicID)
}

// Location is where a call came from, in the datum; nil when that is not known, and once it is over.
func Location(c *db.HelpCall, crs geo.Datum) *geo.Located {
	if c.Status == helpcall.StatusResolved || c.CallerLat == nil || c.CallerLng == nil {
		return nil
	}
	at := geo.Locate(geo.Point{Lat: *c.CallerLat, Lng: *c.CallerLng}, crs)
	return &at
}

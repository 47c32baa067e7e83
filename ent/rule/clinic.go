package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Columns the rules of clinics speak of.
const (
	patientColumn = "patient_id"
	clinicColumn  = "clinic_id"
)

// Appointment is seen by the patient, by who may book for them, and by the staff of the clinic. The verbs of booking and
// of the day write it for the system.
var Appointment = Policy{Read: ofPatientOrStaff(scope.Of(scope.Book))}

// WaitlistEntry is seen by who waits, and by who may book for them.
var WaitlistEntry = Policy{Read: ownOr(patientColumn, scope.Of(scope.Book))}

// BookingSuspension is seen by who may not book, by who may book for them, and by administrators, who decide appeals.
var BookingSuspension = Policy{Read: orAll(ownOr(patientColumn, scope.Of(scope.Book)), viewer.Admin)}

// Bill is seen by the patient, by who may pay for them, and by the staff of the clinic.
var Bill = Policy{Read: ofPatientOrStaff(scope.Of(scope.Pay))}

// HealthRecord is seen by the patient, and by who may read the records of theirs. Those who treat them read through a verb
// alone, which asks for which visit.
var HealthRecord = Policy{Read: ownOr(patientColumn, scope.Of(scope.ReadRecord))}

// CareContract is seen by who is cared for, by who may book for them, and by the staff of the clinic.
var CareContract = Policy{Read: ofPatientOrStaff(scope.Of(scope.Book))}

// CareVisit is seen like the contract.
var CareVisit = Policy{Read: ofPatientOrStaff(scope.Of(scope.Book))}

// HelpCall is seen by who called, by those who act for them in anything, and by the staff of the clinic that cares for them.
var HelpCall = Policy{Read: ofPatientOrStaff(scope.All)}

// ofPatientOrStaff gives a patient's rows to them and to who acts for them within any of the scopes, and a clinic's rows to
// its staff.
func ofPatientOrStaff(scopes scope.Set) Reader {
	return func(v *viewer.Viewer) Rows {
		if !v.SignedIn() {
			return nil
		}
		return func(s *sql.Selector) {
			rows := actsFor(s, patientColumn, v, scopes)
			if v.Has(viewer.ClinicStaff) {
				rows = sql.Or(rows, atOrganisation(s, clinicColumn, v, viewer.ClinicStaff))
			}
			s.Where(rows)
		}
	}
}

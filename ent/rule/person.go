package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Person is seen by that person, and by who may act for them in anything.
var Person = Policy{Read: ownOr("id", scope.All)}

// Personal is the rule of rows that belong to one person: identities, sessions, devices, roles, the
// card. The owner reads; the verbs of those rooms write for the system.
var Personal = Policy{Read: own("person_id")}

// Notification is read and marked by its recipient, while what it is about is theirs to know: their own
// affairs, or those of somebody they may be told of. Only the system writes new ones.
var Notification = Policy{Read: recipients, Change: recipients}

func recipients(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.EQ(s.C("person_id"), v.PersonID),
			actsFor(s, "subject_person_id", v, scope.Of(scope.Notify)),
		))
	}
}

// ToldOf are the notifications whose recipients may read them now: Notification, whoever looks.
var ToldOf = ActingFor("subject_person_id", "person_id", scope.Of(scope.Notify))

// NotificationPreference is read and made by the person whose choice it is, and never changed: the verb puts
// a new one in its place.
var NotificationPreference = Policy{Read: own("person_id"), Create: makesOwn("person_id")}

// Audit is read by auditors alone.
var Audit = Policy{Read: auditors}

func auditors(v *viewer.Viewer) Rows {
	if v.Has(viewer.Auditor) {
		return everybody
	}
	return nil
}

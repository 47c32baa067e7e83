package rule

import "citygraph/internal/viewer"

// Person is seen by that person alone.
var Person = Policy{Read: own("id")}

// Personal is the rule of rows that belong to one person: identities, sessions, devices, roles, the
// card. The owner reads; the verbs of those rooms write for the system.
var Personal = Policy{Read: own("person_id")}

// Notification is read and marked by its recipient; only the system writes new ones.
var Notification = Policy{Read: own("person_id"), Change: own("person_id")}

// Audit is read by auditors alone.
var Audit = Policy{Read: auditors}

func auditors(v *viewer.Viewer) Rows {
	if v.Has(viewer.Auditor) {
		return everybody
	}
	return nil
}

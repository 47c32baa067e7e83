package rule

import "citygraph/internal/viewer"

// EntitlementGrant is seen by the person it is of, by the administrators who grant, and by auditors. The
// verbs of the room write for the system.
var EntitlementGrant = Policy{Read: orAll(own("person_id"), viewer.Admin, viewer.Auditor)}

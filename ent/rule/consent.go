package rule

import "citygraph/internal/viewer"

// Consent is seen by the person it is of, by the guardians of a child under fourteen, and by auditors. The
// verbs of the room write for the system, which ends a consent and never deletes one.
var Consent = Policy{Read: orAll(ownOrChilds("person_id"), viewer.Auditor)}

package citycase

import (
	"time"

	"citygraph/ent/db"
	"citygraph/internal/citycase/machine"
)

// Subject is what listeners need to know of a case something happens to.
type Subject struct {
	CaseID     string
	Number     string
	ReporterID string // empty for a sensor's
	AssigneeID string // empty while it is nobody's in particular
	CategoryID string
	DistrictID string
	Supporters int
}

// Moved happens with every step of a case after its report, those that leave it where it is included.
type Moved struct {
	Subject
	ActorID  string
	Seq      int          // of the event; with CaseID it names the occurrence
	By       machine.Side // the side on which they took it
	Action   machine.Action
	Outcome  machine.Outcome
	To       machine.Status
	Internal bool // the step is for officers only
}

// Due happens once when a case is nearly due, and once when it is overdue.
type Due struct {
	Subject
	At      time.Time
	Overdue bool
}

func subjectOf(c *db.CityCase) Subject {
	return Subject{
		CaseID: c.ID, Number: c.Number, ReporterID: c.ReporterID, AssigneeID: c.AssigneeID,
		CategoryID: c.CategoryID, DistrictID: c.DistrictID, Supporters: c.Supporters,
	}
}

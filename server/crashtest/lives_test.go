package crashtest_test

import (
	"fmt"
	"slices"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/workday"
)

// lives are cases with everything that belongs to them.
type lives struct {
	*ledger
	cases     map[string]*db.CityCase
	events    map[string][]*db.CaseEvent
	followers map[string][]string // by case
}

func (l *lives) load(ids []string) {
	l.cases, l.events, l.followers = map[string]*db.CityCase{}, map[string][]*db.CaseEvent{}, map[string][]string{}
	for _, c := range must(l.db.CityCase.Query().Where(citycase.IDIn(ids...)).WithCategory().All(l.ctx))(l.t) {
		l.cases[c.ID] = c
	}
	for _, e := range must(l.db.CaseEvent.Query().Where(caseevent.CityCaseIDIn(ids...)).Order(caseevent.BySeq()).All(l.ctx))(l.t) {
		l.events[e.CityCaseID] = append(l.events[e.CityCaseID], e)
	}
	for _, s := range must(l.db.CaseSupporter.Query().Where(casesupporter.CityCaseIDIn(ids...)).All(l.ctx))(l.t) {
		l.followers[s.CityCaseID] = append(l.followers[s.CityCaseID], s.PersonID)
	}
}

func (l *lives) count(caseID string, a machine.Action) int {
	n := 0
	for _, e := range l.events[caseID] {
		if e.Action != nil && *e.Action == a {
			n++
		}
	}
	return n
}

// near is how far two readings of the clock within one step are apart, on a machine that is busy.
const near = 20 * time.Second

// checkLife walks through the events of a case: each is an edge of the machine, nobody checks their own work, and
// the row stands where the walk ends, its clock included.
func (l *lives) checkLife(c *db.CityCase) {
	due, stopped := workday.Add(c.CreatedAt, time.Duration(c.Edges.Category.SLAHours)*time.Hour), time.Time{}
	rework, reopened, resolver := 0, 0, ""
	var closed *time.Time
	for _, e := range l.events[c.ID][1:] {
		edge := slices.IndexFunc(machine.Edges(), func(is machine.Edge) bool {
			return is.Action == *e.Action && is.From == *e.FromStatus && is.To == e.ToStatus
		})
		if edge < 0 {
			l.t.Errorf("case %s, event %d: no edge %s leads from %s to %s", c.ID, e.Seq, *e.Action, *e.FromStatus, e.ToStatus)
			continue
		}
		switch is := machine.Edges()[edge]; {
		case is.StopsClock():
			stopped = e.CreatedAt
		case is.StartsClock():
			if left := workday.Between(stopped, due); left > 0 {
				due = workday.Add(e.CreatedAt, left)
			}
			stopped = time.Time{}
		case is.Action == machine.Resolve:
			resolver = e.ActorID
		case is.Action == machine.Verify && e.ActorID == resolver:
			l.t.Errorf("case %s, event %d: %s checked their own work", c.ID, e.Seq, resolver)
		case is.Action == machine.Verify && is.Outcome == machine.Failed:
			rework++
		case is.Action == machine.Close:
			closed = &e.CreatedAt
		case is.Action == machine.Reopen:
			due, closed = workday.Add(e.CreatedAt, time.Duration(c.Edges.Category.SLAHours)*time.Hour), nil
			reopened++
		}
	}
	got := fmt.Sprint(c.ReworkCount, c.ReopenCount, c.StoppedAt != nil, c.ClosedAt != nil, c.OpenSeconds != nil, c.Published, c.DuplicateOfID != "")
	want := fmt.Sprint(rework, reopened, c.Status.Clock() == machine.Stopped, closed != nil, closed != nil, c.Status.Published(), c.Status == machine.Duplicate)
	if got != want {
		l.t.Errorf("case %s is %s with %s, want %s", c.ID, c.Status, got, want)
	}
	if c.DueAt.Sub(due).Abs() > near || c.ClosedAt != nil && closed != nil && c.ClosedAt.Sub(*closed).Abs() > near {
		l.t.Errorf("case %s is due at %s and closed at %v, want %s and %v", c.ID, c.DueAt, c.ClosedAt, due, closed)
	}
}

// checkBooks wants a deed for each step, and of each step that officers took before the public one notice to the
// reporter, and no other.
func (l *lives) checkBooks(c *db.CityCase) {
	deeds := map[string]int{}
	for _, d := range must(l.db.AuditEvent.Query().Where(auditevent.TargetID(c.ID)).All(l.ctx))(l.t) {
		deeds[d.Action]++
	}
	told := map[string]int{}
	for _, n := range must(l.db.Notification.Query().
		Where(notification.PersonID(c.ReporterID), notification.EventKeyHasPrefix(c.ID+"/")).All(l.ctx))(l.t) {
		told[n.EventKey]++
	}
	steps := map[machine.Action]int{}
	for _, e := range l.events[c.ID][1:] {
		steps[*e.Action]++
		want := 0
		if e.Public && e.ActorKind == caseevent.ActorKindOfficer {
			want = 1
		}
		key := fmt.Sprintf("%s/%d", c.ID, e.Seq)
		if told[key] != want {
			l.t.Errorf("case %s, event %d (%s): its reporter is told %d times, want %d", c.ID, e.Seq, *e.Action, told[key], want)
		}
		delete(told, key)
	}
	for action, n := range steps {
		if deeds[action.Mutation()] != n {
			l.t.Errorf("case %s has %d steps by %s and %d deeds", c.ID, n, action, deeds[action.Mutation()])
		}
	}
	if deeds["submitCase"] != 1 || len(told) > 0 {
		l.t.Errorf("case %s was submitted %d times; its reporter was told of %v besides", c.ID, deeds["submitCase"], told)
	}
}

// checkFollowers wants each supporter counted once, no reporter among them, and those of a merged case with the one
// that goes on.
func (l *lives) checkFollowers(c *db.CityCase) {
	distinct := map[string]bool{}
	for _, who := range l.followers[c.ID] {
		distinct[who] = true
	}
	if len(distinct) != len(l.followers[c.ID]) || c.Supporters != len(distinct) || distinct[c.ReporterID] {
		l.t.Errorf("case %s of %s counts %d supporters, who are %v", c.ID, c.ReporterID, c.Supporters, l.followers[c.ID])
	}
	if c.Status != machine.Duplicate {
		return
	}
	if len(distinct) > 0 || l.root(c.ID) == nil || !l.follows(c.ID, c.ReporterID) {
		l.t.Errorf("case %s is a duplicate of %s: %d are left, and its reporter follows that: %v", c.ID, c.DuplicateOfID, len(distinct), l.follows(c.ID, c.ReporterID))
	}
}

// root is the case that goes on for a case; nil in a circle.
func (l *lives) root(caseID string) *db.CityCase {
	at := l.cases[caseID]
	for range l.cases {
		if at.DuplicateOfID == "" {
			return at
		}
		at = l.cases[at.DuplicateOfID]
	}
	return nil
}

// follows reports whether a person follows what a case has become.
func (l *lives) follows(caseID, who string) bool {
	at := l.root(caseID)
	return at != nil && (at.ReporterID == who || slices.Contains(l.followers[at.ID], who))
}

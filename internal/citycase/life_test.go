package citycase_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/staffrole"
	cases "citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// promote makes a member of the cast an officer of Xihu District.
func (o *office) promote(t testing.TB, member string) {
	t.Helper()
	ctx := seedtest.System(t)
	held := o.city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "zhaoqiang"))).OnlyX(ctx)
	o.city.DB.StaffRole.Create().SetPersonID(seedtest.Person(t, member)).SetKind(held.Kind).SetOrganisationID(held.OrganisationID).ExecX(ctx)
}

// do is any verb, by the action it takes.
func (o *office) do(ctx context.Context, caseID string, a machine.Action, outcome machine.Outcome) (*db.CityCase, error) {
	unit := citycase.UnitMunicipal
	switch a {
	case machine.Accept:
		return o.Accept(ctx, caseID, "")
	case machine.Reject:
		return o.Reject(ctx, caseID, "不属于城管")
	case machine.File:
		return o.File(ctx, caseID, "")
	case machine.Dispatch:
		return o.Dispatch(ctx, cases.Dispatch{CaseID: caseID, Unit: &unit})
	case machine.Return:
		return o.Return(ctx, caseID, "不是我们的管线")
	case machine.Start:
		return o.Start(ctx, caseID, "")
	case machine.Suspend:
		return o.Suspend(ctx, caseID, "等待材料")
	case machine.Resume:
		return o.Resume(ctx, caseID, "")
	case machine.Resolve:
		return o.Resolve(ctx, caseID, "", o.uploaded(ctx, casephoto.PurposeProof, 1))
	case machine.Verify:
		return o.Verify(ctx, caseID, outcome, "现场查看")
	case machine.Close:
		return o.Close(ctx, caseID, "")
	case machine.Withdraw:
		return o.Withdraw(ctx, caseID, "")
	case machine.Rate:
		return o.Rate(ctx, caseID, 5, "")
	case machine.Reopen:
		return o.Reopen(ctx, caseID, "又不亮了")
	case machine.Support:
		return o.Support(ctx, uuid.New(), caseID)
	case machine.Update:
		return o.AddUpdate(ctx, cases.Note{Key: uuid.New(), CaseID: caseID, Text: "补充"})
	case machine.Merge:
		return o.Merge(ctx, caseID, o.into, "")
	}
	panic("no verb does " + string(a))
}

// smooth is how a case gets to each status: the shortest way there.
func smooth(to machine.Status) []machine.Edge {
	ways := map[machine.Status][]machine.Edge{machine.Submitted: {}}
	for queue := []machine.Status{machine.Submitted}; len(queue) > 0; queue = queue[1:] {
		for _, e := range machine.Edges() {
			if _, known := ways[e.To]; e.From == queue[0] && !known {
				ways[e.To] = append(slices.Clone(ways[e.From]), e)
				queue = append(queue, e.To)
			}
		}
	}
	return ways[to]
}

// at is a case of chenjing's that has come to a status.
func (o *office) at(t testing.TB, s machine.Status) *db.CityCase {
	t.Helper()
	o.prepared.Do(func() {
		o.promote(t, "xumin")
		o.into = o.theirs(t, "chenjing").ID
	})
	c := o.submitted(t)
	for _, e := range smooth(s) {
		var err error
		if c, err = o.do(o.city.As(t, o.who(e.By)), c.ID, e.Action, e.Outcome); err != nil {
			t.Fatalf("%s: %v", e.Action, err)
		}
	}
	if c.Status != s {
		t.Fatalf("came to %s, not to %s", c.Status, s)
	}
	return c
}

// who is on a side.
func (o *office) who(s machine.Side) string {
	return map[machine.Side]string{
		machine.Reporter: "chenjing", machine.Neighbour: "maming", machine.Officer: "zhaoqiang", machine.Handler: "zhaoqiang", machine.Verifier: "xumin",
	}[s]
}

// Every action out of every status does what the table says: the edge, or INVALID_TRANSITION naming the
// status. And allowedActions are those that succeed. Lina acts for the reporter.
func TestEveryVerbFollowsTheTable(t *testing.T) {
	o := open(t)
	o.gives(t, "chenjing", "lina", scope.Case)
	for _, from := range machine.Statuses() {
		c := o.at(t, from)
		for _, a := range machine.Actions() {
			for _, outcome := range []machine.Outcome{machine.None, machine.Passed, machine.Failed} {
				if (a == machine.Verify) != (outcome != machine.None) {
					continue
				}
				for _, member := range []string{"chenjing", "lina", "maming", "zhaoqiang", "xumin"} {
					if o.tries(t, c, a, outcome, member) {
						c = o.at(t, from)
					}
				}
			}
		}
	}
	o.historiesAreWhole(t)
}

// tries has a member take an action on a case, and reports whether it succeeded.
func (o *office) tries(t *testing.T, c *db.CityCase, a machine.Action, outcome machine.Outcome, member string) bool {
	t.Helper()
	from, ctx := c.Status, o.city.As(t, member)
	seen := o.city.DB.CityCase.Query().Where(citycase.ID(c.ID)).ExistX(ctx)
	allowed := slices.Contains(o.allowed(t, ctx, c), a)
	got, err := o.do(ctx, c.ID, a, outcome)
	switch code := fault.CodeOf(err); code {
	case "":
		edge := got.Status
		if !allowed || !slices.ContainsFunc(machine.Edges(), func(e machine.Edge) bool {
			return e.From == from && e.Action == a && e.Outcome == outcome && e.To == edge
		}) {
			t.Errorf("%s from %s by %s: allowed %v, and led to %s", a, from, member, allowed, got.Status)
		}
	case fault.InvalidTransition:
		if allowed || !strings.Contains(fault.From(err).Sentence(lang.EN), string(from)) {
			t.Errorf("%s from %s by %s: allowed %v, and refused: %s", a, from, member, allowed, fault.From(err).Sentence(lang.EN))
		}
	case fault.NotFound:
		if allowed || seen {
			t.Errorf("%s from %s by %s: seen %v, allowed %v, and not found", a, from, member, seen, allowed)
		}
	case fault.Forbidden, fault.SameActor:
		if allowed {
			t.Errorf("%s from %s by %s is allowed, and %s", a, from, member, code)
		}
	default:
		t.Errorf("%s from %s by %s: %v", a, from, member, err)
	}
	if err != nil {
		if now := o.city.DB.CityCase.GetX(seedtest.System(t), c.ID); now.Status != from || now.LastSeq != c.LastSeq {
			t.Errorf("%s from %s by %s was refused and left %s, seq %d after %d", a, from, member, now.Status, now.LastSeq, c.LastSeq)
		}
	}
	return err == nil
}

// historiesAreWhole is invariant 13 for every case: its events are dense from 1, linked, only by the
// table's edges, and end at its status.
func (o *office) historiesAreWhole(t *testing.T) {
	t.Helper()
	all := o.city.DB.CityCase.Query().WithEvents(func(q *db.CaseEventQuery) { q.Order(caseevent.BySeq()) }).AllX(seedtest.System(t))
	for _, c := range all {
		var last machine.Status
		for i, e := range c.Edges.Events {
			if e.Seq != i+1 || i > 0 && (e.FromStatus == nil || *e.FromStatus != last) {
				t.Errorf("%s: event %d has seq %d and comes from %v after %s", c.Number, i+1, e.Seq, e.FromStatus, last)
			}
			if i > 0 && !slices.ContainsFunc(machine.Edges(), func(edge machine.Edge) bool {
				return edge.From == last && edge.To == e.ToStatus && edge.Action == *e.Action
			}) {
				t.Errorf("%s: %s leads from %s to %s", c.Number, *e.Action, last, e.ToStatus)
			}
			last = e.ToStatus
		}
		if last != c.Status || c.LastSeq != len(c.Edges.Events) {
			t.Errorf("%s is %s with last seq %d; its %d events end at %s", c.Number, c.Status, c.LastSeq, len(c.Edges.Events), last)
		}
	}
}

// Invariant 13: two officers who dispatch a case a thousand times over have one winner each time, and the
// other is told where the case stands.
func TestTwoOfficersDispatchAThousandTimes(t *testing.T) {
	const rounds = 1000
	o := open(t)
	one := o.at(t, machine.Filed)
	officers := []context.Context{o.city.As(t, "zhaoqiang"), o.city.As(t, "xumin")}
	filed := []*db.CityCase{one}
	for len(filed) < rounds { // as filed as the first, without the way there
		filed = append(filed, o.twin(t, one))
	}
	for _, c := range filed {
		var both sync.WaitGroup
		var errs [2]error
		for i, officer := range officers {
			both.Go(func() {
				_, errs[i] = o.Dispatch(officer, cases.Dispatch{CaseID: c.ID, OfficerID: viewer.From(officer).PersonID})
			})
		}
		both.Wait()
		winner := slices.IndexFunc(errs[:], func(err error) bool { return err == nil })
		if winner < 0 {
			t.Fatalf("nobody won: %v, %v", errs[0], errs[1])
		}
		loser := errs[1-winner]
		if fault.CodeOf(loser) != fault.InvalidTransition || !strings.Contains(fault.From(loser).Sentence(lang.ZH), "DISPATCHED") {
			t.Fatalf("the other got %v", loser)
		}
		if now := o.city.DB.CityCase.GetX(officers[0], c.ID); now.AssigneeID != viewer.From(officers[winner]).PersonID || now.LastSeq != c.LastSeq+1 {
			t.Fatalf("the case is %s's with seq %d", now.AssigneeID, now.LastSeq)
		}
	}
	o.historiesAreWhole(t)
}

// twin is another case in the same place with the same history.
func (o *office) twin(t *testing.T, c *db.CityCase) *db.CityCase {
	t.Helper()
	ctx := seedtest.System(t)
	other, err := o.Submit(o.city.As(t, "chenjing"), o.report(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.QueryEvents().Where(caseevent.SeqGT(1)).Order(caseevent.BySeq()).AllX(ctx) {
		o.city.DB.CaseEvent.Create().SetCityCaseID(other.ID).SetSeq(e.Seq).SetNillableFromStatus(e.FromStatus).SetToStatus(e.ToStatus).
			SetNillableAction(e.Action).SetActorKind(e.ActorKind).SetActorID(e.ActorID).ExecX(ctx)
	}
	return other.Update().SetStatus(c.Status).SetPublished(c.Published).SetLastSeq(c.LastSeq).SaveX(ctx)
}

// What is to be mended by one officer is nobody else's to mend, and never checked by whom it was mended.
func TestWhoeverItWasGivenTo(t *testing.T) {
	o := open(t)
	c := o.at(t, machine.Filed)
	handler, other := o.city.As(t, "zhaoqiang"), o.city.As(t, "xumin")
	for name, d := range map[string]cases.Dispatch{
		"nobody":             {CaseID: c.ID},
		"a stranger":         {CaseID: c.ID, OfficerID: seedtest.Person(t, "maming")},
		"another district's": {CaseID: c.ID, OfficerID: seedtest.Person(t, "sunli")},
		"a forged id":        {CaseID: c.ID, OfficerID: "person_' OR 1=1"},
	} {
		if _, err := o.Dispatch(other, d); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("given to %s: %v", name, err)
		}
	}
	if _, err := o.Dispatch(other, cases.Dispatch{CaseID: c.ID, OfficerID: viewer.From(handler).PersonID}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Start(other, c.ID, ""); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("another starts: %v", err)
	}
	if _, err := o.Start(handler, c.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Resolve(handler, c.ID, "换了灯泡", o.uploaded(handler, casephoto.PurposeProof, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Verify(handler, c.ID, machine.Passed, ""); fault.CodeOf(err) != fault.SameActor {
		t.Errorf("the resolver verifies: %v", err)
	}
	failed, err := o.Verify(other, c.ID, machine.Failed, "还是不亮")
	if err != nil || failed.Status != machine.Dispatched || failed.ReworkCount != 1 || failed.AssigneeID != viewer.From(handler).PersonID {
		t.Fatalf("failed: %+v, %v", failed, err)
	}
	if _, err := o.Verify(other, c.ID, machine.Failed, ""); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("verified again: %v", err)
	}
	returned, err := o.Return(handler, c.ID, "不是我们的管线")
	if err != nil {
		t.Fatal(err)
	}
	if n := returned.QueryEvents().Where(caseevent.ActionEQ(machine.Return)).CountX(o.city.As(t, "chenjing")); n != 0 {
		t.Error("the reporter reads why officers hand a case back")
	}
	filed, err := o.File(other, c.ID, "")
	if err != nil || filed.AssigneeID != "" || filed.Unit != nil {
		t.Errorf("filed again: %+v, %v", filed, err)
	}
}

// Notes apart: an officer's internal one is read by officers, and a citizen writes none.
func TestUpdatesAndTheirAudiences(t *testing.T) {
	o := open(t)
	c := o.at(t, machine.Accepted)
	mother, officer := o.city.As(t, "chenjing"), o.city.As(t, "zhaoqiang")
	note := cases.Note{Key: uuid.New(), CaseID: c.ID, Text: "地址在桥下"}
	for range 2 { // the same key has one effect
		if _, err := o.AddUpdate(mother, note); err != nil {
			t.Fatal(err)
		}
	}
	internal := cases.Note{Key: uuid.New(), CaseID: c.ID, Text: "业主电话打不通", Internal: true}
	if _, err := o.AddUpdate(mother, internal); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("a citizen writes for officers: %v", err)
	}
	if _, err := o.AddUpdate(officer, internal); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]int{"chenjing": 1, "maming": 1, "": 1, "sunli": 1, "zhaoqiang": 2, "qianjun": 2} {
		got := o.city.DB.CaseEvent.Query().Where(caseevent.CityCaseID(c.ID), caseevent.ActionEQ(machine.Update)).CountX(o.city.As(t, member))
		if got != want {
			t.Errorf("%q reads %d notes, want %d", member, got, want)
		}
	}
	note.Text = "别的"
	if _, err := o.AddUpdate(mother, note); fault.CodeOf(err) != fault.IdempotencyKeyReused {
		t.Errorf("another note under the key: %v", err)
	}
	if _, err := o.AddUpdate(mother, cases.Note{Key: uuid.New(), CaseID: c.ID, Text: " "}); fault.CodeOf(err) != fault.BadUserInput {
		t.Errorf("an empty note: %v", err)
	}
}

func TestReasonsAreAskedFor(t *testing.T) {
	o := open(t)
	o.at(t, machine.Accepted)
	officer, verifier, mother := o.city.As(t, "zhaoqiang"), o.city.As(t, "xumin"), o.city.As(t, "chenjing")
	for name, tt := range map[string]struct {
		at    machine.Status
		field string
		do    func(caseID string) error
	}{
		"reject":  {machine.Submitted, "reason", func(id string) error { _, err := o.Reject(officer, id, " "); return err }},
		"return":  {machine.Dispatched, "reason", func(id string) error { _, err := o.Return(officer, id, ""); return err }},
		"suspend": {machine.InProgress, "reason", func(id string) error { _, err := o.Suspend(officer, id, ""); return err }},
		"verify":  {machine.Resolved, "note", func(id string) error { _, err := o.Verify(verifier, id, machine.Failed, ""); return err }},
		"reopen":  {machine.Closed, "reason", func(id string) error { _, err := o.Reopen(mother, id, ""); return err }},
		"stars":   {machine.Closed, "stars", func(id string) error { _, err := o.Rate(mother, id, 6, ""); return err }},
		"comment": {machine.Closed, "comment", func(id string) error { _, err := o.Rate(mother, id, 5, strings.Repeat("长", 1001)); return err }},
		"merge":   {machine.Submitted, "note", func(id string) error { _, err := o.Merge(officer, id, id, "a\x00"); return err }},
	} {
		c := o.at(t, tt.at)
		err := tt.do(c.ID)
		if fault.CodeOf(err) != fault.BadUserInput || !slices.Equal(fault.From(err).Field, []string{tt.field}) {
			t.Errorf("%s: %v at %v", name, err, fault.From(err).Field)
		}
	}
}

package citycase

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// step is one action on a case, as a verb asks for it.
type step struct {
	caseID    string
	action    machine.Action
	outcome   machine.Outcome
	note      string
	noteField string // the input that the note comes from; "note" when empty
	internal  bool   // for officers only, whatever the table says
	photoIDs  []string

	// check is the verb's own rule, after those of the table; may be nil.
	check func(ctx context.Context, found *db.CityCase) error
	// change is what the step does to the row besides its status; may be nil.
	change func(u *db.CityCaseUpdate, found *db.CityCase)
}

// take does the step in a transaction of its own and returns the case after it. Returns UNAUTHENTICATED,
// BAD_USER_INPUT for a note, NOT_FOUND for a case the viewer may not see or a photo that is not theirs to give, FORBIDDEN when the step is
// never theirs to take, SAME_ACTOR for a check of one's own work, INVALID_TRANSITION naming the current
// status, and what the verb's own check returns.
func (c *Cases) take(ctx context.Context, s step) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	s.noteField = cmp.Or(s.noteField, "note")
	var err error
	if s.note, err = text(s.noteField, s.note, 0, maxNote); err != nil {
		return nil, err
	}
	if err := checkPhotoIDs(s.photoIDs); err != nil {
		return nil, err
	}
	if err := c.Store.InTx(ctx, func(ctx context.Context) error { return c.takeIn(ctx, s) }); err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, s.caseID)
}

// takeIn does the step in the transaction of ctx. The note has been checked.
func (c *Cases) takeIn(ctx context.Context, s step) error {
	found, err := c.locked(ctx, s.caseID, "caseId")
	if err != nil {
		return err
	}
	edge, err := c.edge(ctx, found, s)
	if err != nil {
		return err
	}
	if s.check != nil {
		if err := s.check(ctx, found); err != nil {
			return err
		}
	}
	return c.follow(ctx, found, edge, s)
}

// locked loads a case that the viewer sees, and keeps others from changing it until the transaction
// ends: of two officers one finds what the other has done. On SQLite the transaction holds the only
// writer anyway.
func (c *Cases) locked(ctx context.Context, caseID, field string) (*db.CityCase, error) {
	notFound := fault.New(fault.NotFound).At(field)
	if !id.Is(caseID, id.CityCase) {
		return nil, notFound
	}
	q := c.DB.CityCase.Query().Where(citycase.ID(caseID))
	if c.Store.Dialect() == dialect.Postgres {
		q.ForUpdate()
	}
	found, err := q.Only(ctx)
	if db.IsNotFound(err) {
		return nil, notFound
	}
	if err != nil {
		return nil, fmt.Errorf("load case: %w", err)
	}
	return found, nil
}

// edge is the edge of the machine that the step takes.
func (c *Cases) edge(ctx context.Context, found *db.CityCase, s step) (machine.Edge, error) {
	sides := sidesOf(ctx, found)
	if found.ReporterID != "" && !machine.Ever(s.action, sides...) && machine.Ever(s.action, machine.Reporter) {
		_, err := c.For(ctx, &found.ReporterID, scope.Case)
		switch code := fault.CodeOf(err); {
		case err == nil:
			sides = append(sides, machine.Reporter)
		case code != fault.DelegationScope:
			return machine.Edge{}, err
		}
	}
	if !machine.Ever(s.action, sides...) {
		if s.action == machine.Verify && viewer.From(ctx).HasAt(viewer.CaseOfficer, found.DistrictID) {
			return machine.Edge{}, fault.New(fault.SameActor).At("caseId")
		}
		return machine.Edge{}, fault.New(fault.Forbidden).At("caseId")
	}
	edge, ok := machine.Next(found.Status, s.action, s.outcome, sides...)
	if !ok {
		return machine.Edge{}, invalidTransition(found.Status)
	}
	if edge.Reason && s.note == "" {
		return machine.Edge{}, fault.BadInput(s.noteField, "请说明原因。", "Please say why.")
	}
	return edge, nil
}

// follow moves the case along the edge: the row under the status and seq it was read with, the event,
// the audit log, and whoever listens.
func (c *Cases) follow(ctx context.Context, found *db.CityCase, edge machine.Edge, s step) error {
	now, actor := c.Clock.Now(), viewer.From(ctx).PersonID
	update := c.DB.CityCase.Update().
		Where(citycase.ID(found.ID), citycase.StatusEQ(edge.From), citycase.LastSeq(found.LastSeq)).
		SetStatus(edge.To).AddLastSeq(1).
		SetPublished(published(found.Visibility, edge.To))
	runClock(update, found, edge, now)
	if s.change != nil {
		s.change(update, found)
	}
	moved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("move case: %w", err)
	}
	if moved == 0 {
		return fault.New(fault.Forbidden).At("caseId") // it may be seen and not changed
	}
	if err := c.markFacility(ctx, found, edge); err != nil {
		return err
	}
	hidden, eventID := edge.Internal || s.internal, id.New(id.CaseEvent)
	err = c.DB.CaseEvent.Create().
		SetID(eventID).SetCityCaseID(found.ID).SetSeq(found.LastSeq + 1).SetFromStatus(edge.From).SetToStatus(edge.To).
		SetAction(edge.Action).SetActorKind(actorKind(edge.By)).SetActorID(actor).
		SetNote(s.note).SetPublic(!hidden).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := c.attach(ctx, found.ID, eventID, s.photoIDs); err != nil {
		return err
	}
	err = audit.Record(ctx, c.DB, audit.Deed{
		Action: edge.Action.Mutation(), Subject: cmp.Or(found.ReporterID, actor), TargetID: found.ID,
	})
	if err != nil {
		return err
	}
	c.wake(ctx, found)
	return c.Events.Emit(ctx, Moved{
		Subject: subjectOf(found), ActorID: actor, By: edge.By, Seq: found.LastSeq + 1,
		Action: edge.Action, Outcome: edge.Outcome, To: edge.To, Internal: hidden,
	})
}

// wake has those who follow the case or its neighbourhood look, once the transaction is committed.
func (c *Cases) wake(ctx context.Context, found *db.CityCase) {
	store.AfterCommit(ctx, func(context.Context) { c.Hub.Publish(caseTopic(found.ID), areaTopic(found.Cell)) })
}

// published reports whether the public sees a case in a status.
func published(v citycase.Visibility, s machine.Status) bool {
	return v == citycase.VisibilityPublic && s.Published()
}

func actorKind(by machine.Side) caseevent.ActorKind {
	if by == machine.Reporter || by == machine.Neighbour {
		return caseevent.ActorKindCitizen
	}
	return caseevent.ActorKindOfficer
}

func invalidTransition(now machine.Status) error {
	return fault.New(fault.InvalidTransition).At("caseId").Say(
		fmt.Sprintf("案件当前状态为%s（%s），不能执行此操作。", now.Name().ZH, now),
		fmt.Sprintf("The case is %s (%s); this cannot be done now.", now.Name().EN, now))
}

// sidesOf are the sides the viewer is on. It is a function of the row and the viewer alone.
func sidesOf(ctx context.Context, c *db.CityCase) []machine.Side {
	v := viewer.From(ctx)
	var sides []machine.Side
	switch {
	case !v.SignedIn():
		return nil
	case c.ReporterID == v.PersonID:
		sides = append(sides, machine.Reporter)
	case c.Published:
		sides = append(sides, machine.Neighbour)
	}
	if !v.HasAt(viewer.CaseOfficer, c.DistrictID) {
		return sides
	}
	sides = append(sides, machine.Officer)
	if c.AssigneeID == "" || c.AssigneeID == v.PersonID {
		sides = append(sides, machine.Handler)
	}
	if c.Status != machine.Resolved || c.ResolverID != v.PersonID {
		sides = append(sides, machine.Verifier)
	}
	return sides
}

// AllowedActions are the steps the viewer can take on the case now, themselves or for its reporter.
func (c *Cases) AllowedActions(ctx context.Context, of *db.CityCase) ([]machine.Action, error) {
	sides := sidesOf(ctx, of)
	if !slices.Contains(sides, machine.Reporter) && len(machine.Allowed(of.Status, machine.Reporter)) > 0 {
		acts, err := c.ActsFor(ctx, of.ReporterID, scope.Case)
		if err != nil {
			return nil, err
		}
		if acts {
			sides = append(sides, machine.Reporter)
		}
	}
	allowed := []machine.Action{}
	for _, action := range machine.Allowed(of.Status, sides...) {
		switch {
		case action == machine.Reopen && !reopens(of, c.Clock.Now()):
		case action == machine.Rate && of.Rating != nil:
		default:
			allowed = append(allowed, action)
		}
	}
	return allowed, nil
}

// reopens reports whether a closed case is still within the bounds of reopening.
func reopens(c *db.CityCase, now time.Time) bool {
	return c.ReopenCount < mostReopens && c.ClosedAt != nil && !now.After(c.ClosedAt.Add(reopenWithin))
}

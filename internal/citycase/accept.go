package citycase

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Accept takes a submitted case on, and has its reporter told. An officer of its district may. Returns
// UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND for a case the viewer may not see, FORBIDDEN for one they
// may only see, and INVALID_TRANSITION naming the current status.
func (c *Cases) Accept(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	note, err := text("note", note, 0, maxNote)
	if err != nil {
		return nil, err
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := c.step(ctx, caseID, machine.Accept, note)
		if err != nil {
			return err
		}
		err = audit.Record(ctx, c.DB, audit.Deed{Action: "acceptCase", Subject: before.ReporterID, TargetID: caseID})
		if err != nil {
			return err
		}
		return c.Events.Emit(ctx, Accepted{
			CaseID: caseID, Number: before.Number, ReporterID: before.ReporterID,
			CategoryID: before.CategoryID, Seq: before.LastSeq + 1,
		})
	})
	if err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, caseID)
}

// step moves a case along one edge of the machine as an officer of its district, writes the event, and
// returns the case as it was. The update is guarded by the status it read, so of two officers one moves
// the case and the other gets INVALID_TRANSITION.
func (c *Cases) step(ctx context.Context, caseID string, action machine.Action, note string) (*db.CityCase, error) {
	notFound := fault.New(fault.NotFound).At("caseId")
	if !id.Is(caseID, id.CityCase) {
		return nil, notFound
	}
	found, err := c.DB.CityCase.Get(ctx, caseID)
	if db.IsNotFound(err) {
		return nil, notFound
	}
	if err != nil {
		return nil, fmt.Errorf("load case: %w", err)
	}
	v := viewer.From(ctx)
	if !v.HasAt(viewer.CaseOfficer, found.DistrictID) {
		return nil, fault.New(fault.Forbidden).At("caseId")
	}
	edge, ok := machine.Next(found.Status, action)
	if !ok {
		return nil, invalidTransition(found.Status)
	}
	moved, err := c.DB.CityCase.Update().
		Where(citycase.ID(caseID), citycase.StatusEQ(edge.From), citycase.LastSeq(found.LastSeq)).
		SetStatus(edge.To).AddLastSeq(1).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("move case: %w", err)
	}
	if moved == 0 {
		now, err := c.DB.CityCase.Get(ctx, caseID)
		if err != nil {
			return nil, fmt.Errorf("reload case: %w", err)
		}
		return nil, invalidTransition(now.Status)
	}
	err = c.DB.CaseEvent.Create().
		SetCityCaseID(caseID).SetSeq(found.LastSeq + 1).SetFromStatus(edge.From).SetToStatus(edge.To).
		SetActorKind(caseevent.ActorKindOfficer).SetActorID(v.PersonID).SetNote(note).
		Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	return found, nil
}

func invalidTransition(now machine.Status) error {
	return fault.New(fault.InvalidTransition).At("caseId").Say(
		fmt.Sprintf("案件当前状态为%s（%s），不能执行此操作。", now.Name().ZH, now),
		fmt.Sprintf("The case is %s (%s); this cannot be done now.", now.Name().EN, now))
}

// AllowedActions are the steps the viewer can take on the case now.
func AllowedActions(ctx context.Context, c *db.CityCase) []machine.Action {
	v := viewer.From(ctx)
	var sides []machine.Side
	if v.SignedIn() && c.ReporterID == v.PersonID {
		sides = append(sides, machine.Reporter)
	}
	if v.HasAt(viewer.CaseOfficer, c.DistrictID) {
		sides = append(sides, machine.Officer)
	}
	return machine.Allowed(c.Status, sides...)
}

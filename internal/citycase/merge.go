package citycase

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// Merge joins a case to one that tells of the same and goes on: its reporter and its followers follow
// that one, each once. A case that was merged itself is nothing to merge into, so no chain of them closes. An
// officer of both districts may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN,
// INVALID_TRANSITION.
func (c *Cases) Merge(ctx context.Context, caseID, intoID, note string) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	note, err := text("note", note, 0, maxNote)
	if err != nil {
		return nil, err
	}
	if caseID == intoID && id.Is(caseID, id.CityCase) {
		return nil, fault.BadInput("intoId", "不能与自身合并。", "A case cannot be merged into itself.")
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error { return c.merge(ctx, caseID, intoID, note) })
	if err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, caseID)
}

func (c *Cases) merge(ctx context.Context, caseID, intoID, note string) error {
	// In the order of their ids, so that two merges the other way round wait for each other and do not lock up.
	if intoID < caseID {
		if _, err := c.locked(ctx, intoID, "intoId"); err != nil {
			return err
		}
	}
	found, err := c.locked(ctx, caseID, "caseId")
	if err != nil {
		return err
	}
	s := step{caseID: caseID, action: machine.Merge, note: note, noteField: "note",
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) { u.SetDuplicateOfID(intoID).SetSupporters(0) }}
	edge, err := c.edge(ctx, found, s)
	if err != nil {
		return err
	}
	into, err := c.locked(ctx, intoID, "intoId")
	if err != nil {
		return err
	}
	switch {
	case !viewer.From(ctx).HasAt(viewer.CaseOfficer, into.DistrictID):
		return fault.New(fault.Forbidden).At("intoId")
	case !into.Status.Open():
		return fault.BadInput("intoId", "目标案件已经办结或已被合并。", "The case to merge into is closed, or was merged itself.")
	}
	if err := c.moveFollowers(ctx, found, into); err != nil {
		return err
	}
	return c.follow(ctx, found, edge, s)
}

// moveFollowers has the supporters of a case and its reporter follow another, each once, and counts them
// anew. Both are locked.
func (c *Cases) moveFollowers(ctx context.Context, found, into *db.CityCase) error {
	system := viewer.AsSystem(ctx, "followers move with their case")
	there := func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(casesupporter.Table).As("there")
		s.Where(sql.In(s.C(casesupporter.FieldPersonID), sql.Dialect(s.Dialect()).
			Select(t.C(casesupporter.FieldPersonID)).From(t).Where(sql.EQ(t.C(casesupporter.FieldCityCaseID), into.ID))))
	}
	_, err := c.DB.CaseSupporter.Delete().
		Where(casesupporter.CityCaseID(found.ID), casesupporter.Or(there, casesupporter.PersonID(into.ReporterID))).Exec(system)
	if err != nil {
		return fmt.Errorf("leave those who follow both: %w", err)
	}
	moved, err := c.DB.CaseSupporter.Update().Where(casesupporter.CityCaseID(found.ID)).SetCityCaseID(into.ID).Save(system)
	if err != nil {
		return fmt.Errorf("move followers: %w", err)
	}
	if found.ReporterID != "" && found.ReporterID != into.ReporterID {
		known, err := c.DB.CaseSupporter.Query().
			Where(casesupporter.CityCaseID(into.ID), casesupporter.PersonID(found.ReporterID)).Exist(system)
		if err != nil {
			return fmt.Errorf("look for the reporter: %w", err)
		}
		if !known {
			moved++
			if err := c.DB.CaseSupporter.Create().SetCityCaseID(into.ID).SetPersonID(found.ReporterID).Exec(system); err != nil {
				return fmt.Errorf("move the reporter: %w", err)
			}
		}
	}
	return c.DB.CityCase.Update().Where(citycase.ID(into.ID)).AddSupporters(moved).Exec(system)
}

package citycase

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Accept takes a submitted case on, and has its reporter told. An officer of its district may. Returns
// UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Accept(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Accept, note: note})
}

// Reject refuses a case that is not the city's to mend, for a reason that its reporter is told. An
// officer of its district may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN,
// INVALID_TRANSITION.
func (c *Cases) Reject(ctx context.Context, caseID, reason string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Reject, note: reason, noteField: "reason"})
}

// File holds an accepted case, or one handed back, to be the city's to mend; it is nobody's in
// particular then. An officer of its district may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND,
// FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) File(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.File, note: note,
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) { u.ClearUnit().ClearAssigneeID() }})
}

// Dispatch is to whom a case is given: a unit, an officer of its district, or one of the other.
type Dispatch struct {
	CaseID    string
	Unit      *citycase.Unit
	OfficerID string
	Note      string
}

// Dispatch gives a filed case to those who are to mend it, and has the officer told. An officer of its
// district may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Dispatch(ctx context.Context, d Dispatch) (*db.CityCase, error) {
	return c.take(ctx, step{
		caseID: d.CaseID, action: machine.Dispatch, note: d.Note,
		check: func(ctx context.Context, found *db.CityCase) error { return c.checkHandler(ctx, d, found) },
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) {
			u.SetNillableUnit(d.Unit)
			if d.OfficerID != "" {
				u.SetAssigneeID(d.OfficerID)
			}
		},
	})
}

// checkHandler wants somebody to mend the case, and an officer to be one of its district.
func (c *Cases) checkHandler(ctx context.Context, d Dispatch, found *db.CityCase) error {
	if d.OfficerID == "" {
		if d.Unit == nil {
			return fault.BadInput("unit", "请选择处置单位或处置人员。", "Choose a unit or an officer.")
		}
		return nil
	}
	serves, err := c.DB.StaffRole.Query().
		Where(staffrole.PersonID(d.OfficerID), staffrole.KindEQ(staffrole.KindCaseOfficer), staffrole.OrganisationID(found.DistrictID)).
		Exist(viewer.AsSystem(ctx, "who serves in a district is for its officers to know"))
	if err != nil {
		return fmt.Errorf("look for the officer: %w", err)
	}
	if !serves {
		return fault.BadInput("officerId", "该人员不是本区的城管人员。", "This is no officer of the district.")
	}
	return nil
}

// Return hands a case back to be given to others, for a reason that only officers read. Whoever it was
// given to may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Return(ctx context.Context, caseID, reason string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Return, note: reason, noteField: "reason"})
}

// Start begins to mend a dispatched case. Whoever it was given to may. Returns UNAUTHENTICATED,
// BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Start(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Start, note: note})
}

// Suspend stops the clock of a case that cannot be mended for now, for a reason that its reporter is
// told. An officer of its district may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN,
// INVALID_TRANSITION.
func (c *Cases) Suspend(ctx context.Context, caseID, reason string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Suspend, note: reason, noteField: "reason"})
}

// Resume sets a suspended case going with as much working time as was left. An officer of its district
// may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Resume(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Resume, note: note})
}

// Resolve says that a case is mended, with photos that show it; another officer is to check it. Whoever it
// was given to may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION,
// PROOF_REQUIRED.
func (c *Cases) Resolve(ctx context.Context, caseID, note string, photoIDs []string) (*db.CityCase, error) {
	me := viewer.From(ctx).PersonID
	return c.take(ctx, step{caseID: caseID, action: machine.Resolve, note: note, photoIDs: photoIDs, check: c.checkProof(photoIDs),
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) { u.SetResolverID(me) }})
}

// Verify says after a look on the spot whether a case is mended. One that is not goes back to those it
// was given to, with the reason. An officer of its district may who did not resolve it. Returns
// UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, SAME_ACTOR, INVALID_TRANSITION.
func (c *Cases) Verify(ctx context.Context, caseID string, result machine.Outcome, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Verify, outcome: result, note: note,
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) {
			if result == machine.Failed {
				u.AddReworkCount(1)
			}
		}})
}

// Close ends a verified case, and has its reporter asked for a rating. An officer of its district may.
// Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Close(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Close, note: note})
}

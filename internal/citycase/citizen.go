package citycase

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citycase"
	"citygraph/internal/audit"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Withdraw takes one's report back before it is dispatched. Its reporter may. Returns UNAUTHENTICATED,
// BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Withdraw(ctx context.Context, caseID, note string) (*db.CityCase, error) {
	return c.take(ctx, step{caseID: caseID, action: machine.Withdraw, note: note})
}

// Rate says in one to five stars how well a closed case was done, once for each time it is closed. Its
// reporter may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
func (c *Cases) Rate(ctx context.Context, caseID string, stars int, comment string) (*db.CityCase, error) {
	if viewer.From(ctx).SignedIn() && (stars < 1 || stars > 5) {
		return nil, fault.BadInput("stars", "请选择1到5颗星。", "Choose one to five stars.")
	}
	return c.take(ctx, step{
		caseID: caseID, action: machine.Rate, note: comment, noteField: "comment",
		check: func(_ context.Context, found *db.CityCase) error {
			if found.Rating != nil {
				return invalidTransition(found.Status)
			}
			return nil
		},
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) { u.SetRating(stars) },
	})
}

// Reopen says that a closed case is not mended, for a while and not for ever; it is filed again with a
// clock of its own. Its reporter may. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND, FORBIDDEN,
// INVALID_TRANSITION, REOPEN_LIMIT.
func (c *Cases) Reopen(ctx context.Context, caseID, reason string) (*db.CityCase, error) {
	now := c.Clock.Now()
	due := now
	return c.take(ctx, step{
		caseID: caseID, action: machine.Reopen, note: reason, noteField: "reason",
		check: func(ctx context.Context, found *db.CityCase) error {
			if !reopens(found, now) {
				return fault.New(fault.ReopenLimit).At("caseId")
			}
			category, err := c.DB.CaseCategory.Get(ctx, found.CategoryID)
			if err != nil {
				return fmt.Errorf("load category: %w", err)
			}
			due = dueAfter(now, category.SLAHours)
			return nil
		},
		change: func(u *db.CityCaseUpdate, _ *db.CityCase) {
			u.AddReopenCount(1).SetDueAt(due).SetEscalation(onTime).ClearClosedAt().ClearOpenSeconds().
				ClearRating().ClearUnit().ClearAssigneeID().ClearResolverID()
		},
	})
}

// Note is something that has become known of a case.
type Note struct {
	Key      uuid.UUID `json:"-"` // the idempotency key
	CaseID   string
	Text     string
	Internal bool     // for officers only
	PhotoIDs []string `json:",omitempty"` // of what is wrong, uploaded by the viewer
}

// AddUpdate adds what has become known to an open case. Its reporter may, and the officers of its
// district, who alone may write for each other. Returns UNAUTHENTICATED, BAD_USER_INPUT, NOT_FOUND,
// FORBIDDEN, INVALID_TRANSITION, IDEMPOTENCY_KEY_REUSED.
func (c *Cases) AddUpdate(ctx context.Context, n Note) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	request := idempotency.Request{Key: n.Key, Operation: "addCaseUpdate", Input: n}
	note, err := text("note", n.Text, 1, maxNote)
	if err != nil {
		return nil, err
	}
	if err := checkPhotoIDs(n.PhotoIDs); err != nil {
		return nil, err
	}
	return c.once(ctx, request, n.CaseID, func(ctx context.Context) error {
		return c.takeIn(ctx, step{
			caseID: n.CaseID, action: machine.Update, note: note, noteField: "note", internal: n.Internal, photoIDs: n.PhotoIDs,
			check: func(ctx context.Context, found *db.CityCase) error {
				if n.Internal && !viewer.From(ctx).HasAt(viewer.CaseOfficer, found.DistrictID) {
					return fault.New(fault.Forbidden).At("audience")
				}
				return c.checkReported(ctx, n.PhotoIDs)
			},
		})
	})
}

// once runs do once for the key and returns the case.
func (c *Cases) once(ctx context.Context, r idempotency.Request, caseID string, do func(context.Context) error) (*db.CityCase, error) {
	_, err := c.Once.Once(ctx, r, func(ctx context.Context) (string, error) { return caseID, do(ctx) })
	if err != nil {
		return nil, err
	}
	return c.DB.CityCase.Get(ctx, caseID)
}

// Support says that a case troubles the viewer too, and has them told of its public steps. Anyone signed
// in may who did not report it, on a case the public sees; saying so again changes nothing. Returns
// UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION, IDEMPOTENCY_KEY_REUSED.
func (c *Cases) Support(ctx context.Context, key uuid.UUID, caseID string) (*db.CityCase, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	request := idempotency.Request{Key: key, Operation: "supportCase", Input: caseID}
	return c.once(ctx, request, caseID, func(ctx context.Context) error {
		found, err := c.locked(ctx, caseID, "caseId")
		if err != nil {
			return err
		}
		if _, err := c.edge(ctx, found, step{action: machine.Support}); err != nil {
			return err
		}
		return c.addSupporter(ctx, found, viewer.From(ctx).PersonID)
	})
}

// addSupporter counts a person among the supporters of a locked case, once.
func (c *Cases) addSupporter(ctx context.Context, found *db.CityCase, personID string) error {
	system := viewer.AsSystem(ctx, "whoever follows a case changes its count, and not the case")
	known, err := c.DB.CaseSupporter.Query().
		Where(casesupporter.CityCaseID(found.ID), casesupporter.PersonID(personID)).Exist(system)
	if err != nil || known {
		return err
	}
	if err := c.DB.CaseSupporter.Create().SetCityCaseID(found.ID).SetPersonID(personID).Exec(system); err != nil {
		return fmt.Errorf("add supporter: %w", err)
	}
	err = c.DB.CityCase.Update().
		Where(citycase.ID(found.ID), citycase.StatusIn(machine.From(machine.Support)...)).AddSupporters(1).Exec(system)
	if err != nil {
		return fmt.Errorf("count supporter: %w", err)
	}
	return audit.Record(ctx, c.DB, audit.Deed{Action: machine.Support.Mutation(), Subject: personID, TargetID: found.ID})
}

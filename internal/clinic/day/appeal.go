package day

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Plea is an appeal against a suspension.
type Plea struct {
	SuspensionID string
	Reason       bookingsuspension.AppealReason
	OnBehalfOf   *string
}

// Appeal asks for a suspension that lasts to be lifted, once. Who is suspended may, and who may book for them. Returns
// UNAUTHENTICATED, DELEGATION_SCOPE, NOT_FOUND, INVALID_TRANSITION.
func (d *Day) Appeal(ctx context.Context, p Plea) (*db.BookingSuspension, error) {
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		ctx, err := d.For(ctx, p.OnBehalfOf, scope.Book)
		if err != nil {
			return fault.From(err).At("onBehalfOf")
		}
		s, err := asked(d.DB.BookingSuspension.Query().
			Where(bookingsuspension.ID(p.SuspensionID), bookingsuspension.PatientID(viewer.From(ctx).Subject())).Only(system(ctx)))
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		changed, err := d.DB.BookingSuspension.Update().Where(
			bookingsuspension.ID(s.ID), bookingsuspension.StatusEQ(bookingsuspension.StatusActive),
			bookingsuspension.AppealedAtIsNil(), bookingsuspension.EndsAtGT(now),
		).SetAppealReason(p.Reason).SetAppealedAt(now).SetUpdatedAt(now).Save(system(ctx))
		switch {
		case err != nil:
			return fmt.Errorf("appeal: %w", err)
		case changed == 0:
			return fault.New(fault.InvalidTransition).Say("该暂停已结束，或已申诉过。", "It is over, or an appeal was made before.")
		}
		return audit.Record(ctx, d.DB, audit.Deed{Action: "appealSuspension", Subject: s.PatientID, TargetID: s.ID})
	})
	if err != nil {
		return nil, err
	}
	return asked(d.DB.BookingSuspension.Get(ctx, p.SuspensionID))
}

// Decide accepts an appeal, which lifts the suspension, or rejects it, and has the person told. An administrator may, but not
// their own. Returns UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, SAME_ACTOR, INVALID_TRANSITION for one that does not wait.
func (d *Day) Decide(ctx context.Context, suspensionID string, outcome bookingsuspension.AppealOutcome) (*db.BookingSuspension, error) {
	if err := mayDecide(ctx); err != nil {
		return nil, err
	}
	err := d.Store.InTx(ctx, func(ctx context.Context) error {
		s, err := asked(d.DB.BookingSuspension.Get(system(ctx), suspensionID))
		if err != nil {
			return err
		}
		me := viewer.From(ctx).PersonID
		if s.PatientID == me {
			return fault.New(fault.SameActor).Say("不能裁决自己的申诉。", "Nobody decides an appeal of their own.")
		}
		now, accepted := d.Clock.Now(), outcome == bookingsuspension.AppealOutcomeAccepted
		update := d.DB.BookingSuspension.Update().
			Where(bookingsuspension.ID(s.ID), bookingsuspension.AppealedAtNotNil(), bookingsuspension.AppealOutcomeIsNil()).
			SetAppealOutcome(outcome).SetDecidedAt(now).SetDecidedByID(me).SetUpdatedAt(now)
		if accepted {
			update.SetStatus(bookingsuspension.StatusLifted)
		}
		changed, err := update.Save(system(ctx))
		switch {
		case err != nil:
			return fmt.Errorf("decide appeal: %w", err)
		case changed == 0:
			return fault.New(fault.InvalidTransition).Say("没有待裁决的申诉。", "No appeal waits to be decided.")
		}
		if err := audit.Record(ctx, d.DB, audit.Deed{Action: "decideAppeal", Subject: s.PatientID, TargetID: s.ID}); err != nil {
			return err
		}
		return d.Events.Emit(ctx, AppealDecided{s.PatientID, s.ID, accepted, s.EndsAt})
	})
	if err != nil {
		return nil, err
	}
	return asked(d.DB.BookingSuspension.Get(ctx, suspensionID))
}

func asked(s *db.BookingSuspension, err error) (*db.BookingSuspension, error) {
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound).At("suspensionId").Because(err)
	case err != nil:
		return nil, fmt.Errorf("load suspension: %w", err)
	}
	return s, nil
}

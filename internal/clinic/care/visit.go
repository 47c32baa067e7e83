package care

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/predicate"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

const (
	wishAhead     = 14 * 24 * time.Hour // how far ahead a visit may be wished for
	scheduleAhead = 60 * 24 * time.Hour // how far ahead one may be scheduled
)

// VisitRequest asks for a visit at home.
type VisitRequest struct {
	Key        uuid.UUID `json:"-"`
	Reason     carevisit.Reason
	From, To   time.Time // when it would suit
	OnBehalfOf *string
}

// VisitMoved tells that a visit was asked for, or has moved on. What it is for is not in it.
type VisitMoved struct {
	VisitID, PatientID string
	Clinic             lang.Text
	To                 carevisit.Status
	At                 time.Time // of a scheduled one
	ByClinic           bool
	Staff              []string // of the clinic and on duty, when the patient's side moved it
}

// visitEdges are the steps of a visit; each action has one.
var visitEdges = map[VisitAction][]edge[carevisit.Status]{
	ScheduleVisit: {{from: []carevisit.Status{carevisit.StatusRequested}, to: carevisit.StatusScheduled, staff: true}},
	CompleteVisit: {{from: []carevisit.Status{carevisit.StatusScheduled}, to: carevisit.StatusCompleted, staff: true}},
	DeclineVisit: {{
		from: []carevisit.Status{carevisit.StatusRequested, carevisit.StatusScheduled}, to: carevisit.StatusDeclined, staff: true,
	}},
	CancelVisit: {{
		from: []carevisit.Status{carevisit.StatusRequested, carevisit.StatusScheduled}, to: carevisit.StatusCancelled, patient: true,
	}},
}

// visitNames are the mutations that do the actions.
var visitNames = map[VisitAction]string{
	ScheduleVisit: "scheduleHomeVisit", CompleteVisit: "completeHomeVisit", DeclineVisit: "declineHomeVisit", CancelVisit: "cancelHomeVisit",
}

// VisitActions are what the viewer, who sees the visit, can do to it.
func VisitActions(ctx context.Context, v *db.CareVisit) []VisitAction {
	staff := works(viewer.From(ctx), v.ClinicID, v.PatientID)
	actions := []VisitAction{}
	for _, a := range []VisitAction{ScheduleVisit, CompleteVisit, DeclineVisit, CancelVisit} {
		if _, ok := step(visitEdges[a], v.Status, staff); ok {
			actions = append(actions, a)
		}
	}
	return actions
}

// RequestVisit asks the clinic of the patient's contract for a visit at home. The patient may, and who books for them. Returns
// UNAUTHENTICATED; DELEGATION_SCOPE; BAD_USER_INPUT unless the time begins in the future and ends after that, within 14 days
// from now; CARE_CONTRACT_REQUIRED without a contract in force; and IDEMPOTENCY_KEY_REUSED.
func (o *Office) RequestVisit(ctx context.Context, r VisitRequest) (*db.CareVisit, error) {
	now := o.Clock.Now()
	switch {
	case !viewer.From(ctx).SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !r.From.After(now):
		return nil, fault.BadInput("preferredFrom", "期望时间必须晚于现在。", "The time must begin in the future.")
	case !r.To.After(r.From) || r.To.After(now.Add(wishAhead)):
		return nil, fault.BadInput("preferredTo", "期望时间应在14天以内，且结束晚于开始。", "The time must end after it begins, and within 14 days.")
	}
	r.From, r.To = r.From.UTC(), r.To.UTC()
	made, err := o.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "requestHomeVisit", Input: r}, func(ctx context.Context) (string, error) {
		return o.requestVisit(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.CareVisit.Get(ctx, made)
	return found(row, err, "onBehalfOf")
}

func (o *Office) requestVisit(ctx context.Context, r VisitRequest) (string, error) {
	patient, err := o.patient(ctx, r.OnBehalfOf)
	if err != nil {
		return "", err
	}
	now := o.Clock.Now()
	contract, err := o.DB.CareContract.Query().Where(
		carecontract.PatientID(patient), carecontract.StateEQ(carecontract.StateActive),
		carecontract.ValidFromLTE(now), carecontract.ValidToGT(now),
	).WithClinic().First(system(ctx))
	if db.IsNotFound(err) {
		return "", fault.New(fault.CareContractRequired)
	}
	if err != nil {
		return "", fmt.Errorf("look for the contract: %w", err)
	}
	visitID := id.New(id.CareVisit)
	err = o.DB.CareVisit.Create().SetID(visitID).SetPatientID(patient).SetPatientName(contract.PatientName).
		SetClinicID(contract.ClinicID).SetContractID(contract.ID).SetReason(r.Reason).
		SetPreferredFrom(r.From).SetPreferredTo(r.To).SetCreatedAt(now).SetUpdatedAt(now).Exec(system(ctx))
	if err != nil {
		return "", fmt.Errorf("write visit: %w", err)
	}
	return visitID, o.visitMoved(ctx, "requestHomeVisit", VisitMoved{
		VisitID: visitID, PatientID: patient, Clinic: contract.Edges.Clinic.Name, To: carevisit.StatusRequested,
	}, contract.ClinicID)
}

// Schedule sets when a visit that was asked for takes place. Staff of the clinic may; the patient's side is told. Returns what
// MoveVisit does, and BAD_USER_INPUT unless the time is in the future, within sixty days.
func (o *Office) Schedule(ctx context.Context, visitID string, at time.Time) (*db.CareVisit, error) {
	now := o.Clock.Now()
	if viewer.From(ctx).SignedIn() && (!at.After(now) || at.After(now.Add(scheduleAhead))) {
		return nil, fault.BadInput("at", "上门时间应在未来60天以内。", "The time must be in the future, within sixty days.")
	}
	return o.moveVisit(ctx, visitID, ScheduleVisit, &at)
}

// MoveVisit completes, declines or cancels a visit. Staff of the clinic complete what is SCHEDULED and decline what is to
// come; the patient, and who books for them, cancel it. The other side is told. Returns UNAUTHENTICATED, NOT_FOUND for one the
// viewer does not see, FORBIDDEN for a step that is the other side's, INVALID_TRANSITION naming the status.
func (o *Office) MoveVisit(ctx context.Context, visitID string, a VisitAction) (*db.CareVisit, error) {
	return o.moveVisit(ctx, visitID, a, nil)
}

func (o *Office) moveVisit(ctx context.Context, visitID string, a VisitAction, at *time.Time) (*db.CareVisit, error) {
	if err := asked(ctx, visitID, id.CareVisit, "careVisitId"); err != nil {
		return nil, err
	}
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		row, err := o.DB.CareVisit.Query().Where(carevisit.ID(visitID)).WithClinic().Only(ctx)
		v, err := found(row, err, "careVisitId")
		if err != nil {
			return err
		}
		return o.take(ctx, v, a, at)
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.CareVisit.Get(ctx, visitID)
	return found(row, err, "careVisitId")
}

// take does the step in the transaction of ctx.
func (o *Office) take(ctx context.Context, v *db.CareVisit, a VisitAction, at *time.Time) error {
	staff := works(viewer.From(ctx), v.ClinicID, v.PatientID)
	if err := o.side(ctx, v.PatientID, staff, open(visitEdges[a], staff)); err != nil {
		return err
	}
	e := visitEdges[a][0]
	update := o.DB.CareVisit.Update().Where(carevisit.ID(v.ID), carevisit.StatusIn(e.from...)).SetStatus(e.to).SetUpdatedAt(o.Clock.Now())
	if at != nil {
		update.SetScheduledAt(at.UTC())
	}
	moved, err := update.Save(system(ctx))
	switch {
	case err != nil:
		return fmt.Errorf("move visit: %w", err)
	case moved == 0:
		now, err := o.DB.CareVisit.Get(system(ctx), v.ID)
		if err != nil {
			return fmt.Errorf("load visit: %w", err)
		}
		return notNow(now.Status)
	}
	told := VisitMoved{VisitID: v.ID, PatientID: v.PatientID, Clinic: v.Edges.Clinic.Name, To: e.to, ByClinic: staff}
	if at != nil {
		told.At = *at
	}
	return o.visitMoved(ctx, visitNames[a], told, v.ClinicID)
}

// cancelVisits ends those that are still to come, with what they rest on.
func (o *Office) cancelVisits(ctx context.Context, of predicate.CareVisit) error {
	err := o.DB.CareVisit.Update().Where(of, carevisit.StatusIn(carevisit.StatusRequested, carevisit.StatusScheduled)).
		SetStatus(carevisit.StatusCancelled).SetUpdatedAt(o.Clock.Now()).Exec(system(ctx))
	if err != nil {
		return fmt.Errorf("cancel visits: %w", err)
	}
	return nil
}

// visitMoved writes down and tells what was done.
func (o *Office) visitMoved(ctx context.Context, action string, e VisitMoved, clinicID string) error {
	if err := audit.Record(ctx, o.DB, audit.Deed{Action: action, Subject: e.PatientID, TargetID: e.VisitID}); err != nil {
		return err
	}
	if !e.ByClinic {
		var err error
		if e.Staff, err = o.staff(ctx, clinicID, true); err != nil {
			return err
		}
	}
	return o.Events.Emit(ctx, e)
}

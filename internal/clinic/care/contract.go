package care

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/schedule"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

// longest is for how many months a contract may be asked for.
const longest = 36

// ContractRequest asks a clinic for a family doctor.
type ContractRequest struct {
	Key            uuid.UUID `json:"-"`
	ClinicID       string
	PractitionerID string
	OnBehalfOf     *string
	Months         int
}

// ContractMoved tells that a contract was asked for, accepted, declined or ended.
type ContractMoved struct {
	ContractID, PatientID string
	Clinic                lang.Text
	To                    Status
	ByClinic              bool
	Staff                 []string // of the clinic and on duty, when the patient's side moved it
}

// edge is one step of a state machine: from where it leads, to where, and whose it is.
type edge[S comparable] struct {
	from    []S
	to      S
	staff   bool // the clinic's staff may
	patient bool // the patient may, and who books for them
}

// contractEdges are the steps of a contract.
var contractEdges = map[ContractAction][]edge[Status]{
	AcceptContract:  {{from: []Status{Proposed}, to: Active, staff: true}},
	DeclineContract: {{from: []Status{Proposed}, to: Declined, staff: true}},
	EndContract: {
		{from: []Status{Active}, to: Ended, staff: true, patient: true},
		{from: []Status{Proposed}, to: Declined, patient: true}, // taken back: it never was in force
	},
}

// StatusAt is where the contract stands at the instant.
func StatusAt(c *db.CareContract, now time.Time) Status {
	if (c.State == carecontract.StateActive || c.State == carecontract.StateProposed) && !now.Before(c.ValidTo) {
		return Expired
	}
	return Status(c.State)
}

// ContractStatus is where the contract stands now.
func (o *Office) ContractStatus(c *db.CareContract) Status { return StatusAt(c, o.Clock.Now()) }

// ContractActions are what the viewer, who sees the contract, can do to it now.
func (o *Office) ContractActions(ctx context.Context, c *db.CareContract) []ContractAction {
	staff, status := works(viewer.From(ctx), c.ClinicID, c.PatientID), o.ContractStatus(c)
	actions := []ContractAction{}
	for _, a := range []ContractAction{AcceptContract, DeclineContract, EndContract} {
		if _, ok := step(contractEdges[a], status, staff); ok {
			actions = append(actions, a)
		}
	}
	return actions
}

// step is the edge that leads on from the status for that side.
func step[S comparable](edges []edge[S], from S, staff bool) (edge[S], bool) {
	for _, e := range edges {
		if slices.Contains(e.from, from) && (staff && e.staff || !staff && e.patient) {
			return e, true
		}
	}
	return edge[S]{}, false
}

// open tells whether any step of these is ever that side's.
func open[S comparable](edges []edge[S], staff bool) bool {
	return slices.ContainsFunc(edges, func(e edge[S]) bool { return staff && e.staff || !staff && e.patient })
}

// RequestContract asks the clinic for a contract with one of its practitioners, from now to the end of the day so many months
// ahead. The patient may, and who books for them. Returns UNAUTHENTICATED; DELEGATION_SCOPE; NOT_FOUND unless the practitioner
// treats at the clinic; BAD_USER_INPUT for less than a month or more than 36; REAL_NAME_REQUIRED; INVALID_TRANSITION while
// another contract of theirs is asked for or in force; and IDEMPOTENCY_KEY_REUSED.
func (o *Office) RequestContract(ctx context.Context, r ContractRequest) (*db.CareContract, error) {
	if err := asked(ctx, r.ClinicID, id.Clinic, "clinicId"); err != nil {
		return nil, err
	}
	if err := asked(ctx, r.PractitionerID, id.Practitioner, "practitionerId"); err != nil {
		return nil, err
	}
	if r.Months < 1 || r.Months > longest {
		return nil, fault.BadInput("months", "签约期限为1到36个月。", "A contract lasts from one to 36 months.")
	}
	made, err := o.Once.Once(ctx, idempotency.Request{Key: r.Key, Operation: "requestCareContract", Input: r}, func(ctx context.Context) (string, error) {
		return o.requestContract(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.CareContract.Get(ctx, made)
	return found(row, err, "onBehalfOf")
}

func (o *Office) requestContract(ctx context.Context, r ContractRequest) (string, error) {
	patient, err := o.patient(ctx, r.OnBehalfOf)
	if err != nil {
		return "", err
	}
	treats, err := o.DB.Schedule.Query().Where(schedule.ClinicID(r.ClinicID), schedule.PractitionerID(r.PractitionerID)).WithClinic().First(ctx)
	if db.IsNotFound(err) {
		return "", fault.New(fault.NotFound).At("practitionerId")
	}
	if err != nil {
		return "", fmt.Errorf("look for the practitioner: %w", err)
	}
	name, err := o.nameOf(ctx, patient)
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", fault.New(fault.RealNameRequired)
	}
	now := o.Clock.Now()
	standing, err := o.DB.CareContract.Query().Where(
		carecontract.PatientID(patient), carecontract.ValidToGT(now),
		carecontract.StateIn(carecontract.StateProposed, carecontract.StateActive),
	).Exist(system(ctx))
	switch {
	case err != nil:
		return "", fmt.Errorf("look for another contract: %w", err)
	case standing:
		return "", fault.New(fault.InvalidTransition).Say("已有签约或签约申请，请先结束。", "There is a contract or a request for one already. End it first.")
	}
	contractID := id.New(id.CareContract)
	err = o.DB.CareContract.Create().SetID(contractID).SetPatientID(patient).SetPatientName(name).
		SetClinicID(r.ClinicID).SetPractitionerID(r.PractitionerID).SetValidFrom(now).SetValidTo(endOf(now, r.Months)).
		SetCreatedAt(now).SetUpdatedAt(now).Exec(system(ctx))
	if err != nil {
		return "", fmt.Errorf("write contract: %w", err)
	}
	return contractID, o.contractMoved(ctx, "requestCareContract", ContractMoved{
		ContractID: contractID, PatientID: patient, Clinic: treats.Edges.Clinic.Name, To: Proposed,
	}, r.ClinicID)
}

// endOf is the midnight at the end of the day so many months after an instant.
func endOf(now time.Time, months int) time.Time {
	y, m, d := now.In(clock.Shanghai).Date()
	return time.Date(y, m+time.Month(months), d+1, 0, 0, 0, 0, clock.Shanghai).UTC()
}

// patient is for whom the viewer asks, within BOOK; whoever changes what their care rests on waits.
func (o *Office) patient(ctx context.Context, onBehalfOf *string) (string, error) {
	ctx, err := o.ForAny(ctx, onBehalfOf, patients)
	if err != nil {
		return "", fault.From(err).At("onBehalfOf")
	}
	personID := viewer.From(ctx).Subject()
	return personID, o.Store.Lock(ctx, lockOf(personID))
}

// MoveContract accepts, declines or ends a contract. Staff of the clinic accept and decline what is PROPOSED; either side ends
// what is ACTIVE, which cancels the visits that are still to come; the patient, and who books for them, also take a proposal
// back. The other side is told. Returns UNAUTHENTICATED, NOT_FOUND for one the viewer does not see, FORBIDDEN for a step that is
// the other side's, INVALID_TRANSITION naming the status.
func (o *Office) MoveContract(ctx context.Context, contractID string, a ContractAction) (*db.CareContract, error) {
	if err := asked(ctx, contractID, id.CareContract, "careContractId"); err != nil {
		return nil, err
	}
	err := o.Store.InTx(ctx, func(ctx context.Context) error {
		row, err := o.DB.CareContract.Query().Where(carecontract.ID(contractID)).WithClinic().Only(ctx)
		c, err := found(row, err, "careContractId")
		if err != nil {
			return err
		}
		return o.moveContract(ctx, c, a)
	})
	if err != nil {
		return nil, err
	}
	row, err := o.DB.CareContract.Get(ctx, contractID)
	return found(row, err, "careContractId")
}

// contractNames are the mutations that do the actions.
var contractNames = map[ContractAction]string{
	AcceptContract: "acceptCareContract", DeclineContract: "declineCareContract", EndContract: "endCareContract",
}

func (o *Office) moveContract(ctx context.Context, c *db.CareContract, a ContractAction) error {
	staff := works(viewer.From(ctx), c.ClinicID, c.PatientID)
	if err := o.side(ctx, c.PatientID, staff, open(contractEdges[a], staff)); err != nil {
		return err
	}
	if err := o.Store.Lock(ctx, lockOf(c.PatientID)); err != nil {
		return err
	}
	now := o.Clock.Now()
	moved := 0
	e, ok := step(contractEdges[a], StatusAt(c, now), staff)
	if ok {
		var err error
		moved, err = o.DB.CareContract.Update().
			Where(carecontract.ID(c.ID), carecontract.StateEQ(carecontract.State(e.from[0])), carecontract.ValidToGT(now)).
			SetState(carecontract.State(e.to)).SetUpdatedAt(now).Save(system(ctx))
		if err != nil {
			return fmt.Errorf("move contract: %w", err)
		}
	}
	if moved == 0 {
		now, err := o.DB.CareContract.Get(system(ctx), c.ID) // somebody may have been quicker
		if err != nil {
			return fmt.Errorf("load contract: %w", err)
		}
		return notNow(o.ContractStatus(now))
	}
	if e.to == Ended {
		if err := o.cancelVisits(ctx, carevisit.CareContractID(c.ID)); err != nil {
			return err
		}
	}
	return o.contractMoved(ctx, contractNames[a], ContractMoved{
		ContractID: c.ID, PatientID: c.PatientID, Clinic: c.Edges.Clinic.Name, To: e.to, ByClinic: staff,
	}, c.ClinicID)
}

// side fails unless the step is one of the viewer's side; a right to act for the patient holds until the transaction ends.
func (o *Office) side(ctx context.Context, patientID string, staff, theirs bool) error {
	if !staff {
		if _, err := o.ForAny(ctx, &patientID, patients); err != nil {
			return err
		}
	}
	if !theirs {
		return fault.New(fault.Forbidden)
	}
	return nil
}

// contractMoved writes down and tells what was done.
func (o *Office) contractMoved(ctx context.Context, action string, e ContractMoved, clinicID string) error {
	if err := audit.Record(ctx, o.DB, audit.Deed{Action: action, Subject: e.PatientID, TargetID: e.ContractID}); err != nil {
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

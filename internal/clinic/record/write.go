package record

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/healthrecord"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Finding is what a clinic writes: one of the four contents, and no other.
type Finding struct {
	Key           uuid.UUID
	AppointmentID string
	Corrects      *string // an earlier record of the clinic about the same patient, of the same kind

	Diagnosis    *Diagnosis
	Prescription *Prescription
	Laboratory   *LaboratoryResult
	Report       *MedicalReport
}

// content is the one that is given.
func (f Finding) content() (Content, error) {
	var given []Content
	if f.Diagnosis != nil {
		given = append(given, f.Diagnosis)
	}
	if f.Prescription != nil {
		given = append(given, f.Prescription)
	}
	if f.Laboratory != nil {
		given = append(given, f.Laboratory)
	}
	if f.Report != nil {
		given = append(given, f.Report)
	}
	if len(given) != 1 {
		return nil, fault.New(fault.BadUserInput).Say(
			"诊断、处方、检验、报告须且只能填写一项。", "Give exactly one of diagnosis, prescription, laboratory and report.")
	}
	return given[0], given[0].tidy()
}

// Add writes a finding into the patient's record. The staff of the visit's clinic may, from check-in until Days after its end. Nothing
// of it is kept but sealed. Returns UNAUTHENTICATED; FORBIDDEN for who is no clinic's staff; BAD_USER_INPUT; NOT_FOUND for a visit at
// another clinic, and for a record to be corrected that is not this clinic's about this patient; INVALID_TRANSITION before check-in and when
// the time is over; REAL_NAME_REQUIRED for a patient who is bound to no real name; IDEMPOTENCY_KEY_REUSED.
func (a *Archive) Add(ctx context.Context, f Finding) (*Record, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.ClinicStaff):
		return nil, fault.New(fault.Forbidden)
	}
	content, err := f.content()
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode a finding: %w", err)
	}
	// Requests are remembered by a digest of their input. A diagnosis could be guessed from a plain one.
	input := struct {
		AppointmentID, Digest string
		Corrects              *string
	}{f.AppointmentID, a.People.Vault.BlindIndex("health record", string(content.kind())+string(plain)), f.Corrects}
	made, err := a.Once.Once(ctx, idempotency.Request{Key: f.Key, Operation: "addHealthRecord", Input: input}, func(ctx context.Context) (string, error) {
		return a.add(ctx, f, content.kind(), plain)
	})
	if err != nil {
		return nil, err
	}
	return a.written(ctx, made)
}

func (a *Archive) add(ctx context.Context, f Finding, kind healthrecord.Kind, plain []byte) (string, error) {
	v := viewer.From(ctx)
	visit, err := a.hold(ctx, f.AppointmentID)
	switch {
	case err != nil:
		return "", err
	case visit == nil || !v.HasAt(viewer.ClinicStaff, visit.ClinicID):
		return "", fault.New(fault.NotFound).At("appointmentId")
	}
	if err := a.underWay(visit); err != nil {
		return "", err
	}
	if err := a.correctable(ctx, f.Corrects, visit, kind); err != nil {
		return "", err
	}
	if err := a.Store.LockShared(ctx, lockOf(visit.PatientID)); err != nil {
		return "", err
	}
	key, bound, err := a.People.Key(system(ctx), visit.PatientID)
	switch {
	case err != nil:
		return "", err
	case !bound:
		return "", fault.New(fault.RealNameRequired)
	}
	recordID := id.New(id.HealthRecord)
	sealed, err := key.Seal(place(recordID), plain)
	if err != nil {
		return "", err
	}
	err = a.DB.HealthRecord.Create().SetID(recordID).SetCreatedAt(a.Clock.Now()).
		SetPatientID(visit.PatientID).SetClinicID(visit.ClinicID).SetAppointmentID(visit.ID).SetAuthorID(v.PersonID).
		SetKind(kind).SetSealed(sealed).SetNillableCorrectsID(f.Corrects).Exec(system(ctx))
	if err != nil {
		return "", fmt.Errorf("write health record: %w", err)
	}
	return recordID, audit.Record(ctx, a.DB, audit.Deed{Action: "addHealthRecord", Subject: visit.PatientID, TargetID: recordID})
}

// correctable fails unless the record is the visit's clinic's about its patient, and of the kind.
func (a *Archive) correctable(ctx context.Context, recordID *string, visit *db.Appointment, kind healthrecord.Kind) error {
	if recordID == nil {
		return nil
	}
	found, err := a.DB.HealthRecord.Query().Where(
		healthrecord.ID(*recordID), healthrecord.PatientID(visit.PatientID), healthrecord.ClinicID(visit.ClinicID), healthrecord.KindEQ(kind),
	).Exist(system(ctx))
	if err != nil {
		return fmt.Errorf("look for what is corrected: %w", err)
	}
	if !found {
		return fault.New(fault.NotFound).At("corrects")
	}
	return nil
}

// written is a record for its author, who has just written it.
func (a *Archive) written(ctx context.Context, recordID string) (*Record, error) {
	row, err := a.DB.HealthRecord.Get(system(ctx), recordID)
	if err != nil || !viewer.From(ctx).HasAt(viewer.ClinicStaff, row.ClinicID) {
		return nil, fault.New(fault.NotFound).At("appointmentId").Because(err)
	}
	opened, err := a.open(ctx, row.PatientID, []*db.HealthRecord{row})
	if err != nil || len(opened) == 0 {
		return nil, err
	}
	return opened[0], nil
}

// place is where the content of a record stands.
func place(recordID string) vault.Place {
	return vault.Place{Table: healthrecord.Table, Column: healthrecord.FieldSealed, Row: recordID}
}

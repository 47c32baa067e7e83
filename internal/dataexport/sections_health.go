package dataexport

import (
	"context"
	"encoding/json"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// What was found stands in the file in clear.
type healthRecordFile struct {
	ID            string            `json:"id"`
	Kind          healthrecord.Kind `json:"kind"`
	ClinicID      string            `json:"clinicId"`
	AppointmentID string            `json:"appointmentId"`
	Corrects      *string           `json:"corrects"` // the record that this one puts right; null for most
	Content       json.RawMessage   `json:"content"`
	RecordedAt    time.Time         `json:"recordedAt"`
}

// healthRecords opens the person's record, which is noted like any other reading of it.
func (e *Exports) healthRecords(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	rows, err := e.DB.HealthRecord.Query().Where(healthrecord.PatientID(me)).Order(healthrecord.ByID()).All(ctx)
	if err != nil || len(rows) == 0 {
		return []healthRecordFile{}, err
	}
	reading := access.Reading{Of: me, Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeSelf}
	if err := access.Note(ctx, e.DB, reading); err != nil {
		return nil, err
	}
	key, _, err := e.Records.Key(viewer.AsSystem(ctx, "a person's record goes into their own export"), me)
	if err != nil {
		return nil, err
	}
	contents := make(map[string]json.RawMessage, len(rows))
	for _, r := range rows {
		at := vault.Place{Table: healthrecord.Table, Column: healthrecord.FieldSealed, Row: r.ID}
		if contents[r.ID], err = key.Open(at, r.Sealed); err != nil {
			return nil, err
		}
	}
	return each(rows, nil, func(r *db.HealthRecord) healthRecordFile {
		return healthRecordFile{r.ID, r.Kind, r.ClinicID, r.AppointmentID, r.CorrectsID, contents[r.ID], r.CreatedAt}
	})
}

package dataexport

import (
	"context"
	"encoding/json"
	"time"

	"citygraph/ent/db/bill"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// What paid a bill stands in the file of money. The receipt is a file of its own, which its link leads to.
type billFile struct {
	ID             string          `json:"id"`
	AppointmentID  string          `json:"appointmentId"`
	ClinicID       string          `json:"clinicId"`
	Status         bill.Status     `json:"status"`
	Lines          json.RawMessage `json:"lines"` // what you were asked to pay for
	Total          int64           `json:"total"`
	InsuranceShare int64           `json:"insuranceShare"`
	CreditShare    int64           `json:"creditShare"`
	SelfShare      int64           `json:"selfShare"`
	Refunded       int64           `json:"refunded"`
	PayerID        string          `json:"payerId"` // empty until it is paid
	DueAt          time.Time       `json:"dueAt"`
	PaidAt         *time.Time      `json:"paidAt"`     // null until it is paid
	RemindedAt     *time.Time      `json:"remindedAt"` // null until you were told that it is due
	CreatedAt      time.Time       `json:"createdAt"`
	UpdatedAt      time.Time       `json:"updatedAt"`
}

func (e *Exports) bills(ctx context.Context) (any, error) {
	me := viewer.From(ctx).PersonID
	rows, err := e.DB.Bill.Query().Where(bill.PatientID(me)).Order(bill.ByID()).All(ctx)
	if err != nil || len(rows) == 0 {
		return []billFile{}, err
	}
	key, _, err := e.Records.Key(viewer.AsSystem(ctx, "a person is given what their bills were for"), me)
	if err != nil {
		return nil, err
	}
	files := make([]billFile, len(rows))
	for i, b := range rows {
		lines, err := key.Open(vault.Place{Table: bill.Table, Column: bill.FieldSealed, Row: b.ID}, b.Sealed)
		if err != nil {
			return nil, err
		}
		files[i] = billFile{
			b.ID, b.AppointmentID, b.ClinicID, b.Status, lines, b.Total, b.InsuranceShare, b.CreditShare, b.SelfShare, b.Refunded,
			b.PayerID, b.DueAt, b.PaidAt, b.RemindedAt, b.CreatedAt, b.UpdatedAt,
		}
	}
	return files, nil
}

// Package personal keeps what identifies people: sealed, one key for each person, and opened for that
// person alone.
package personal

import (
	"context"
	"encoding/json"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/resident"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Data is what identifies a person, in clear. It shows nothing when printed.
type Data struct {
	Name      string       `json:"name"`
	IDNumber  string       `json:"idNumber"`  // resident number, eighteen characters
	BirthDate string       `json:"birthDate"` // YYYY-MM-DD
	Sex       resident.Sex `json:"sex"`
	Phone     string       `json:"phone,omitempty"` // mainland mobile number, eleven digits
}

// String hides the data from logs.
func (Data) String() string { return "[personal data]" }

// GoString hides the data from %#v.
func (d Data) GoString() string { return d.String() }

// Records seal and open personal data.
type Records struct {
	DB    *db.Client
	Store *store.Store
	Vault *vault.Vault
}

// Builder makes the row of a person's data, for the caller to save.
func (r *Records) Builder(personID string, d Data) (*db.PersonalDataCreate, error) {
	row := id.New(id.PersonalData)
	key, value, err := r.seal(row, d)
	if err != nil {
		return nil, err
	}
	return r.DB.PersonalData.Create().SetID(row).SetPersonID(personID).
		SetDataKey(key).SetSealed(value).SetIDNumberIndex(r.Index(d.IDNumber)), nil
}

// Index is what an id number is looked up by.
func (r *Records) Index(idNumber string) string { return r.Vault.BlindIndex("id number", idNumber) }

// Mine opens the data of the person if the viewer is that person, and writes into the audit log that
// they were read. Nil for anybody else, and for who is not bound by real name yet.
func (r *Records) Mine(ctx context.Context, personID string) (*Data, error) {
	if v := viewer.From(ctx); !v.SignedIn() || v.PersonID != personID {
		return nil, nil //nolint:nilnil // null is the contract's word for "not yours to read"
	}
	row, err := r.DB.PersonalData.Query().Where(personaldata.PersonID(personID)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil //nolint:nilnil // and for "not bound yet"
	}
	if err != nil {
		return nil, fmt.Errorf("load personal data: %w", err)
	}
	d, err := r.open(row)
	if err != nil {
		return nil, err
	}
	return &d, audit.Record(ctx, r.DB, audit.Deed{Action: "readPersonalData", Subject: personID, TargetID: row.ID})
}

const (
	keyColumn   = personaldata.FieldDataKey
	valueColumn = personaldata.FieldSealed
)

func at(column, row string) vault.Place {
	return vault.Place{Table: personaldata.Table, Column: column, Row: row}
}

// seal makes a fresh data key for the row and seals the data under it.
func (r *Records) seal(row string, d Data) (wrapped, sealed []byte, err error) {
	plain, err := json.Marshal(d)
	if err != nil {
		return nil, nil, fmt.Errorf("encode personal data: %w", err)
	}
	key, wrapped, err := r.Vault.NewDataKey(at(keyColumn, row))
	if err != nil {
		return nil, nil, err
	}
	sealed, err = r.Vault.Seal(key, at(valueColumn, row), plain)
	return wrapped, sealed, err
}

func (r *Records) open(row *db.PersonalData) (Data, error) {
	var d Data
	key, err := r.Vault.Unwrap(at(keyColumn, row.ID), row.DataKey)
	if err != nil {
		return d, fault.Internal(fmt.Errorf("data key of %s: %w", row.ID, err))
	}
	plain, err := r.Vault.Open(key, at(valueColumn, row.ID), row.Sealed)
	if err != nil {
		return d, fault.Internal(fmt.Errorf("personal data %s: %w", row.ID, err))
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		return d, fault.Internal(fmt.Errorf("decode personal data %s: %w", row.ID, err))
	}
	return d, nil
}

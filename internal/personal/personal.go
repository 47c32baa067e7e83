// Package personal keeps what identifies people: sealed, one key for each person, and opened for that
// person alone.
package personal

import (
	"context"
	"encoding/json"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
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
		SetDataKey(key).SetSealed(value).SetIDNumberIndex(r.Index(d.IDNumber)).SetPhoneIndex(r.PhoneIndex(d.Phone)), nil
}

// Index is what an id number is looked up by.
func (r *Records) Index(idNumber string) string { return r.Vault.BlindIndex("id number", idNumber) }

// PhoneIndex is what a phone number is looked up by; no number has none.
func (r *Records) PhoneIndex(phone string) string {
	if phone == "" {
		return ""
	}
	return r.Vault.BlindIndex("phone", phone)
}

// Of opens the data of a person for a verb that acts for the system, which answers for what it does with
// them. Found is false for who is not bound by real name; FORBIDDEN to anybody but the system.
func (r *Records) Of(ctx context.Context, personID string) (d Data, found bool, err error) {
	all, err := r.OfAll(ctx, personID)
	if err != nil {
		return d, false, err
	}
	d, found = all[personID]
	return d, found, nil
}

// OfAll is Of for several people by their ids, with one statement; who is not bound by real name is left
// out.
func (r *Records) OfAll(ctx context.Context, people ...string) (map[string]Data, error) {
	if _, system := viewer.From(ctx).System(); !system {
		return nil, fault.New(fault.Forbidden)
	}
	rows, err := r.DB.PersonalData.Query().Where(personaldata.PersonIDIn(people...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load personal data: %w", err)
	}
	opened := make(map[string]Data, len(rows))
	for _, row := range rows {
		if opened[row.PersonID], err = r.open(row); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

// ByPhone finds the person with the mobile number and the full name, for the system. Whether the number or
// the name is unknown is not told: found is false.
func (r *Records) ByPhone(ctx context.Context, phone, name string) (personID string, found bool, err error) {
	if _, system := viewer.From(ctx).System(); !system {
		return "", false, fault.New(fault.Forbidden)
	}
	rows, err := r.DB.PersonalData.Query().Where(personaldata.PhoneIndex(r.Vault.BlindIndex("phone", phone))).All(ctx)
	if err != nil {
		return "", false, fmt.Errorf("look up phone: %w", err)
	}
	for _, row := range rows {
		d, err := r.open(row)
		if err != nil {
			return "", false, err
		}
		if d.Name == name {
			return row.PersonID, true, nil
		}
	}
	return "", false, nil
}

// Mine opens the data of the person if the viewer is that person. Nil for anybody else, and for who is
// not bound by real name yet. The access log tells of every reading, and of every refused one.
func (r *Records) Mine(ctx context.Context, personID string) (*Data, error) {
	reading := access.Reading{Of: personID, Category: recordaccess.CategoryIdentity, Purpose: recordaccess.PurposeSelf}
	switch v := viewer.From(ctx); {
	case !v.SignedIn():
		return nil, nil //nolint:nilnil // null is the contract's word for "not yours to read"
	case v.PersonID != personID:
		reading.Purpose, reading.Outcome = recordaccess.PurposeUnstated, recordaccess.OutcomeRefused
		return nil, access.Note(ctx, r.DB, reading)
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
	if err := access.Note(ctx, r.DB, reading); err != nil {
		return nil, err
	}
	return &d, nil
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

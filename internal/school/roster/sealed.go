package roster

import (
	"encoding/json"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/rosteruser"
	"citygraph/internal/resident"
	"citygraph/internal/vault"
)

// said is what a roster says of somebody, in clear. It shows nothing when printed.
type said struct {
	Name     string       `json:"name"`
	IDNumber string       `json:"idNumber,omitempty"`
	Phone    string       `json:"phone,omitempty"`
	Birth    string       `json:"birthDate,omitempty"` // YYYY-MM-DD
	Sex      resident.Sex `json:"sex,omitempty"`
	Pupil    bool         `json:"pupil,omitempty"`
	Posts    []string     `json:"posts,omitempty"` // ids of schools somebody teaches at
	// Parts are the classes of a teacher whom nobody knows yet, which they get once they are known.
	Parts []part `json:"parts,omitempty"`
}

// part is a teacher's part in a class.
type part struct {
	Source string          `json:"source"` // the roster's identifier
	Class  string          `json:"class"`  // id
	Duty   enrollment.Duty `json:"duty"`
}

// String hides the data from logs.
func (said) String() string { return "[personal data]" }

// GoString hides the data from %#v.
func (s said) GoString() string { return s.String() }

const (
	keyColumn   = rosteruser.FieldDataKey
	valueColumn = rosteruser.FieldSealed
)

func place(column, row string) vault.Place {
	return vault.Place{Table: rosteruser.Table, Column: column, Row: row}
}

// seal makes a fresh data key for the row and seals what is said under it.
func (o *Office) seal(row string, s said) (wrapped, sealed []byte, err error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, nil, fmt.Errorf("encode a roster's user: %w", err)
	}
	key, wrapped, err := o.Records.Vault.NewDataKey(place(keyColumn, row))
	if err != nil {
		return nil, nil, err
	}
	sealed, err = o.Records.Vault.Seal(key, place(valueColumn, row), plain)
	return wrapped, sealed, err
}

// open opens what was said; nothing for who has been forgotten.
func (o *Office) open(u *db.RosterUser) (s said, err error) {
	if len(u.Sealed) == 0 {
		return s, nil
	}
	key, err := o.Records.Vault.Unwrap(place(keyColumn, u.ID), u.DataKey)
	if err != nil {
		return s, fmt.Errorf("data key of %s: %w", u.ID, err)
	}
	plain, err := o.Records.Vault.Open(key, place(valueColumn, u.ID), u.Sealed)
	if err != nil {
		return s, fmt.Errorf("roster user %s: %w", u.ID, err)
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, fmt.Errorf("decode roster user %s: %w", u.ID, err)
	}
	return s, nil
}

// fingerprint is the same for the same said again, and tells nothing to whoever lacks the key.
func (o *Office) fingerprint(s said, agents []string) (string, error) {
	s.Parts = nil
	text, err := json.Marshal(struct {
		said
		Agents []string `json:"agents"`
	}{s, agents})
	return o.Records.Vault.BlindIndex("roster user", string(text)), err
}

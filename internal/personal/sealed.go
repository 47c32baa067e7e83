package personal

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/fault"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Key seals and opens what other rooms keep of one person, under that person's own data key: once the person's data are gone,
// nothing sealed by it can be read again.
type Key struct {
	vault *vault.Vault
	key   vault.DataKey
}

// Seal seals a value for its place.
func (k Key) Seal(at vault.Place, plain []byte) ([]byte, error) {
	return k.vault.Seal(k.key, at, plain)
}

// Open opens a value at its place.
func (k Key) Open(at vault.Place, sealed []byte) ([]byte, error) {
	plain, err := k.vault.Open(k.key, at, sealed)
	if err != nil {
		return nil, fault.Internal(fmt.Errorf("%s %s: %w", at.Table, at.Row, err))
	}
	return plain, nil
}

// Key is the person's, for a verb that acts for the system and answers for what it does with it. Found is false for who is not
// bound by real name; FORBIDDEN to anybody but the system.
func (r *Records) Key(ctx context.Context, personID string) (k Key, found bool, err error) {
	if _, system := viewer.From(ctx).System(); !system {
		return k, false, fault.New(fault.Forbidden)
	}
	row, err := r.DB.PersonalData.Query().Where(personaldata.PersonID(personID)).
		Select(personaldata.FieldID, personaldata.FieldDataKey).Only(ctx)
	if db.IsNotFound(err) {
		return k, false, nil
	}
	if err != nil {
		return k, false, fmt.Errorf("load data key: %w", err)
	}
	key, err := r.Vault.Unwrap(at(keyColumn, row.ID), row.DataKey)
	if err != nil {
		return k, false, fault.Internal(fmt.Errorf("data key of %s: %w", row.ID, err))
	}
	return Key{r.Vault, key}, true, nil
}

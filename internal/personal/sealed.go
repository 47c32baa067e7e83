package personal

import (
	"context"
	"fmt"

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
	keys, err := r.Keys(ctx, personID)
	k, found = keys[personID]
	return k, found, err
}

// Keys are those of many persons at once, by the person; who is not bound by real name has none.
func (r *Records) Keys(ctx context.Context, personIDs ...string) (map[string]Key, error) {
	if _, system := viewer.From(ctx).System(); !system {
		return nil, fault.New(fault.Forbidden)
	}
	rows, err := r.DB.PersonalData.Query().Where(personaldata.PersonIDIn(personIDs...)).
		Select(personaldata.FieldID, personaldata.FieldPersonID, personaldata.FieldDataKey).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load data keys: %w", err)
	}
	keys := make(map[string]Key, len(rows))
	for _, row := range rows {
		key, err := r.Vault.Unwrap(at(keyColumn, row.ID), row.DataKey)
		if err != nil {
			return nil, fault.Internal(fmt.Errorf("data key of %s: %w", row.ID, err))
		}
		keys[row.PersonID] = Key{r.Vault, key}
	}
	return keys, nil
}

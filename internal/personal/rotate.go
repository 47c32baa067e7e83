package personal

import (
	"context"
	"encoding/json"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/viewer"
)

// rotateBatch is how many rows one transaction seals anew: few enough that nobody waits for its locks.
const rotateBatch = 100

// Rotate seals everything anew that is not under the current key and suite, and returns how many that were. A person keeps their
// data key, which is wrapped anew: other rooms have sealed under it. It works a batch at a time while the city serves: a reader
// sees a row as it was or as it is, and either opens. Interrupted, it goes on where it stood when it is
// run again. progress is told how many of total rows have been looked at; it may be nil.
func (r *Records) Rotate(ctx context.Context, progress func(done, total int)) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of personal data")
	total, err := r.DB.PersonalData.Query().Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count personal data: %w", err)
	}
	for done, last := 0, ""; ; {
		rows, err := r.DB.PersonalData.Query().Where(personaldata.IDGT(last)).
			Order(personaldata.ByID()).Limit(rotateBatch).All(ctx)
		if err != nil {
			return rotated, fmt.Errorf("load personal data: %w", err)
		}
		if len(rows) == 0 {
			return rotated, nil
		}
		n, err := r.rotateBatch(ctx, rows)
		if err != nil {
			return rotated, err
		}
		rotated, done, last = rotated+n, done+len(rows), rows[len(rows)-1].ID
		if progress != nil {
			progress(done, max(total, done))
		}
	}
}

func (r *Records) rotateBatch(ctx context.Context, rows []*db.PersonalData) (rotated int, err error) {
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		rotated = 0 // the transaction may be tried again
		for _, row := range rows {
			if r.Vault.Current(row.DataKey) {
				continue
			}
			d, err := r.open(row)
			if err != nil {
				return err
			}
			key, sealed, err := r.reseal(row, d)
			if err != nil {
				return err
			}
			// Guarded by what was read: data that were changed or shredded meanwhile stay so.
			n, err := r.DB.PersonalData.Update().
				Where(personaldata.ID(row.ID), personaldata.DataKey(row.DataKey), personaldata.Sealed(row.Sealed)).
				SetDataKey(key).SetSealed(sealed).SetPhoneIndex(r.PhoneIndex(d.Phone)).Save(ctx)
			if err != nil {
				return fmt.Errorf("store %s: %w", row.ID, err)
			}
			rotated += n
		}
		return nil
	})
	return rotated, err
}

// reseal wraps a row's data key under the current key, and seals the data under it by the current suite.
func (r *Records) reseal(row *db.PersonalData, d Data) (wrapped, sealed []byte, err error) {
	key, err := r.Vault.Unwrap(at(keyColumn, row.ID), row.DataKey)
	if err != nil {
		return nil, nil, err
	}
	if wrapped, err = r.Vault.Rewrap(at(keyColumn, row.ID), row.DataKey); err != nil {
		return nil, nil, err
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return nil, nil, fmt.Errorf("encode personal data: %w", err)
	}
	sealed, err = r.Vault.Seal(key, at(valueColumn, row.ID), plain)
	return wrapped, sealed, err
}

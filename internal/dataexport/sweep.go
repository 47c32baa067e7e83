package dataexport

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"citygraph/ent/db/dataexport"
	"citygraph/internal/viewer"
)

// Round is the job that removes files whose time is over.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "export.sweep" }

// Sweep ends the exports whose time is over, gives up those that a job has not finished in a day, forgets
// the old, and removes every file that no live export stands for, such as one of an account that has
// ended. It may run any number of times, on any number of replicas.
func (e *Exports) Sweep(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "exports end when their time is over")
	now := e.Clock.Now()
	return errors.Join(
		e.DB.DataExport.Update().
			Where(dataexport.StatusEQ(dataexport.StatusReady), dataexport.ExpiresAtLTE(now)).
			SetStatus(dataexport.StatusExpired).ClearDataKey().Exec(ctx),
		e.DB.DataExport.Update().
			Where(dataexport.StatusEQ(dataexport.StatusPreparing), dataexport.CreatedAtLTE(now.Add(-interval))).
			SetStatus(dataexport.StatusFailed).ClearDataKey().Exec(ctx),
		e.forgetOld(ctx),
		e.removeOrphans(ctx),
	)
}

func (e *Exports) forgetOld(ctx context.Context) error {
	_, err := e.DB.DataExport.Delete().
		Where(dataexport.StatusIn(dataexport.StatusExpired, dataexport.StatusFailed),
			dataexport.CreatedAtLT(e.Clock.Now().Add(-remember))).
		Exec(ctx)
	return err
}

// removeBatch is how many files one statement asks about.
const removeBatch = 500

// removeOrphans looks from the files to the rows: a file is written before its row says so, and a row may
// go at any time, so a file that has no live row is found whatever happened in between.
func (e *Exports) removeOrphans(ctx context.Context) error {
	var batch []string
	err := e.Files.List(ctx, Kind+"/", func(name string) error {
		batch = append(batch, strings.TrimPrefix(name, Kind+"/"))
		if len(batch) < removeBatch {
			return nil
		}
		full := batch
		batch = nil
		return e.removeDead(ctx, full)
	})
	if err != nil {
		return err
	}
	return e.removeDead(ctx, batch)
}

func (e *Exports) removeDead(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	live, err := e.DB.DataExport.Query().
		Where(dataexport.IDIn(ids...), dataexport.StatusIn(dataexport.StatusPreparing, dataexport.StatusReady)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for live exports: %w", err)
	}
	keep := make(map[string]bool, len(live))
	for _, id := range live {
		keep[id] = true
	}
	for _, id := range ids {
		if keep[id] {
			continue
		}
		if err := e.Files.Delete(ctx, fileName(id)); err != nil {
			return err
		}
	}
	return nil
}

// Forget deletes the exports of a person whose account has ended, in the transaction of ctx. With their
// keys gone the files cannot be opened from the commit on; the next sweep removes them.
func (e *Exports) Forget(ctx context.Context, personID string) error {
	_, err := e.DB.DataExport.Delete().Where(dataexport.PersonID(personID)).
		Exec(viewer.AsSystem(ctx, "an export ends with the account"))
	if err != nil {
		return fmt.Errorf("delete exports: %w", err)
	}
	return nil
}

// Rotate wraps the keys of live exports anew under the current key-encryption key, while replicas serve,
// and returns how many that were. The files stay as they are; they last a day.
func (e *Exports) Rotate(ctx context.Context) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of exports")
	rows, err := e.DB.DataExport.Query().Where(dataexport.DataKeyNotNil()).All(ctx)
	if err != nil {
		return 0, fmt.Errorf("load exports: %w", err)
	}
	for _, row := range rows {
		if e.Vault.Current(row.DataKey) {
			continue
		}
		wrapped, err := e.Vault.Rewrap(keyPlace(row.ID), row.DataKey)
		if err != nil {
			return rotated, fmt.Errorf("key of %s: %w", row.ID, err)
		}
		// Guarded by what was read: a key that went meanwhile stays gone.
		n, err := e.DB.DataExport.Update().Where(dataexport.ID(row.ID), dataexport.DataKey(row.DataKey)).SetDataKey(wrapped).Save(ctx)
		if err != nil {
			return rotated, fmt.Errorf("store key of %s: %w", row.ID, err)
		}
		rotated += n
	}
	return rotated, nil
}

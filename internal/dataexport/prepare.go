package dataexport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/dataexport"
	"citygraph/internal/audit"
	"citygraph/internal/blobstore"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/jobs"
	"citygraph/internal/viewer"
)

// Args names the export a job prepares.
type Args struct {
	ExportID string `json:"export_id"`
}

// Kind is the job's stable name.
func (Args) Kind() string { return "export.prepare" }

// Attempts is how often a job tries before the export has failed: about a minute.
const Attempts = 6

// Ready happens when an export can be downloaded.
type Ready struct{ ExportID, PersonID string }

// Work is the worker that prepares an export: it collects, seals and stores the file, and then says that it
// is ready. Run again it makes the file again under the same key; an export that is ready, has failed or
// whose person is gone is left as it is.
func (e *Exports) Work(ctx context.Context, job jobs.Job[Args]) error {
	system := viewer.AsSystem(ctx, "prepare an export of a person's data")
	row, err := e.DB.DataExport.Get(system, job.Args.ExportID)
	if db.IsNotFound(err) {
		return nil // the account has ended
	}
	if err != nil {
		return fmt.Errorf("load export: %w", err)
	}
	if row.Status != dataexport.StatusPreparing {
		return nil
	}
	err = e.prepare(system, row)
	if err != nil && job.Last {
		return errors.Join(err, e.fail(system, row.ID))
	}
	return err
}

func (e *Exports) prepare(ctx context.Context, row *db.DataExport) error {
	plain, err := e.archive(viewer.With(ctx, &viewer.Viewer{PersonID: row.PersonID}))
	if err != nil {
		return fmt.Errorf("collect %s: %w", row.ID, err)
	}
	key, err := e.Vault.Unwrap(keyPlace(row.ID), row.DataKey)
	if err != nil {
		return fmt.Errorf("key of %s: %w", row.ID, err)
	}
	sealed, err := e.Vault.Seal(key, filePlace(row.ID), plain)
	if err != nil {
		return err
	}
	if err := e.Files.PutBytes(ctx, fileName(row.ID), "application/octet-stream", sealed); err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		n, err := e.DB.DataExport.Update().
			Where(dataexport.ID(row.ID), dataexport.StatusEQ(dataexport.StatusPreparing)).
			SetStatus(dataexport.StatusReady).SetSizeBytes(len(plain)).SetExpiresAt(e.Clock.Now().Add(life)).
			Save(ctx)
		if err != nil {
			return fmt.Errorf("finish export: %w", err)
		}
		if n == 0 { // another run was quicker, or the account has ended and the sweep removes the file
			return nil
		}
		return e.Events.Emit(ctx, Ready{ExportID: row.ID, PersonID: row.PersonID})
	})
}

// fail gives an export up, so that its person may ask for another.
func (e *Exports) fail(ctx context.Context, exportID string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := e.DB.DataExport.Update().
		Where(dataexport.ID(exportID), dataexport.StatusEQ(dataexport.StatusPreparing)).
		SetStatus(dataexport.StatusFailed).ClearDataKey().Exec(ctx)
	if err != nil {
		return fmt.Errorf("give export up: %w", err)
	}
	return nil
}

// Download is the source of files for signed links. The link has been checked and stands for the person it
// was given to; the row decides whether there is still something to give, and the deed is written into the
// audit log. Returns NOT_FOUND.
func (e *Exports) Download(ctx context.Context, exportID string) (*blobstore.File, error) {
	if !id.Is(exportID, id.DataExport) {
		return nil, fault.New(fault.NotFound)
	}
	row, err := e.DB.DataExport.Get(viewer.AsSystem(ctx, "a signed link stands for its person"), exportID)
	if db.IsNotFound(err) || err == nil && !downloadable(row, e.Clock.Now()) {
		return nil, fault.New(fault.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("load export: %w", err)
	}
	sealed, err := e.Files.ReadAll(ctx, fileName(row.ID))
	if err != nil {
		return nil, err
	}
	key, err := e.Vault.Unwrap(keyPlace(row.ID), row.DataKey)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", row.ID, err)
	}
	plain, err := e.Vault.Open(key, filePlace(row.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", row.ID, err)
	}
	person := viewer.With(ctx, &viewer.Viewer{PersonID: row.PersonID})
	return &blobstore.File{
		Name: "citygraph-my-data-" + row.CreatedAt.Format("20060102") + ".zip", Type: "application/zip", Content: bytes.NewReader(plain),
	}, audit.Record(person, e.DB, audit.Deed{Action: "downloadDataExport", Subject: row.PersonID, TargetID: row.ID})
}

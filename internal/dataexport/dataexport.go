// Package dataexport makes people a copy of everything the city keeps of them (个人信息保护法 第四十五条).
// The file is sealed as soon as it is made, under a key of its own that stands in its row: where the row
// goes, at the end of the account or of the file's time, nobody opens the file again.
package dataexport

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/dataexport"
	"citygraph/internal/audit"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/personal"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// Exports are the verbs of data exports.
type Exports struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Events  *event.Bus
	Once    idempotency.Ledger
	Records *personal.Records
	Vault   *vault.Vault
	Files   *blobstore.Store
	Links   blobstore.Links
	Prepare func(ctx context.Context, exportID string) error // enqueues the job in the transaction of ctx
	// Rosters tells what schools' rosters say of a person; may be nil.
	Rosters func(ctx context.Context, personID string) (any, error)
}

const (
	life     = 24 * time.Hour      // of a file, from when it is ready
	interval = 24 * time.Hour      // between two exports of one person
	remember = 30 * 24 * time.Hour // how long an export is listed
	linkLife = 10 * time.Minute    // of one link: who has it has everything
)

// Request asks for an export of the viewer's data, one a day; one that failed does not count. Anyone
// signed in may. Returns UNAUTHENTICATED, RATE_LIMITED, IDEMPOTENCY_KEY_REUSED.
func (e *Exports) Request(ctx context.Context, key uuid.UUID) (*db.DataExport, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	exportID, err := e.Once.Once(ctx, idempotency.Request{Key: key, Operation: "exportMyData"}, e.request)
	if err != nil {
		return nil, err
	}
	return e.DB.DataExport.Get(ctx, exportID)
}

func (e *Exports) request(ctx context.Context) (exportID string, err error) {
	me, now := viewer.From(ctx).PersonID, e.Clock.Now()
	// There may be no row yet to lock: of two requests at once the second sees what the first made.
	if err := e.Store.Lock(ctx, "data export of "+me); err != nil {
		return "", err
	}
	last, err := e.DB.DataExport.Query().
		Where(dataexport.PersonID(me), dataexport.StatusNEQ(dataexport.StatusFailed), dataexport.CreatedAtGT(now.Add(-interval))).
		Order(db.Desc(dataexport.FieldCreatedAt)).
		First(ctx)
	if err == nil {
		return "", fault.New(fault.RateLimited).
			Say("每天只能导出一次个人数据，请稍后再试。", "Data can be exported once a day. Please try again later.").
			After(last.CreatedAt.Add(interval).Sub(now))
	}
	if !db.IsNotFound(err) {
		return "", fmt.Errorf("look for earlier exports: %w", err)
	}
	exportID = id.New(id.DataExport)
	// The key is made with the row, so that a job that runs twice seals under the same one.
	_, wrapped, err := e.Vault.NewDataKey(keyPlace(exportID))
	if err != nil {
		return "", err
	}
	err = e.DB.DataExport.Create().SetID(exportID).SetCreatedAt(now).
		SetPersonID(me).SetStatus(dataexport.StatusPreparing).SetDataKey(wrapped).
		Exec(viewer.AsSystem(ctx, "a person asks for an export of their own data"))
	if err != nil {
		return "", fmt.Errorf("open export: %w", err)
	}
	if err := e.Prepare(ctx, exportID); err != nil {
		return "", err
	}
	return exportID, audit.Record(ctx, e.DB, audit.Deed{Action: "exportMyData", Subject: me, TargetID: exportID})
}

// Mine narrows a query to the viewer's exports, the newest first. UNAUTHENTICATED for a visitor.
func Mine(ctx context.Context, q *db.DataExportQuery) (*db.DataExportQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(dataexport.PersonID(v.PersonID)).Order(db.Desc(dataexport.FieldCreatedAt)), nil
}

// URL is a fresh link to the file for its person, good for ten minutes; nil for anybody else, and while
// there is nothing to download.
func (e *Exports) URL(ctx context.Context, row *db.DataExport) *string {
	now := e.Clock.Now()
	if row.PersonID != viewer.From(ctx).PersonID || !downloadable(row, now) {
		return nil
	}
	until := now.Add(linkLife)
	if row.ExpiresAt.Before(until) {
		until = *row.ExpiresAt
	}
	link := e.Links.To(fileName(row.ID), until)
	return &link
}

func downloadable(row *db.DataExport, now time.Time) bool {
	return row.Status == dataexport.StatusReady && row.ExpiresAt != nil && now.Before(*row.ExpiresAt)
}

// Kind is the kind of files the exports are, and their folder in the store.
const Kind = "exports"

func fileName(exportID string) string { return Kind + "/" + exportID }

// keyPlace is where the wrapped key of a file stands.
func keyPlace(exportID string) vault.Place {
	return vault.Place{Table: dataexport.Table, Column: dataexport.FieldDataKey, Row: exportID}
}

// filePlace binds a sealed file to its export.
func filePlace(exportID string) vault.Place {
	return vault.Place{Table: "files", Column: Kind, Row: exportID}
}

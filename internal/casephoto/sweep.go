package casephoto

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citygraph/ent/db/casephoto"
	"citygraph/internal/upload"
	"citygraph/internal/viewer"
)

// Round is the job that removes what no step has named.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "photo.sweep" }

// Every is how often it runs.
const Every = time.Hour

// Sweep removes the photos that have waited for a day, and the files that no row leads to, such as those of
// an account that has ended. It may run any number of times, on any number of replicas.
func (p *Photos) Sweep(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "photos go that no step names")
	return errors.Join(p.removeWaiting(ctx, p.Clock.Now().Add(-upload.Waits)), p.folder().RemoveOrphans(ctx, func(ctx context.Context, names []string) ([]string, error) {
		return p.DB.CasePhoto.Query().Where(casephoto.FileIn(names...)).Select(casephoto.FieldFile).Strings(ctx)
	}))
}

func (p *Photos) removeWaiting(ctx context.Context, before time.Time) error {
	for {
		rows, err := p.DB.CasePhoto.Query().Where(casephoto.CityCaseIDIsNil(), casephoto.CreatedAtLTE(before)).
			Order(casephoto.ByID()).Limit(upload.Batch).All(ctx)
		if err != nil {
			return fmt.Errorf("look for photos that wait: %w", err)
		}
		for _, row := range rows {
			// Guarded by what was read: a step may name it at the last moment.
			n, err := p.DB.CasePhoto.Delete().Where(casephoto.ID(row.ID), casephoto.CityCaseIDIsNil()).Exec(ctx)
			if err != nil {
				return fmt.Errorf("delete photo: %w", err)
			}
			if n == 0 {
				continue
			}
			if err := p.folder().Remove(ctx, row.File); err != nil {
				return err
			}
		}
		if len(rows) < upload.Batch {
			return nil
		}
	}
}

// Forget deletes the waiting photos of a person whose account has ended, in the transaction of ctx: with
// their keys gone nobody opens the files, which the sweep removes. What a step has named belongs to its case.
func (p *Photos) Forget(ctx context.Context, personID string) error {
	_, err := p.DB.CasePhoto.Delete().Where(casephoto.UploaderID(personID), casephoto.CityCaseIDIsNil()).
		Exec(viewer.AsSystem(ctx, "what waits for its person ends with the account"))
	if err != nil {
		return fmt.Errorf("delete photos: %w", err)
	}
	return nil
}

// Rotate wraps the keys of all photos anew under the current key-encryption key, while replicas serve, and
// returns how many that were. The files stay as they are.
func (p *Photos) Rotate(ctx context.Context) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of photos")
	for last := ""; ; {
		rows, err := p.DB.CasePhoto.Query().Where(casephoto.IDGT(last)).Order(casephoto.ByID()).Limit(upload.Batch).All(ctx)
		if err != nil {
			return rotated, fmt.Errorf("load photos: %w", err)
		}
		for _, row := range rows {
			last = row.ID
			wrapped, err := p.folder().Rewrap(row.ID, row.DataKey)
			if err != nil {
				return rotated, fmt.Errorf("key of %s: %w", row.ID, err)
			}
			if wrapped == nil {
				continue
			}
			n, err := p.DB.CasePhoto.Update().Where(casephoto.ID(row.ID)).SetDataKey(wrapped).Save(ctx)
			if err != nil {
				return rotated, fmt.Errorf("store key of %s: %w", row.ID, err)
			}
			rotated += n
		}
		if len(rows) < upload.Batch {
			return rotated, nil
		}
	}
}

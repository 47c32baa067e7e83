package attachment

import (
	"context"
	"errors"
	"fmt"
	"time"

	row "citygraph/ent/db/attachment"
	"citygraph/internal/upload"
	"citygraph/internal/viewer"
)

// Round is the job that removes what nothing has named.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "attachment.sweep" }

// Every is how often it runs.
const Every = time.Hour

// Sweep removes the attachments that have waited for a day, and the files that no row leads to, such as those of an account that has
// ended. It may run any number of times, on any number of replicas.
func (r *Room) Sweep(ctx context.Context) error {
	ctx = viewer.AsSystem(ctx, "attachments go that nothing names")
	return errors.Join(r.removeWaiting(ctx, r.Clock.Now().Add(-upload.Waits)),
		r.folder().RemoveOrphans(ctx, func(ctx context.Context, names []string) ([]string, error) {
			return r.DB.Attachment.Query().Where(row.FileIn(names...)).Select(row.FieldFile).Strings(ctx)
		}))
}

func (r *Room) removeWaiting(ctx context.Context, before time.Time) error {
	for {
		found, err := r.DB.Attachment.Query().Where(row.AnnouncementIDIsNil(), row.MessageIDIsNil(), row.CreatedAtLTE(before)).
			Order(row.ByID()).Limit(upload.Batch).All(ctx)
		if err != nil {
			return fmt.Errorf("look for attachments that wait: %w", err)
		}
		for _, a := range found {
			// Guarded by what was read: something may name it at the last moment.
			n, err := r.DB.Attachment.Delete().Where(row.ID(a.ID), row.AnnouncementIDIsNil(), row.MessageIDIsNil()).Exec(ctx)
			if err != nil {
				return fmt.Errorf("delete attachment: %w", err)
			}
			if n == 0 {
				continue
			}
			if err := r.folder().Remove(ctx, a.File); err != nil {
				return err
			}
		}
		if len(found) < upload.Batch {
			return nil
		}
	}
}

// Forget deletes the waiting attachments of a person whose account has ended, in the transaction of ctx: with their keys gone nobody opens the
// files, which the sweep removes. What went out belongs to what it went with.
func (r *Room) Forget(ctx context.Context, personID string) error {
	_, err := r.DB.Attachment.Delete().Where(row.UploaderID(personID), row.AnnouncementIDIsNil(), row.MessageIDIsNil()).
		Exec(viewer.AsSystem(ctx, "what waits for its person ends with the account"))
	if err != nil {
		return fmt.Errorf("delete attachments: %w", err)
	}
	return nil
}

// Rotate wraps the keys of all attachments anew under the current key-encryption key, while replicas serve, and returns how many that were. The
// files stay as they are.
func (r *Room) Rotate(ctx context.Context) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of attachments")
	for last := ""; ; {
		found, err := r.DB.Attachment.Query().Where(row.IDGT(last)).Order(row.ByID()).Limit(upload.Batch).All(ctx)
		if err != nil {
			return rotated, fmt.Errorf("load attachments: %w", err)
		}
		for _, a := range found {
			last = a.ID
			wrapped, err := r.folder().Rewrap(a.ID, a.DataKey)
			if err != nil {
				return rotated, fmt.Errorf("key of %s: %w", a.ID, err)
			}
			if wrapped == nil {
				continue
			}
			n, err := r.DB.Attachment.Update().Where(row.ID(a.ID)).SetDataKey(wrapped).Save(ctx)
			if err != nil {
				return rotated, fmt.Errorf("store key of %s: %w", a.ID, err)
			}
			rotated += n
		}
		if len(found) < upload.Batch {
			return rotated, nil
		}
	}
}

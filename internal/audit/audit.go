// Package audit records who did what to whom, in the transaction of the deed.
package audit

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/internal/requestid"
	"citygraph/internal/viewer"
)

// Deed is one entry of the audit log.
type Deed struct {
	Action   string // the mutation's name
	Subject  string // the person concerned; the actor when they acted for themselves
	TargetID string // the noun that changed
	Reason   string // why, where the deed asks for it
}

// Record writes the deed of the context's viewer.
func Record(ctx context.Context, c *db.Client, d Deed) error {
	if err := entry(ctx, c, d).Exec(system(ctx)); err != nil {
		return fmt.Errorf("record %s: %w", d.Action, err)
	}
	return nil
}

// RecordAll writes several deeds of the context's viewer with one statement.
func RecordAll(ctx context.Context, c *db.Client, deeds []Deed) error {
	entries := make([]*db.AuditEventCreate, len(deeds))
	for i, d := range deeds {
		entries[i] = entry(ctx, c, d)
	}
	if err := c.AuditEvent.CreateBulk(entries...).Exec(system(ctx)); err != nil {
		return fmt.Errorf("record %d deeds: %w", len(deeds), err)
	}
	return nil
}

func entry(ctx context.Context, c *db.Client, d Deed) *db.AuditEventCreate {
	return c.AuditEvent.Create().
		SetActorID(viewer.From(ctx).PersonID).SetSubjectID(d.Subject).SetAction(d.Action).SetTargetID(d.TargetID).
		SetReason(d.Reason).SetRequestID(requestid.From(ctx))
}

func system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "the audit log is written for the viewer, never by the viewer")
}

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
}

// Record writes the deed of the context's viewer.
func Record(ctx context.Context, c *db.Client, d Deed) error {
	actor := viewer.From(ctx).PersonID
	err := c.AuditEvent.Create().
		SetActorID(actor).SetSubjectID(d.Subject).SetAction(d.Action).SetTargetID(d.TargetID).
		SetRequestID(requestid.From(ctx)).
		Exec(viewer.AsSystem(ctx, "the audit log is written for the viewer, never by the viewer"))
	if err != nil {
		return fmt.Errorf("record %s: %w", d.Action, err)
	}
	return nil
}

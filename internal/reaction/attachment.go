package reaction

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	row "citygraph/ent/db/attachment"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/school/attachment"
	"citygraph/internal/viewer"
)

// Attachments has what somebody has uploaded follow them: to the person whom their account turns out to be of, and away with it.
func Attachments(bus *event.Bus, c *db.Client, room *attachment.Room) {
	event.On(bus, func(ctx context.Context, e identity.Joined) error {
		err := c.Attachment.Update().Where(row.UploaderID(e.From)).SetUploaderID(e.To).
			Exec(viewer.AsSystem(ctx, "attachments follow their uploader"))
		if err != nil {
			return fmt.Errorf("move attachments: %w", err)
		}
		return nil
	})
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return room.Forget(ctx, e.PersonID) })
}

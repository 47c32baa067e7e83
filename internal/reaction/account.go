package reaction

import (
	"context"
	"errors"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/notificationpreference"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/wechatgrant"
	"citygraph/internal/casephoto"
	"citygraph/internal/dataexport"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Accounts tells people what happens to their own account, and when it ends has the other rooms let go of
// what they keep of them. Cards, reports, consents, the audit log and that of readings stay, under an id that
// leads to nobody.
func Accounts(bus *event.Bus, c *db.Client, desk *notice.Desk, exports *dataexport.Exports, photos *casephoto.Photos) {
	event.On(bus, func(ctx context.Context, e identity.DeletionAsked) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.PersonID, Subject: e.PersonID,
			EventKey: fmt.Sprintf("deletion/%s/%d", e.PersonID, e.DueAt.UnixMicro()),
			Letter: notice.Letter{
				Template: "account/deletion_asked", TargetID: e.PersonID,
				Params: wording.Params{"day": wording.ADay(e.DueAt)},
			},
		})
	})
	event.On(bus, func(ctx context.Context, e dataexport.Ready) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.PersonID, Subject: e.PersonID, EventKey: e.ExportID + "/ready",
			Letter: notice.Letter{Template: "account/export_ready", TargetID: e.ExportID},
		})
	})
	event.On(bus, func(ctx context.Context, e identity.Deleted) error {
		system := viewer.AsSystem(ctx, "what a person was told ends with their account")
		if _, err := c.DeliveryAttempt.Delete().Where(deliveryattempt.PersonID(e.PersonID)).Exec(system); err != nil {
			return fmt.Errorf("delete attempts: %w", err)
		}
		if _, err := c.Notification.Delete().Where(notification.PersonID(e.PersonID)).Exec(system); err != nil {
			return fmt.Errorf("delete notices: %w", err)
		}
		if _, err := c.NotificationPreference.Delete().Where(notificationpreference.PersonID(e.PersonID)).Exec(system); err != nil {
			return fmt.Errorf("delete preferences: %w", err)
		}
		if _, err := c.WechatGrant.Delete().Where(wechatgrant.PersonID(e.PersonID)).Exec(system); err != nil {
			return fmt.Errorf("delete grants: %w", err)
		}
		err := c.RecordAccess.Update().Where(recordaccess.AccessorID(e.PersonID), recordaccess.AccessorNameNEQ("")).
			SetAccessorName("").Exec(system)
		if err != nil {
			return fmt.Errorf("empty names of readers: %w", err)
		}
		return errors.Join(exports.Forget(ctx, e.PersonID), photos.Forget(ctx, e.PersonID))
	})
}

package reaction

import (
	"context"

	row "citygraph/ent/db/alert"
	"citygraph/internal/alert"
	"citygraph/internal/event"
	"citygraph/internal/notice"
	"citygraph/internal/wording"
)

// announcements are the texts of the messages about alerts.
var announcements = map[row.MessageType]string{
	row.MessageTypeAlert: "alert/issued", row.MessageTypeUpdate: "alert/updated", row.MessageTypeCancel: "alert/cancelled",
}

// Alerts has everybody in the districts of an alert told when it begins to hold, and nobody more once it is
// superseded or called off.
func Alerts(bus *event.Bus, desk *notice.Desk) {
	event.On(bus, func(ctx context.Context, e alert.Announced) error {
		return desk.Broadcast(ctx, notice.Circular{
			EventKey: e.AlertID, Districts: e.Districts, At: e.Effective,
			Letter: notice.Letter{
				Template: announcements[e.Type], TargetID: e.AlertID, ExpiresAt: e.Expires,
				Params: wording.Params{"event": wording.ALabel(e.Event), "headline": wording.ASentence(e.Headline)},
			},
		})
	})
	event.On(bus, func(ctx context.Context, e alert.Ended) error {
		return desk.CancelBroadcast(ctx, e.AlertID)
	})
}

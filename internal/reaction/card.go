package reaction

import (
	"context"
	"fmt"

	"citygraph/internal/card"
	"citygraph/internal/event"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
)

// Cards tells holders when their card is stopped or in use again, which may have been somebody else: at once, also
// at night.
func Cards(bus *event.Bus, desk *notice.Desk) {
	letters := map[card.Action]string{card.ReportLoss: "card/lost", card.CancelLoss: "card/found"}
	event.On(bus, func(ctx context.Context, e card.Moved) error {
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.PersonID, Subject: e.PersonID, EventKey: fmt.Sprintf("%s/%s/%d", e.CardID, e.Action, e.At.UnixMicro()),
			Letter: notice.Letter{Template: letters[e.Action], TargetID: e.CardID, Priority: preference.Urgent},
		})
	})
}

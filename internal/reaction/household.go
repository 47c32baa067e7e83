package reaction

import (
	"context"

	"citygraph/internal/event"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
)

// Households has people told when they are asked to act for somebody, to consent for their child, and when
// a delegation begins or ends, and forgets who has ended their account. Who a delegation concerns stands in
// it alone: a lock screen shows no name.
func Households(bus *event.Bus, desk *notice.Desk, register *household.Register) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return register.Forget(ctx, e.PersonID) })

	about := func(person, delegation, what string) notice.Notice {
		return notice.Notice{
			Recipient: person, Subject: person, EventKey: delegation + "/" + what,
			Letter: notice.Letter{Template: "delegation/" + what, TargetID: delegation},
		}
	}
	event.On(bus, func(ctx context.Context, e household.Proposed) error {
		notices := []notice.Notice{about(e.DelegateID, e.DelegationID, "proposed")}
		for _, guardian := range e.Asked {
			notices = append(notices, about(guardian, e.DelegationID, "asked"))
		}
		return desk.Tell(ctx, notices...)
	})
	event.On(bus, func(ctx context.Context, e household.Accepted) error {
		return desk.Tell(ctx, about(e.DelegatorID, e.DelegationID, "accepted"))
	})
	event.On(bus, func(ctx context.Context, e household.Revoked) error {
		notices := make([]notice.Notice, len(e.Told))
		for i, person := range e.Told {
			notices[i] = about(person, e.DelegationID, "revoked")
		}
		return desk.Tell(ctx, notices...)
	})
}

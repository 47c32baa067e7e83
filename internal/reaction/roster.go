package reaction

import (
	"context"

	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/school/roster"
)

// Rosters has people who prove who they are be whom their schools' rosters meant, lets go of who has ended their account, and
// signs out who is no teacher any more, so that nothing goes on under what they were.
func Rosters(bus *event.Bus, rosters *roster.Office, accounts *identity.Accounts) {
	event.On(bus, func(ctx context.Context, e identity.Bound) error { return rosters.Bound(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e identity.Joined) error { return rosters.Bound(ctx, e.To) })
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return rosters.Forget(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e roster.RoleEnded) error { return accounts.RolesEnded(ctx, e.PersonID) })
}

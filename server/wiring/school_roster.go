package wiring

import (
	"context"

	"citygraph/internal/place"
	"citygraph/internal/reaction"
	"citygraph/internal/school/roster"
)

// enrol opens the room of schools' rosters. The register of who acts for whom asks it for the age of children whom the city does
// not know by an id number.
func (c *City) enrol() {
	c.Rosters = &roster.Office{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Records: c.Records, Register: c.register,
		Places: &place.Finder{DB: c.DB, Cache: c.cache},
	}
	c.Exports.Rosters = func(ctx context.Context, personID string) (any, error) { return c.Rosters.Of(ctx, personID) }
	c.register.Births = c.Rosters.Births
	reaction.Rosters(c.bus, c.Rosters, c.Accounts)
}

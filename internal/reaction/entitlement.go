package reaction

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/viewer"
)

// Entitlements gives to a person what their account was granted before it was known whose it is, and lets it
// go when the account ends. What is then granted twice is listed twice and counts once.
func Entitlements(bus *event.Bus, c *db.Client) {
	event.On(bus, func(ctx context.Context, e identity.Joined) error {
		system := viewer.AsSystem(ctx, "entitlements follow their person")
		err := c.EntitlementGrant.Update().Where(entitlementgrant.PersonID(e.From)).SetPersonID(e.To).Exec(system)
		if err != nil {
			return fmt.Errorf("move entitlements: %w", err)
		}
		return nil
	})
	event.On(bus, func(ctx context.Context, e identity.Deleted) error {
		system := viewer.AsSystem(ctx, "nobody is entitled under an account that has ended")
		if _, err := c.EntitlementGrant.Delete().Where(entitlementgrant.PersonID(e.PersonID)).Exec(system); err != nil {
			return fmt.Errorf("delete entitlements: %w", err)
		}
		return nil
	})
}

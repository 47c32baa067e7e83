package reaction

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/viewer"
)

// People gives to a person what their account did before it was known whose it is.
func People(bus *event.Bus, c *db.Client) {
	event.On(bus, func(ctx context.Context, e identity.Joined) error {
		system := viewer.AsSystem(ctx, "reports follow their reporter")
		if err := c.CityCase.Update().Where(citycase.ReporterID(e.From)).SetReporterID(e.To).Exec(system); err != nil {
			return fmt.Errorf("move reports: %w", err)
		}
		return nil
	})
}

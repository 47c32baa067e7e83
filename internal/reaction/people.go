package reaction

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/casesupporter"
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
		err := c.CasePhoto.Update().Where(casephoto.UploaderID(e.From)).SetUploaderID(e.To).Exec(system)
		if err != nil {
			return fmt.Errorf("move photos: %w", err)
		}
		return moveSupport(system, c, e.From, e.To)
	})
}

// moveSupport has a person follow what another account of theirs does: each case once, and none of their
// own. The cases that lose a supporter by it are counted anew.
func moveSupport(system context.Context, c *db.Client, from, to string) error {
	both := func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		t, own := d.Table(casesupporter.Table).As("there"), d.Table(citycase.Table).As("own")
		s.Where(sql.Or(
			sql.In(s.C(casesupporter.FieldCityCaseID),
				d.Select(t.C(casesupporter.FieldCityCaseID)).From(t).Where(sql.EQ(t.C(casesupporter.FieldPersonID), to))),
			sql.In(s.C(casesupporter.FieldCityCaseID),
				d.Select(own.C(citycase.FieldID)).From(own).Where(sql.EQ(own.C(citycase.FieldReporterID), to))),
		))
	}
	lost, err := c.CaseSupporter.Query().Where(casesupporter.PersonID(from), both).
		Order(casesupporter.ByCityCaseID()).Select(casesupporter.FieldCityCaseID).Strings(system)
	if err != nil {
		return fmt.Errorf("look for what both follow: %w", err)
	}
	if len(lost) > 0 {
		if err := c.CityCase.Update().Where(citycase.IDIn(lost...)).AddSupporters(-1).Exec(system); err != nil {
			return fmt.Errorf("count supporters: %w", err)
		}
		_, err := c.CaseSupporter.Delete().Where(casesupporter.PersonID(from), casesupporter.CityCaseIDIn(lost...)).Exec(system)
		if err != nil {
			return fmt.Errorf("leave what both follow: %w", err)
		}
	}
	if err := c.CaseSupporter.Update().Where(casesupporter.PersonID(from)).SetPersonID(to).Exec(system); err != nil {
		return fmt.Errorf("move what is followed: %w", err)
	}
	return nil
}

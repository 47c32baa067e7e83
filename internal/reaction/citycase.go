// Package reaction says what an event of one domain sets off in another. Domains do not know each
// other; this is the one place that knows several.
package reaction

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/internal/citycase"
	"citygraph/internal/event"
	"citygraph/internal/lang"
	"citygraph/internal/notice"
	"citygraph/internal/viewer"
)

// CityCases has reporters told of every public step of their cases.
func CityCases(bus *event.Bus, c *db.Client, desk *notice.Desk) {
	event.On(bus, func(ctx context.Context, e citycase.Accepted) error {
		category, err := c.CaseCategory.Get(viewer.AsSystem(ctx, "name the category in a notice"), e.CategoryID)
		if err != nil {
			return fmt.Errorf("load category: %w", err)
		}
		return desk.Tell(ctx, notice.Notice{
			Recipient: e.ReporterID, Subject: e.ReporterID, TargetID: e.CaseID,
			EventKey: fmt.Sprintf("%s/%d", e.CaseID, e.Seq),
			Topic:    notification.TopicCityCase,
			Title:    lang.Text{ZH: "您的上报已受理", EN: "Your report was accepted"},
			Body: lang.Text{
				ZH: fmt.Sprintf("“%s”（%s）已由城管受理。", category.Name.ZH, e.Number),
				EN: fmt.Sprintf("%s (%s) has been taken on.", category.Name.EN, e.Number),
			},
		})
	})
}

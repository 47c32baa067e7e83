package reaction

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/notification"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/mask"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/school/announcement"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Announcements has those told to whom an announcement is delivered, and takes back what they were told when it is retracted. The
// notice is about a pupil, so that who may not be told of that pupil any more does not see it.
func Announcements(bus *event.Bus, c *db.Client, desk *notice.Desk, board *announcement.Board) {
	event.On(bus, func(ctx context.Context, e announcement.Told) error {
		school, err := c.School.Get(ctx, e.SchoolID)
		if err != nil {
			return fmt.Errorf("load school: %w", err)
		}
		letter := notice.Letter{Template: "school/notice", TargetID: e.AnnouncementID}
		switch {
		case e.Chased:
			letter.Template = "school/chased"
		case e.Kind == row.KindHomework:
			letter.Template = "school/homework"
		}
		if e.Urgent {
			letter.Priority = preference.Urgent
		}
		notices := make([]notice.Notice, len(e.Recipients))
		for i, r := range e.Recipients {
			names := make([]mask.Name, len(r.Pupils))
			for j, p := range r.Pupils {
				names[j] = p.Name
			}
			letter.Params = wording.Params{"school": wording.ALabel(school.Name), "children": wording.Names(names...)}
			notices[i] = notice.Notice{Recipient: r.GuardianID, Subject: r.Pupils[0].PersonID, EventKey: e.EventKey, Letter: letter}
		}
		return desk.Tell(ctx, notices...)
	})
	event.On(bus, func(ctx context.Context, e announcement.Retracted) error {
		keys, err := chases(ctx, c, e.AnnouncementID)
		if err != nil {
			return err
		}
		for _, key := range append(keys, e.AnnouncementID) {
			if err := desk.Retract(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return board.Forget(ctx, e.PersonID) })
}

// chases are the event keys under which those who had not answered an announcement were told again: one for each day.
func chases(ctx context.Context, c *db.Client, announcementID string) ([]string, error) {
	begins := announcement.ChaseKey(announcementID)
	keys, err := c.Notification.Query().Where(
		notification.EventKeyGT(begins), notification.EventKeyLT(begins+"~"),
		func(s *sql.Selector) {
			told := sql.Table(delivery.Table).As("told")
			s.Where(sql.In(s.C(notification.FieldPersonID), sql.Dialect(s.Dialect()).Select(told.C(delivery.FieldGuardianID)).From(told).
				Where(sql.And(sql.EQ(told.C(delivery.FieldAnnouncementID), announcementID), sql.NotNull(told.C(delivery.FieldChasedAt))))))
		},
	).Unique(true).Select(notification.FieldEventKey).Strings(viewer.AsSystem(ctx, "look for what is to be taken back"))
	if err != nil {
		return nil, fmt.Errorf("look for what was told again: %w", err)
	}
	return keys, nil
}

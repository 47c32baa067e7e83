package reaction

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/leaverequest"
	"citygraph/ent/db/notification"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/school/attendance"
	"citygraph/internal/school/leave"
	"citygraph/internal/viewer"
	"citygraph/internal/wording"
)

// Attendances has guardians told that a pupil is absent, once for a day, and takes it back when they were there after all.
func Attendances(bus *event.Bus, c *db.Client, desk *notice.Desk, book *attendance.Book) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return book.Forget(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e attendance.Missed) error {
		school, err := c.School.Get(ctx, e.SchoolID)
		if err != nil {
			return fmt.Errorf("load school: %w", err)
		}
		keys, err := standing(ctx, c, e.Day, pupilsOf(e)...)
		if err != nil {
			return err
		}
		// A recipient is told of one child at a time: those of two come in two rounds, and who is in the second was in the first.
		var rounds [][]notice.Notice
		told := map[string]int{}
		for _, p := range e.Pupils {
			if keys[p.PersonID].stands {
				continue
			}
			for _, guardian := range p.Guardians {
				n := told[guardian]
				told[guardian]++
				if n == len(rounds) {
					rounds = append(rounds, nil)
				}
				rounds[n] = append(rounds[n], notice.Notice{
					Recipient: guardian, Subject: p.PersonID, EventKey: absenceKey(e.Day, p.PersonID, keys[p.PersonID].times), Letter: notice.Letter{
						Template: "school/absent", TargetID: p.EventID, Priority: preference.Urgent,
						Params: wording.Params{"school": wording.ALabel(school.Name), "child": wording.AName(p.Name), "day": wording.ADay(e.Day)},
					},
				})
			}
		}
		for _, round := range rounds {
			if err := desk.Tell(ctx, round...); err != nil {
				return err
			}
		}
		return nil
	})
	event.On(bus, func(ctx context.Context, e attendance.Came) error {
		keys, err := standing(ctx, c, e.Day, e.PupilIDs...)
		if err != nil {
			return err
		}
		for _, pupil := range e.PupilIDs {
			if was := keys[pupil]; was.stands {
				if err := desk.Retract(ctx, absenceKey(e.Day, pupil, was.times-1)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func pupilsOf(e attendance.Missed) []string {
	ids := make([]string, len(e.Pupils))
	for i, p := range e.Pupils {
		ids[i] = p.PersonID
	}
	return ids
}

// absenceKey is the event key of a pupil's absence on a day, which was told and taken back so many times before.
func absenceKey(day time.Time, pupilID string, times int) string {
	return fmt.Sprintf("absent/%s/%s/%d", day.Format(time.DateOnly), pupilID, times)
}

// absence is how often a pupil's absence was told, and whether it still stands.
type absence struct {
	times  int
	stands bool
}

// standing is what was told of the pupils' absence on a day. The recorder holds the school's day, so that nobody else tells of it meanwhile.
func standing(ctx context.Context, c *db.Client, day time.Time, pupils ...string) (map[string]absence, error) {
	begins := "absent/" + day.Format(time.DateOnly) + "/"
	rows, err := c.Notification.Query().
		Where(notification.SubjectPersonIDIn(pupils...), notification.EventKeyGT(begins), notification.EventKeyLT(begins+"~")).
		All(viewer.AsSystem(ctx, "nobody is told the same twice"))
	if err != nil {
		return nil, fmt.Errorf("look for who was told: %w", err)
	}
	keys, found := map[string]bool{}, map[string]absence{}
	for _, n := range rows {
		was := found[n.SubjectPersonID]
		if !keys[n.EventKey] {
			keys[n.EventKey] = true
			was.times++
		}
		was.stands = was.stands || n.RetractedAt == nil
		found[n.SubjectPersonID] = was
	}
	return found, nil
}

// Leaves has the class teachers told of what is asked for and taken back, and the guardians of what is decided: never what for.
func Leaves(bus *event.Bus, notices *notice.Desk, desk *leave.Desk) {
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return desk.Forget(ctx, e.PersonID) })
	event.On(bus, func(ctx context.Context, e leave.Moved) error {
		l := notice.Letter{TargetID: e.LeaveID, Params: wording.Params{
			"child": wording.AName(e.Name), "from": wording.AnInstant(e.From), "to": wording.AnInstant(e.To),
		}}
		key := e.LeaveID + "/" + string(e.Status)
		switch e.Status {
		case leaverequest.StatusSubmitted:
			l.Template = "school/leave_requested"
		case leaverequest.StatusWithdrawn:
			l.Template = "school/leave_withdrawn"
		case leaverequest.StatusApproved:
			l.Template = "school/leave_approved"
		case leaverequest.StatusRejected:
			l.Template = "school/leave_rejected"
		}
		if e.Status == leaverequest.StatusApproved || e.Status == leaverequest.StatusRejected {
			return notices.Tell(ctx, toFamily(e.Guardians, e.PupilID, key, l)...)
		}
		return notices.Tell(ctx, toStaff(e.Leaders, key, l)...)
	})
}

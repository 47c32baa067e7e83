package reaction

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/internal/event"
	"citygraph/internal/identity"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/school/thread"
	"citygraph/internal/wording"
)

// ToTeacher is the template of what a teacher is told of, whose pushes wait for school hours.
const ToTeacher = "school/message_to_teacher"

// Threads has everybody else in a thread told of what is said there, without what it says, and takes that back when it is retracted.
// To a family the notice is about the pupil, so that who may not be told of that pupil any more does not see it; to the teacher it
// is about themselves.
func Threads(bus *event.Bus, c *db.Client, desk *notice.Desk, talk *thread.Talk) {
	event.On(bus, func(ctx context.Context, e thread.Told) error {
		school, err := c.School.Get(ctx, e.SchoolID)
		if err != nil {
			return fmt.Errorf("load school: %w", err)
		}
		letter := notice.Letter{
			Template: "school/message", TargetID: e.ThreadID,
			Params: wording.Params{"school": wording.ALabel(school.Name), "child": wording.Names(e.Child.Name)},
		}
		if e.Urgent {
			letter.Priority = preference.Urgent
		}
		notices := make([]notice.Notice, len(e.Guardians), len(e.Guardians)+1)
		for i, g := range e.Guardians {
			notices[i] = notice.Notice{Recipient: g, Subject: e.Child.PersonID, EventKey: e.MessageID, Letter: letter}
		}
		if e.TeacherID != "" {
			letter.Template = ToTeacher
			notices = append(notices, notice.Notice{Recipient: e.TeacherID, Subject: e.TeacherID, EventKey: e.MessageID, Letter: letter})
		}
		return desk.Tell(ctx, notices...)
	})
	event.On(bus, func(ctx context.Context, e thread.TakenBack) error { return desk.Retract(ctx, e.MessageID) })
	event.On(bus, func(ctx context.Context, e identity.Deleted) error { return talk.Forget(ctx, e.PersonID) })
}

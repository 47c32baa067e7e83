package announcement_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	row "citygraph/ent/db/announcement"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/notification"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/identity"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/audience"
	"citygraph/internal/seed/seedtest"
)

// Invariant 15: a mother of two has one delivery that names both, and their barred father none.
func TestAMotherOfTwoIsToldOnce(t *testing.T) {
	s := open(t)
	in := s.trip()
	a := s.published(t, in)
	if again := s.published(t, in); again.ID != a.ID || a.Status != row.StatusPublished {
		t.Errorf("sent twice it is %s and %s, %s", a.ID, again.ID, a.Status)
	}
	at := s.at(t, a.ID)
	mother, father := seedtest.Person(t, "chenjing"), seedtest.Person(t, "zhouwei")
	if at[mother] == nil || len(at[mother].Edges.Students) != 2 || at[father] != nil {
		t.Fatalf("delivered to %v", at)
	}
	told := s.DB.Notification.Query().Where(notification.EventKey(a.ID)).AllX(seedtest.System(t))
	if len(told) != len(at) || s.pushed != len(at) {
		t.Errorf("%d were told and %d pushed, of %d", len(told), s.pushed, len(at))
	}
	for _, n := range told {
		if n.PersonID != mother {
			continue
		}
		if n.Template != "school/notice" || !strings.Contains(n.Body.ZH, "周**、周**") || strings.Contains(n.Body.ZH, "周子") || strings.Contains(n.Body.ZH, "春游") {
			t.Errorf("she was told %q", n.Body.ZH)
		}
	}
	if got := s.counts(t, a.ID); got[0] != len(at) {
		t.Errorf("figures: %v", got)
	}
}

func TestWhoMayTellWhom(t *testing.T) {
	s := open(t)
	pupil := seedtest.PutPupil(t, s.city, s.other, seedtest.Person(t, "maming"))
	empty := seedtest.PutClass(t, s.city, "空班", "9", enrollment.DutySubjectTeacher)
	before := s.rows(t)
	child := seedtest.Person(t, "zhouzihan")
	to := func(change func(*announcement.Announcing)) announcement.Announcing {
		in := s.trip()
		change(&in)
		return in
	}
	audienceOf := func(a audience.Audience) announcement.Announcing {
		return to(func(in *announcement.Announcing) { in.Audience = a })
	}
	past, late := s.clock.Now().Add(-time.Minute), s.clock.Now().AddDate(2, 0, 0)
	soon := s.clock.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		as   string
		in   announcement.Announcing
		want fault.Code
	}{
		"a visitor":             {"", s.trip(), fault.Unauthenticated},
		"a mother":              {"chenjing", s.trip(), fault.Forbidden},
		"an administrator":      {"fanglei", s.trip(), fault.Forbidden},
		"at another school":     {"lina", to(func(in *announcement.Announcing) { in.SchoolID = id.New(id.School) }), fault.NotFound},
		"another's class":       {"lina", audienceOf(audience.Audience{Classes: []string{s.class, s.other}}), fault.NotClassTeacher},
		"no class":              {"lina", audienceOf(audience.Audience{Classes: []string{id.New(id.SchoolClass)}}), fault.NotFound},
		"not even an id":        {"lina", audienceOf(audience.Audience{Classes: []string{"x"}}), fault.NotFound},
		"another's pupil":       {"lina", audienceOf(audience.Audience{Students: []string{child, pupil}}), fault.NotClassTeacher},
		"no pupil":              {"lina", audienceOf(audience.Audience{Students: []string{id.New(id.Person)}}), fault.NotFound},
		"who is no pupil":       {"lina", audienceOf(audience.Audience{Students: []string{seedtest.Person(t, "maming")}}), fault.NotFound},
		"nobody":                {"lina", audienceOf(audience.Audience{}), fault.EmptyAudience},
		"a class of nobody":     {"lina", audienceOf(audience.Audience{Classes: []string{empty}}), fault.EmptyAudience},
		"a grade of nobody":     {"lina", audienceOf(audience.Audience{Grades: []string{"9"}}), fault.EmptyAudience},
		"two kinds of audience": {"lina", audienceOf(audience.Audience{School: true, Classes: []string{s.class}}), fault.BadUserInput},
		"no title":              {"lina", to(func(in *announcement.Announcing) { in.Title = " " }), fault.BadUserInput},
		"a title of two lines":  {"lina", to(func(in *announcement.Announcing) { in.Title = "a\nb" }), fault.BadUserInput},
		"control characters":    {"lina", to(func(in *announcement.Announcing) { in.Body = "a\u202eb" }), fault.BadUserInput},
		"a long body":           {"lina", to(func(in *announcement.Announcing) { in.Body = strings.Repeat("长", 4001) }), fault.BadUserInput},
		"published in the past": {"lina", to(func(in *announcement.Announcing) { in.PublishAt = &past }), fault.BadUserInput},
		"due in the past":       {"lina", to(func(in *announcement.Announcing) { in.DueAt = &past }), fault.BadUserInput},
		"due in years":          {"lina", to(func(in *announcement.Announcing) { in.DueAt = &late }), fault.BadUserInput},
		"a draft at a time":     {"lina", to(func(in *announcement.Announcing) { in.Draft, in.PublishAt = true, &soon }), fault.BadUserInput},
		"homework never due":    {"lina", to(func(in *announcement.Announcing) { in.Kind, in.DueAt = row.KindHomework, nil }), fault.BadUserInput},
		"marks to a class":      {"lina", to(func(in *announcement.Announcing) { in.Body = "期中考试成绩：张三 98分，李四 87分" }), fault.GradeBroadcastForbidden},
		"a draft with marks":    {"lina", to(func(in *announcement.Announcing) { in.Title, in.Draft = "李华期末排名第3", true }), fault.GradeBroadcastForbidden},
	} {
		_, err := s.Publish(s.city.As(t, c.as), c.in)
		faulttest.Refused(t, name, err, c.want)
	}
	if got := s.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	for name, in := range map[string]announcement.Announcing{
		"a class of hers": s.trip(),
		"the school":      audienceOf(audience.Audience{School: true}),
		"a grade":         audienceOf(audience.Audience{Grades: []string{"3"}}),
		"a pupil of hers": audienceOf(audience.Audience{Students: []string{child}}),
		"marks to one family": to(func(in *announcement.Announcing) {
			in.Audience, in.Body = audience.Audience{Students: []string{child}}, "数学考了98分"
		}),
	} {
		_, err := s.Publish(s.lina, in)
		faulttest.Refused(t, name, err, "")
	}
	s.DB.Enrollment.Update().Where(enrollment.DutyEQ(enrollment.DutyClassTeacher)).SetDuty(enrollment.DutySubjectTeacher).ExecX(seedtest.System(t))
	_, err := s.Publish(s.lina, audienceOf(audience.Audience{School: true}))
	faulttest.Refused(t, "the school by a subject teacher", err, fault.NotClassTeacher)
	s.DB.Enrollment.Update().Where(enrollment.RoleEQ(enrollment.RoleTeacher)).SetStatus(enrollment.StatusEnded).ExecX(seedtest.System(t))
	_, err = s.Publish(s.lina, s.trip())
	faulttest.Refused(t, "a class of hers no longer", err, fault.NotClassTeacher)
}

func TestItsLife(t *testing.T) {
	s := open(t)
	acts := func(a *row.Status, announcementID string, want ...announcement.Action) {
		t.Helper()
		found := s.DB.Announcement.GetX(seedtest.System(t), announcementID)
		if got, err := s.AllowedActions(s.lina, found); err != nil || !slices.Equal(got, append([]announcement.Action{}, want...)) || found.Status != *a {
			t.Errorf("%s: she may %v (%v), want %v", found.Status, got, err, want)
		}
		if got, err := s.AllowedActions(s.mother, found); err != nil || len(got) != 0 {
			t.Errorf("a mother may %v (%v)", got, err)
		}
	}
	draft, scheduled, published, retracted := row.StatusDraft, row.StatusScheduled, row.StatusPublished, row.StatusRetracted
	in := s.trip()
	in.Draft = true
	a := s.published(t, in)
	acts(&draft, a.ID, announcement.Update)
	_, err := s.TakeBack(s.lina, a.ID)
	faulttest.Refused(t, "retract a draft", err, fault.InvalidTransition)
	_, err = s.ChaseUnread(s.lina, uuid.New(), a.ID)
	faulttest.Refused(t, "chase a draft", err, fault.InvalidTransition)
	_, err = s.Acknowledge(s.mother, a.ID)
	faulttest.Refused(t, "acknowledge a draft", err, fault.NotFound)

	at := s.clock.Now().Add(time.Hour)
	change := announcement.Change{Key: uuid.New(), AnnouncementID: a.ID, Text: s.trip().Text}
	change.Title, change.PublishAt = "秋游通知", &at
	for range 2 {
		_, err = s.Revise(s.lina, change)
		faulttest.Refused(t, "schedule", err, "")
	}
	acts(&scheduled, a.ID, announcement.Update)
	if err := s.PublishDue(t.Context()); err != nil || len(s.at(t, a.ID)) != 0 {
		t.Errorf("published before its time (%v)", err)
	}
	s.clock.Turn(time.Hour)
	for range 2 {
		if err := s.PublishDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	acts(&published, a.ID, announcement.Chase, announcement.Retract)
	if got := s.counts(t, a.ID); got[0] == 0 || s.DB.Announcement.GetX(seedtest.System(t), a.ID).Title != "秋游通知" {
		t.Errorf("figures: %v", got)
	}
	change.Key, change.PublishAt = uuid.New(), nil
	_, err = s.Revise(s.lina, change)
	faulttest.Refused(t, "change what is published", err, fault.InvalidTransition)
	change.AnnouncementID = id.New(id.Announcement)
	_, err = s.Revise(s.lina, change)
	faulttest.Refused(t, "change what is not there", err, fault.NotFound)

	if _, err := s.ChaseUnread(s.lina, uuid.New(), a.ID); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]struct {
		as   context.Context
		want fault.Code
	}{"a mother": {s.mother, fault.NotFound}, "a visitor": {t.Context(), fault.Unauthenticated}} {
		_, err := s.TakeBack(who.as, a.ID)
		faulttest.Refused(t, name, err, who.want)
	}
	_, err = s.TakeBack(s.lina, a.ID)
	faulttest.Refused(t, "retract", err, "")
	acts(&retracted, a.ID)
	_, err = s.TakeBack(s.lina, a.ID)
	faulttest.Refused(t, "retract again", err, fault.InvalidTransition)
	_, err = s.Acknowledge(s.mother, a.ID)
	faulttest.Refused(t, "acknowledge what is retracted", err, fault.InvalidTransition)
	standing := s.DB.Notification.Query().Where(notification.TopicEQ(notification.TopicSchool), notification.RetractedAtIsNil()).CountX(seedtest.System(t))
	if standing != 0 {
		t.Errorf("%d notices still say something", standing)
	}
	found := s.DB.Announcement.GetX(seedtest.System(t), a.ID)
	if announcement.Title(s.mother, found) != nil || announcement.Body(s.mother, found) != nil || announcement.Title(s.lina, found) == nil {
		t.Error("a family still reads what was taken back, or the school does not")
	}
	if announcement.StatsOf(s.mother, found) != nil || announcement.Audience(s.mother, found) != nil || announcement.StatsOf(s.lina, found) == nil {
		t.Error("a family sees the figures, or the school does not")
	}
}

func TestReadingAndAcknowledging(t *testing.T) {
	s := open(t)
	a := s.published(t, s.trip())
	for name, who := range map[string]string{"a barred father": "zhouwei", "a stranger": "maming", "the teacher": "lina"} {
		for _, do := range []func() error{
			func() error { _, err := s.Read(s.city.As(t, who), a.ID); return err },
			func() error { _, err := s.Acknowledge(s.city.As(t, who), a.ID); return err },
		} {
			faulttest.Refused(t, name, do(), fault.NotFound)
		}
	}
	_, err := s.Acknowledge(s.mother, id.New(id.Announcement))
	faulttest.Refused(t, "none", err, fault.NotFound)
	_, err = s.Acknowledge(t.Context(), a.ID)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	codes := atOnce(t, 24, func(i int) error {
		if i%2 == 0 {
			_, err := s.Read(s.mother, a.ID)
			return err
		}
		_, err := s.Acknowledge(s.mother, a.ID)
		return err
	})
	if got := s.counts(t, a.ID); codes[""] != 24 || got[1] != 1 || got[2] != 1 {
		t.Errorf("ended with %v, figures %v", codes, got)
	}
	d, err := s.Read(s.mother, a.ID)
	if err != nil || d.ReadAt == nil || d.AcknowledgedAt == nil || len(d.Edges.Students) != 2 {
		t.Errorf("she has %+v (%v)", d, err)
	}
	quiet := s.trip()
	quiet.Acknowledgement = row.AcknowledgementNone
	b := s.published(t, quiet)
	_, err = s.Acknowledge(s.mother, b.ID)
	faulttest.Refused(t, "what wants no acknowledgement", err, fault.InvalidTransition)
	if got := s.counts(t, b.ID); got[2] != 0 || got[1] != 0 {
		t.Errorf("figures: %v", got)
	}
}

func TestThoseWhoHaveNotAnsweredAreChasedOnceADay(t *testing.T) {
	s := open(t)
	maming := seedtest.Person(t, "maming")
	seedtest.PutPupil(t, s.city, s.class, maming)
	a := s.published(t, s.trip())
	if _, err := s.Acknowledge(s.mother, a.ID); err != nil {
		t.Fatal(err)
	}
	told := func() int {
		return s.DB.Notification.Query().Where(notification.PersonID(maming), notification.Template("school/chased")).CountX(seedtest.System(t))
	}
	codes := atOnce(t, 12, func(int) error { _, err := s.ChaseUnread(s.lina, uuid.New(), a.ID); return err })
	if n := told(); n != 1 || codes[""] != 12 {
		t.Errorf("he was chased %d times: %v", n, codes)
	}
	if n := s.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, "chenjing")), notification.Template("school/chased")).CountX(seedtest.System(t)); n != 0 {
		t.Error("who has acknowledged was chased")
	}
	s.clock.Turn(24 * time.Hour)
	if _, err := s.ChaseUnread(s.lina, uuid.New(), a.ID); err != nil || told() != 2 {
		t.Errorf("on the next day he was told %d times (%v)", told(), err)
	}
	s.clock.Turn(24 * time.Hour)
	s.DB.Guardianship.Update().Where(guardianship.GuardianID(maming)).SetStatus(guardianship.StatusBarred).ExecX(seedtest.System(t))
	if _, err := s.ChaseUnread(s.lina, uuid.New(), a.ID); err != nil || told() != 2 {
		t.Errorf("barred he was told %d times (%v)", told(), err)
	}
	_, err := s.ChaseUnread(s.mother, uuid.New(), a.ID)
	faulttest.Refused(t, "a mother", err, fault.NotFound)
}

// A custody bar that comes after the delivery takes it away: from lists, counts and answers.
func TestABarTakesADeliveryAway(t *testing.T) {
	s := open(t)
	a := s.published(t, s.trip())
	mine := func() int {
		ctx, q, err := s.Mine(s.mother, s.DB.Delivery.Query(), announcement.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		all := q.AllX(ctx)
		if len(all) == 1 {
			return len(all[0].Edges.Students)
		}
		return 0
	}
	bar := func(child string) {
		s.DB.Guardianship.Update().Where(guardianship.GuardianID(seedtest.Person(t, "chenjing")), guardianship.ChildID(seedtest.Person(t, child))).
			SetStatus(guardianship.StatusBarred).ExecX(seedtest.System(t))
	}
	if n := mine(); n != 2 {
		t.Errorf("it is about %d", n)
	}
	bar("zhouzihan")
	if n := mine(); n != 1 {
		t.Errorf("of two children, one barred, it is about %d", n)
	}
	child := seedtest.Person(t, "zhouzihan")
	_, _, err := s.Mine(s.mother, s.DB.Delivery.Query(), announcement.Filter{Child: &child})
	faulttest.Refused(t, "a barred child's", err, fault.DelegationScope)
	bar("zhouzixuan")
	if n := mine(); n != 0 || s.DB.Announcement.Query().CountX(s.mother) != 0 || s.DB.Delivery.Query().CountX(s.mother) != 0 {
		t.Errorf("she still sees it, about %d", n)
	}
	_, err = s.Acknowledge(s.mother, a.ID)
	faulttest.Refused(t, "acknowledge", err, fault.NotFound)
	_, err = s.Read(s.mother, a.ID)
	faulttest.Refused(t, "read", err, fault.NotFound)
	if n := s.DB.Notification.Query().CountX(s.mother); n != 0 {
		t.Errorf("%d notices are still hers", n)
	}
	if _, err := s.Watch(s.mother, a.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("watching ended with %v", err)
	}
}

func TestAnEndedAccountLeavesNothing(t *testing.T) {
	s := open(t)
	a := s.published(t, s.trip())
	if _, err := s.Acknowledge(s.mother, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"chenjing", "lina", "zhouzihan"} {
		err := s.city.Store.InTx(t.Context(), func(ctx context.Context) error {
			return s.bus.Emit(ctx, identity.Deleted{PersonID: seedtest.Person(t, who)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := s.counts(t, a.ID); s.at(t, a.ID)[seedtest.Person(t, "chenjing")] != nil || got[1] != 0 || got[2] != 0 {
		t.Errorf("figures: %v", got)
	}
	if name := s.DB.Announcement.GetX(seedtest.System(t), a.ID).AuthorName; name != "" {
		t.Errorf("it still names %s", name)
	}
}

func TestTheFiguresAreLive(t *testing.T) {
	s := open(t)
	a := s.published(t, s.trip())
	ctx, stop := context.WithCancel(s.lina)
	figures, err := s.Watch(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := <-figures
	if first.Delivered == 0 || first.Acknowledged != 0 {
		t.Errorf("first %+v", first)
	}
	if _, err := s.Acknowledge(s.mother, a.ID); err != nil {
		t.Fatal(err)
	}
	if next := <-figures; next.Acknowledged != 1 || next.Read != 1 {
		t.Errorf("then %+v", next)
	}
	stop()
	for range figures {
	}
}

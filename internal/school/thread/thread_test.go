package thread_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/attachment"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/ent/db/notification"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/school/thread"
	"citygraph/internal/seed/seedtest"
)

func TestWhoMayOpenAThread(t *testing.T) {
	s := open(t)
	lina := seedtest.Person(t, "lina")
	untaught := seedtest.PutPupil(t, s.city, seedtest.PutClass(t, s.city, "三年级1班", "3", ""), seedtest.Person(t, "chenjing"))
	before := s.rows(t)
	for _, c := range []struct {
		what    string
		ctx     context.Context
		student string
		teacher *string
		code    fault.Code
	}{
		{"a visitor", t.Context(), s.child, &lina, fault.Unauthenticated},
		{"a stranger", s.city.As(t, "maming"), s.child, &lina, fault.DelegationScope},
		{"the barred father", s.city.As(t, "zhouwei"), seedtest.Person(t, "zhouzihan"), &lina, fault.DelegationScope},
		{"a stranger without a teacher", s.city.As(t, "maming"), s.child, nil, fault.BadUserInput},
		{"about nobody", s.mother, "person_none", &lina, fault.DelegationScope},
		{"the pupil", seenBy(t, s.child), s.child, &lina, fault.DelegationScope},
		{"with who is no teacher", s.mother, s.child, new(seedtest.Person(t, "maming")), fault.NotFound},
		{"with a teacher of another class", s.mother, untaught, &lina, fault.NotFound},
		{"a teacher of another class", s.lina, untaught, nil, fault.NotClassTeacher},
		{"a teacher about no pupil", s.lina, seedtest.Person(t, "maming"), nil, fault.NotFound},
	} {
		_, err := s.Open(c.ctx, c.student, c.teacher)
		want(t, c.what, err, c.code)
	}
	if after := s.rows(t); after != before {
		t.Errorf("refusals wrote: %v, then %v", before, after)
	}
	one, err := s.Open(s.mother, s.child, &lina)
	want(t, "the mother", err, "")
	other, err := s.Open(s.lina, s.child, nil)
	want(t, "the teacher", err, "")
	if one.ID != other.ID {
		t.Errorf("two threads: %s and %s", one.ID, other.ID)
	}
	contacts, err := s.Contacts(s.mother, s.child)
	if err != nil || len(contacts) != 1 || contacts[0].TeacherID != lina || contacts[0].Duty != enrollment.DutyClassTeacher {
		t.Errorf("she can write to %+v, %v", contacts, err)
	}
}

func TestAMessageTellsTheOthersAndNothingMore(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	const canary = "孩子今天发烧了"
	in := saying(threadID, "  "+canary+"\r\n请假 ")
	m, err := s.Say(lang.With(s.mother, lang.EN), in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Say(lang.With(s.mother, lang.EN), in)
	if err != nil || again.ID != m.ID || m.Seq != 1 || m.Body != canary+"\n请假" || m.Language != "en" || m.AuthorRole != message.AuthorRoleGuardian {
		t.Errorf("said %+v, and again %v %v", m, again, err)
	}
	in.Body = "别的"
	_, err = s.Say(s.mother, in)
	want(t, "another body under the key", err, fault.IdempotencyKeyReused)
	ctx := seedtest.System(t)
	told := s.DB.Notification.Query().Where(notification.EventKey(m.ID)).AllX(ctx)
	if len(told) != 1 || told[0].PersonID != seedtest.Person(t, "lina") || told[0].Template != "school/message_to_teacher" {
		t.Fatalf("told %+v", told)
	}
	for _, text := range []string{told[0].Body.ZH, told[0].Title.ZH, told[0].Body.EN} {
		if strings.Contains(text, "发烧") {
			t.Errorf("a notice says %q", text)
		}
	}
	th := s.DB.Thread.GetX(ctx, threadID)
	unread, _ := s.Unread(s.lina, []*dbThread{th})
	read, _ := s.Unread(s.mother, []*dbThread{th})
	if unread[0] != 1 || read[0] != 0 {
		t.Errorf("unread: the teacher %v, the mother %v", unread, read)
	}
	for _, seq := range []int{1, 0} { // it does not go back
		if _, err := s.Mark(s.lina, threadID, seq); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Mark(s.lina, threadID, 2)
	want(t, "to mark what was not said", err, fault.BadUserInput)
	reads, err := s.Reads(s.mother, []*dbThread{th})
	if err != nil || len(reads[0]) != 2 || reads[0][0].ReadSeq != 1 || reads[0][1].ReadSeq != 1 {
		t.Errorf("reads %+v %v", reads, err)
	}
	urgent := saying(threadID, "请马上回电")
	urgent.Urgency = message.UrgencyUrgent
	if _, err := s.Say(s.lina, urgent); err != nil {
		t.Fatal(err)
	}
	if n := s.DB.AuditEvent.Query().Where(auditevent.Action("sendUrgentMessage")).CountX(ctx); n != 1 {
		t.Errorf("%d urgent messages are counted", n)
	}
}

func TestWhoMaySpeak(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	other := s.DB.Message.GetX(seedtest.System(t), s.said(t, s.lina, s.second(t), "另一个").ID)
	before := s.rows(t)
	for _, c := range []struct {
		what string
		ctx  context.Context
		body string
		code fault.Code
	}{
		{"a visitor", t.Context(), "x", fault.Unauthenticated},
		{"a stranger", s.city.As(t, "maming"), "x", fault.NotFound},
		{"the barred father", s.city.As(t, "zhouwei"), "x", fault.NotFound},
		{"the pupil", seenBy(t, s.child), "x", fault.NotFound},
		{"an administrator", s.city.As(t, "fanglei"), "x", fault.NotFound},
		{"nothing", s.mother, " \n", fault.BadUserInput},
		{"too much", s.mother, strings.Repeat("字", 2001), fault.BadUserInput},
		{"a control character", s.mother, "a\x00b", fault.BadUserInput},
	} {
		_, err := s.Say(c.ctx, saying(threadID, c.body))
		want(t, c.what, err, c.code)
	}
	in := saying(threadID, "答")
	in.ReplyTo = &other.ID
	_, err := s.Say(s.lina, in)
	want(t, "to answer a message of another thread", err, fault.NotFound)
	in = saying(threadID, "答")
	in.Language = new("not a language")
	_, err = s.Say(s.lina, in)
	want(t, "in no language", err, fault.BadUserInput)
	s.DB.Enrollment.Update().Where(enrollment.PersonID(s.child)).SetStatus(enrollment.StatusEnded).ExecX(seedtest.System(t))
	for _, ctx := range []context.Context{s.lina, s.mother} {
		_, err = s.Say(ctx, saying(threadID, "还在吗"))
		want(t, "after a transfer", err, fault.InvalidTransition)
		if _, err := s.Said(ctx, s.DB.Message.Query(), threadID); err != nil {
			t.Errorf("the history is gone: %v", err)
		}
	}
	if after := s.rows(t); after != before {
		t.Errorf("refusals wrote: %v, then %v", before, after)
	}
}

// second is lina's thread about another pupil, whose guardian is wutao.
func (s *school) second(t testing.TB) string {
	t.Helper()
	th, err := s.Open(s.lina, seedtest.PutPupil(t, s.city, s.class, seedtest.Person(t, "wutao")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return th.ID
}

func TestAMessageIsEditedAndTakenBackByItsAuthorForAWhile(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	m := s.said(t, s.mother, threadID, "明天请价")
	for _, ctx := range []context.Context{s.lina, s.city.As(t, "maming")} {
		_, err := s.Change(ctx, m.ID, "x")
		want(t, "somebody else edits", err, fault.NotFound)
		_, err = s.TakeBack(ctx, m.ID)
		want(t, "somebody else retracts", err, fault.NotFound)
	}
	edited, err := s.Change(s.mother, m.ID, "明天请假")
	if err != nil || edited.Seq != m.Seq || edited.Body != "明天请假" || edited.EditedAt == nil {
		t.Errorf("edited: %+v %v", edited, err)
	}
	gone, err := s.TakeBack(s.mother, m.ID)
	if err != nil || thread.Body(gone) != nil || gone.Body != "明天请假" {
		t.Errorf("retracted: %+v %v", gone, err)
	}
	if n := s.DB.Notification.Query().Where(notification.EventKey(m.ID), notification.RetractedAtIsNil()).CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d notices still say something", n)
	}
	_, err = s.Change(s.mother, m.ID, "又")
	want(t, "to edit what is retracted", err, fault.InvalidTransition)
	_, err = s.TakeBack(s.mother, m.ID)
	want(t, "to retract again", err, fault.InvalidTransition)
	old := s.said(t, s.mother, threadID, "旧的")
	s.clock.Turn(thread.EditFor)
	_, err = s.Change(s.mother, old.ID, "新的")
	want(t, "to edit too late", err, fault.InvalidTransition)
	_, err = s.TakeBack(s.mother, old.ID)
	want(t, "to retract too late", err, fault.InvalidTransition)
}

// A message takes along what its author has uploaded: not another's, not what goes with something, and nothing at all when it is refused. It shows
// them until it is retracted.
func TestAMessageTakesAttachmentsAlong(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	file := func(uploader string) string {
		return s.DB.Attachment.Create().SetUploaderID(seedtest.Person(t, uploader)).SetKind("PDF").SetName("假条.pdf").SetSizeBytes(1).
			SetFile(uuid.NewString()).SetDataKey([]byte{1}).SaveX(seedtest.System(t)).ID
	}
	mine, hers := file("chenjing"), file("lina")
	with := func(ids ...string) (*db.Message, error) {
		in := saying(threadID, "见附件")
		in.AttachmentIDs = ids
		return s.Say(s.mother, in)
	}
	_, err := with(mine, hers)
	want(t, "another's", err, fault.NotFound)
	if n := s.DB.Message.Query().CountX(seedtest.System(t)); n != 0 {
		t.Fatalf("what was refused left %d messages", n)
	}
	m, err := with(mine)
	if err != nil {
		t.Fatal(err)
	}
	_, err = with(mine)
	want(t, "what goes with another", err, fault.NotFound)
	shown := func(what string, ctx context.Context, most int) {
		t.Helper()
		found, err := s.DB.Message.Query().Where(message.ID(m.ID)).Only(seedtest.System(t))
		if err != nil {
			t.Fatal(err)
		}
		got, err := thread.Attachments(ctx, found)
		if rows := s.DB.Attachment.Query().Where(attachment.ID(mine)).CountX(ctx); err != nil || len(got) != most || rows != most {
			t.Errorf("%s sees %d and %d of it, %v", what, len(got), rows, err)
		}
	}
	shown("the teacher", s.lina, 1)
	shown("a stranger", s.city.As(t, "maming"), 0)
	if _, err := s.TakeBack(s.mother, m.ID); err != nil {
		t.Fatal(err)
	}
	shown("after the retraction the teacher", s.lina, 0)
	shown("and its author", s.mother, 0)
}

func TestSearchFindsOnesOwn(t *testing.T) {
	s := open(t)
	mine, others := s.opened(t), s.second(t)
	s.said(t, s.lina, mine, "Spring OUTING 100% ready")
	s.said(t, s.lina, others, "spring outing, another child")
	back := s.said(t, s.lina, mine, "spring is over")
	if _, err := s.TakeBack(s.lina, back.ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ctx    context.Context
		text   string
		within *string
		n      int
	}{
		{s.mother, "spring", nil, 1},
		{s.lina, "SPRING", nil, 2},
		{s.lina, "spring", &mine, 1},
		{s.mother, "0% r", nil, 1},
		{s.mother, "0_ r", nil, 0},
		{s.mother, "%%", nil, 0},
		{s.city.As(t, "maming"), "spring", nil, 0},
		{s.city.As(t, "zhouwei"), "spring", nil, 0},
		{s.city.As(t, "fanglei"), "spring", nil, 0},
		{seenBy(t, s.child), "spring", nil, 0},
	} {
		q, err := s.Search(c.ctx, s.DB.Message.Query(), c.text, c.within)
		if err != nil {
			t.Fatal(err)
		}
		if n := q.CountX(c.ctx); n != c.n {
			t.Errorf("%q is found %d times, not %d", c.text, n, c.n)
		}
	}
	_, err := s.Search(s.mother, s.DB.Message.Query(), "spring", &others)
	want(t, "another's thread", err, fault.NotFound)
	_, err = s.Search(s.mother, s.DB.Message.Query(), " x ", nil)
	want(t, "one character", err, fault.BadUserInput)
}

func TestAbuseIsReportedOnceAndDecidedByAdministrators(t *testing.T) {
	s := open(t)
	threadID, admin := s.opened(t), s.city.As(t, "fanglei")
	m := s.said(t, s.lina, threadID, "不好听的话")
	_, err := s.Accuse(s.lina, m.ID, messagereport.ReasonOther)
	want(t, "one's own", err, fault.Forbidden)
	_, err = s.Accuse(s.city.As(t, "zhouwei"), m.ID, messagereport.ReasonOther)
	want(t, "the barred father", err, fault.NotFound)
	r, err := s.Accuse(s.mother, m.ID, messagereport.ReasonHarassment)
	want(t, "the mother", err, "")
	again, err := s.Accuse(s.mother, m.ID, messagereport.ReasonSpam)
	if err != nil || again.ID != r.ID || again.Reason != messagereport.ReasonHarassment {
		t.Errorf("again: %+v %v", again, err)
	}
	for _, name := range []string{"chenjing", "lina", "qianjun", "maming"} {
		ctx := s.city.As(t, name)
		_, err := s.Decide(ctx, r.ID, thread.Uphold)
		want(t, name+" decides", err, fault.Forbidden)
		_, err = s.Reports(ctx, s.DB.MessageReport.Query(), nil)
		want(t, name+" lists", err, fault.Forbidden)
		if shown, _ := s.Reported(ctx, []*dbReport{r}); shown[0] != nil {
			t.Errorf("%s is shown what was reported", name)
		}
	}
	shown, err := s.Reported(admin, []*dbReport{r})
	if err != nil || shown[0].Body != "不好听的话" {
		t.Errorf("the administrator is shown %+v %v", shown, err)
	}
	s.clock.Turn(48 * time.Hour) // however old it is
	decided, err := s.Decide(admin, r.ID, thread.Uphold)
	if err != nil || decided.Status != messagereport.StatusUpheld || decided.DecidedAt == nil {
		t.Errorf("decided: %+v %v", decided, err)
	}
	if thread.Body(s.DB.Message.GetX(seedtest.System(t), m.ID)) != nil {
		t.Error("what was abuse still says something")
	}
	_, err = s.Decide(admin, r.ID, thread.Dismiss)
	want(t, "to decide again", err, fault.InvalidTransition)
}

type checker struct {
	verdict thread.Verdict
	err     error
}

func (c checker) Check(context.Context, string, string) (thread.Verdict, error) {
	return c.verdict, c.err
}

func TestRiskyTextIsNotKeptAndAnOutageSilencesNobody(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	m := s.said(t, s.mother, threadID, "好")
	before := s.rows(t)
	s.Checker = checker{verdict: thread.Risky}
	_, err := s.Say(s.mother, saying(threadID, "坏"))
	want(t, "a risky text", err, fault.ContentRejected)
	_, err = s.Change(s.mother, m.ID, "坏")
	want(t, "a risky edit", err, fault.ContentRejected)
	if after := s.rows(t); after != before || s.DB.Message.GetX(seedtest.System(t), m.ID).Body != "好" {
		t.Errorf("it is kept: %v, then %v", before, after)
	}
	heard := 0
	s.Unheard = func(context.Context, error) { heard++ }
	for _, c := range []checker{{verdict: thread.Review}, {err: errors.New("down")}} {
		s.Checker = c
		s.said(t, s.mother, threadID, "可以")
	}
	if heard != 1 {
		t.Errorf("%d outages were told", heard)
	}
}

func TestSchoolHours(t *testing.T) {
	at := func(text string) time.Time {
		in, err := time.ParseInLocation("2006-01-02 15:04", text, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	for from, until := range map[string]string{
		"2026-11-27 06:59": "2026-11-27 07:00", "2026-11-27 07:00": "2026-11-27 07:00", "2026-11-27 18:59": "2026-11-27 18:59",
		"2026-11-27 19:00": "2026-11-30 07:00", // a Friday evening
		"2026-10-01 10:00": "2026-10-08 07:00", // the national holiday
		"2026-10-10 10:00": "2026-10-10 10:00", // a Saturday that is worked
	} {
		if got := thread.DefaultHours.Next(at(from)); !got.Equal(at(until)) {
			t.Errorf("from %s until %s, not %s", from, got.In(clock.Shanghai).Format("2006-01-02 15:04"), until)
		}
	}
}

func TestABarEndsEverythingAtOnce(t *testing.T) {
	s := open(t)
	threadID := s.opened(t)
	s.said(t, s.lina, threadID, "一")
	ctx, cancel := context.WithCancel(s.mother)
	defer cancel()
	heard, err := s.Listen(ctx, threadID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if m := <-heard; m.Seq != 1 {
		t.Fatalf("heard %+v", m)
	}
	s.DB.Guardianship.Update().Where(guardianship.GuardianID(seedtest.Person(t, "chenjing")), guardianship.ChildID(s.child)).
		SetStatus(guardianship.StatusBarred).ExecX(seedtest.System(t))
	m := s.said(t, s.lina, threadID, "二")
	for m := range heard {
		t.Errorf("she hears %d", m.Seq)
	}
	s.mu.Lock()
	want(t, "the stream", errors.Join(s.ended...), fault.NotFound)
	s.mu.Unlock()
	_, err = s.Say(s.mother, saying(threadID, "三"))
	want(t, "to speak", err, fault.NotFound)
	_, err = s.Said(s.mother, s.DB.Message.Query(), threadID)
	want(t, "to read", err, fault.NotFound)
	if n := s.DB.Notification.Query().Where(notification.EventKey(m.ID)).CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d were told", n)
	}
}

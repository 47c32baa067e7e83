package leave_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/guardianship"
	row "citygraph/ent/db/leaverequest"
	"citygraph/ent/db/notification"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/personal"
	"citygraph/internal/reaction"
	"citygraph/internal/school/leave"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

const reason = "去医院看牙科门诊"

// school is lina's: she leads zhouzihan's class.
type school struct {
	*leave.Desk
	city         *seedtest.City
	clock        *seedtest.Clock
	child, class string
	lina, mother context.Context
}

func open(t *testing.T) *school {
	t.Helper()
	city, at := seedtest.Open(t), seedtest.NewClock()
	hub, bus := live.NewHub(nil), event.New()
	t.Cleanup(hub.Close)
	people := &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)}
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: at, Events: bus, Hub: hub, Records: people}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: at, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	s := &school{city: city, clock: at, child: seedtest.Person(t, "zhouzihan"), lina: city.As(t, "lina"), mother: city.As(t, "chenjing")}
	s.Desk = &leave.Desk{
		DB: city.DB, Store: city.Store, Clock: at, Events: bus, People: people,
		Once: idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: at}, For: register.For, ActsFor: register.ActsFor,
	}
	reaction.Leaves(bus, desk, s.Desk)
	s.class = city.DB.Enrollment.Query().Where(enrollment.PersonID(s.child)).OnlyX(seedtest.System(t)).SchoolClassID
	return s
}

// asking is leave from so many hours on, for two.
func (s *school) asking(hours int) leave.Asking {
	from, why := s.clock.Now().Add(time.Duration(hours)*time.Hour), reason
	return leave.Asking{Key: uuid.New(), PupilID: s.child, Kind: row.KindIllness, From: from, To: from.Add(2 * time.Hour), Reason: &why}
}

func (s *school) asked(t *testing.T, hours int) *db.LeaveRequest {
	t.Helper()
	l, err := s.Request(s.mother, s.asking(hours))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *school) told(t *testing.T, who, template string) []*db.Notification {
	t.Helper()
	return s.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, who)), notification.Template(template)).AllX(seedtest.System(t))
}

func want(t *testing.T, err error, code fault.Code, what string) {
	t.Helper()
	if got := fault.CodeOf(err); got != code || err == nil {
		t.Errorf("%s: %q, want %q (%v)", what, got, code, err)
	}
}

func TestWhoMayAskForLeave(t *testing.T) {
	s := open(t)
	for who, code := range map[string]fault.Code{
		"": fault.Unauthenticated, "zhouwei": fault.DelegationScope, "maming": fault.DelegationScope, "lina": fault.DelegationScope, "xumin": fault.DelegationScope,
	} {
		_, err := s.Request(s.city.As(t, who), s.asking(24))
		want(t, err, code, who)
	}
	_, err := s.Request(viewer.With(t.Context(), &viewer.Viewer{PersonID: s.child}), s.asking(24))
	want(t, err, fault.Forbidden, "the pupil")
	none := s.asking(24)
	none.PupilID = id.New(id.Person)
	_, err = s.Request(s.mother, none)
	want(t, err, fault.DelegationScope, "nobody")
	bad := func(what string, change func(*leave.Asking)) {
		in := s.asking(24)
		change(&in)
		_, err := s.Request(s.mother, in)
		want(t, err, fault.BadUserInput, what)
	}
	empty, control := " ", "a\x07b"
	bad("backwards", func(in *leave.Asking) { in.To = in.From })
	bad("too long", func(in *leave.Asking) { in.To = in.From.Add(31 * 24 * time.Hour) })
	bad("long ago", func(in *leave.Asking) { in.From = in.From.Add(-49 * time.Hour) })
	bad("an empty reason", func(in *leave.Asking) { in.Reason = &empty })
	bad("a control character", func(in *leave.Asking) { in.Reason = &control })
	if n := s.DB.LeaveRequest.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("refusals left %d rows", n)
	}
}

// The class teacher is told and not what for; the reason is open to the family and the class teacher, and stands nowhere in clear.
func TestLeaveIsAskedForAndGranted(t *testing.T) {
	s := open(t)
	in := s.asking(24)
	l, err := s.Request(s.mother, in)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Request(s.mother, in); err != nil || again.ID != l.ID {
		t.Errorf("sent twice: %v, %v", again, err)
	}
	overlapping := s.asking(25)
	_, err = s.Request(s.mother, overlapping)
	want(t, err, fault.BadUserInput, "overlapping")
	if bytes.Contains(l.Sealed, []byte(reason)) {
		t.Error("the reason is in clear")
	}
	told := s.told(t, "lina", "school/leave_requested")
	if len(told) != 1 || strings.Contains(told[0].Body.ZH, "医院") {
		t.Errorf("she was told %v", told)
	}
	for _, r := range s.DB.IdempotencyRecord.Query().AllX(seedtest.System(t)) {
		if strings.Contains(r.String(), "牙科") {
			t.Error("an idempotency record has the reason")
		}
	}
	reads := func(ctx context.Context, who string, opens bool) {
		t.Helper()
		got, err := s.Reasons(ctx, []*db.LeaveRequest{l, l})
		if err != nil || (got[0] != nil) != opens || opens && (*got[0] != reason || *got[1] != reason) {
			t.Errorf("%s reads %v, %v", who, got, err)
		}
	}
	reads(s.mother, "the mother", true)
	reads(s.lina, "the class teacher", true)
	for _, who := range []string{"zhouwei", "maming", "qianjun", ""} {
		reads(s.city.As(t, who), who, false)
	}
	other := seedtest.Person(t, "maming")
	seedtest.Enrol(t, s.city, s.class, other, enrollment.RoleTeacher, enrollment.DutySubjectTeacher)
	subject := viewer.With(t.Context(), &viewer.Viewer{PersonID: other, Roles: []viewer.Role{{Kind: viewer.Teacher, OrganisationID: l.SchoolID}}})
	reads(subject, "a subject teacher", false)
	_, err = s.Decide(subject, l.ID, leave.Approved)
	want(t, err, fault.NotClassTeacher, "a subject teacher decides")
	_, err = s.Decide(s.mother, l.ID, leave.Approved)
	want(t, err, fault.NotClassTeacher, "the mother decides")
	_, err = s.Decide(s.city.As(t, "zhouwei"), l.ID, leave.Approved)
	want(t, err, fault.NotFound, "the barred father decides")
	if may, err := s.AllowedActions(s.lina, l); err != nil || len(may) != 1 || may[0] != leave.ToDecide {
		t.Errorf("lina may %v, %v", may, err)
	}
	granted, err := s.Decide(s.lina, l.ID, leave.Approved)
	if err != nil || granted.Status != row.StatusApproved || granted.DecidedAt == nil {
		t.Fatalf("granted: %v, %v", granted, err)
	}
	if len(s.told(t, "chenjing", "school/leave_approved")) != 1 || len(s.told(t, "zhouwei", "school/leave_approved")) != 0 {
		t.Error("the mother was not told, or the barred father was")
	}
	_, err = s.Decide(s.lina, l.ID, leave.Rejected)
	want(t, err, fault.InvalidTransition, "decided twice")
	if may, err := s.AllowedActions(s.mother, granted); err != nil || len(may) != 1 || may[0] != leave.ToWithdraw {
		t.Errorf("she may %v, %v", may, err)
	}
}

func TestLeaveIsTakenBackBeforeItBegins(t *testing.T) {
	s := open(t)
	l := s.asked(t, 24)
	_, err := s.Withdraw(s.lina, l.ID)
	want(t, err, fault.DelegationScope, "the teacher takes back")
	for _, who := range []string{"zhouwei", "maming"} {
		_, err := s.Withdraw(s.city.As(t, who), l.ID)
		want(t, err, fault.NotFound, who)
	}
	back, err := s.Withdraw(s.mother, l.ID)
	if err != nil || back.Status != row.StatusWithdrawn || len(s.told(t, "lina", "school/leave_withdrawn")) != 1 {
		t.Fatalf("taken back: %v, %v", back, err)
	}
	_, err = s.Withdraw(s.mother, l.ID)
	want(t, err, fault.InvalidTransition, "twice")
	begun := s.asked(t, 24) // the time is free again
	s.clock.Turn(25 * time.Hour)
	_, err = s.Withdraw(s.mother, begun.ID)
	want(t, err, fault.InvalidTransition, "once it has begun")
}

func TestWhoListsLeave(t *testing.T) {
	s := open(t)
	l := s.asked(t, 24)
	count := func(who string, f leave.Filter, n int) {
		t.Helper()
		ctx := s.city.As(t, who)
		q, err := s.List(ctx, s.DB.LeaveRequest.Query(), f)
		if err != nil {
			t.Fatalf("%s: %v", who, err)
		}
		if got, err := q.Count(ctx); err != nil || got != n {
			t.Errorf("%s lists %d, %v", who, got, err)
		}
	}
	count("chenjing", leave.Filter{}, 1)
	count("chenjing", leave.Filter{Child: &s.child}, 1)
	count("lina", leave.Filter{Class: &l.SchoolClassID}, 1)
	count("lina", leave.Filter{}, 0)
	for _, who := range []string{"zhouwei", "maming", "qianjun"} {
		count(who, leave.Filter{}, 0)
		_, err := s.List(s.city.As(t, who), s.DB.LeaveRequest.Query(), leave.Filter{Child: &s.child})
		want(t, err, fault.DelegationScope, who)
		_, err = s.List(s.city.As(t, who), s.DB.LeaveRequest.Query(), leave.Filter{Class: &s.class})
		want(t, err, fault.Forbidden, who)
	}
	_, err := s.List(s.mother, s.DB.LeaveRequest.Query(), leave.Filter{Child: &s.child, Class: &s.class})
	want(t, err, fault.BadUserInput, "a child and a class")
	_, err = s.List(t.Context(), s.DB.LeaveRequest.Query(), leave.Filter{})
	want(t, err, fault.Unauthenticated, "a visitor")
}

// After a transfer the old teacher decides no more, and the mother keeps what was; a custody bar ends it for her.
func TestLeaveAfterATransferAndABar(t *testing.T) {
	s := open(t)
	l := s.asked(t, 24)
	s.DB.Enrollment.Update().Where(enrollment.PersonID(s.child)).SetStatus(enrollment.StatusEnded).ExecX(seedtest.System(t))
	_, err := s.Decide(s.lina, l.ID, leave.Approved)
	want(t, err, fault.NotFound, "the old teacher decides")
	if n := s.DB.LeaveRequest.Query().CountX(s.lina); n != 0 {
		t.Errorf("the old teacher sees %d", n)
	}
	_, err = s.Request(s.mother, s.asking(48))
	want(t, err, fault.NotFound, "without a class")
	s.DB.Guardianship.Update().Where(guardianship.GuardianID(seedtest.Person(t, "chenjing"))).SetStatus(guardianship.StatusBarred).ExecX(seedtest.System(t))
	_, err = s.Withdraw(s.mother, l.ID)
	want(t, err, fault.NotFound, "barred")
	_, err = s.Request(s.mother, s.asking(72))
	want(t, err, fault.DelegationScope, "barred, she asks")
}

// Of two who decide at once one does, and the family is told once.
func TestTwoDecideAtOnce(t *testing.T) {
	s := open(t)
	l := s.asked(t, 24)
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range 8 {
		all.Go(func() {
			to := leave.Approved
			if i%2 == 1 {
				to = leave.Rejected
			}
			code := fault.Code("")
			if _, err := s.Decide(s.lina, l.ID, to); err != nil {
				code = fault.CodeOf(err)
			}
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	all.Wait()
	if codes[""] != 1 || codes[fault.InvalidTransition] != 7 {
		t.Errorf("%v", codes)
	}
	if n := len(s.told(t, "chenjing", "school/leave_approved")) + len(s.told(t, "chenjing", "school/leave_rejected")); n != 1 {
		t.Errorf("she was told %d times", n)
	}
}

// Of eight who ask for the same time at once one does.
func TestTheSameTimeIsAskedForOnce(t *testing.T) {
	s := open(t)
	var all sync.WaitGroup
	for range 8 {
		in := s.asking(24)
		all.Go(func() {
			if _, err := s.Request(s.mother, in); err != nil && fault.CodeOf(err) != fault.BadUserInput {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.DB.LeaveRequest.Query().CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d leaves", n)
	}
	if err := s.Store.InTx(t.Context(), func(ctx context.Context) error { return s.Forget(ctx, s.child) }); err != nil {
		t.Fatal(err)
	}
	if n := s.DB.LeaveRequest.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d leaves of who is gone", n)
	}
}

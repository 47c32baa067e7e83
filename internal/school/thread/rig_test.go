package thread_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/message"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/thread"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// school is lina's, with a class that she leads and in which chenjing's son is.
type school struct {
	*thread.Talk
	city   *seedtest.City
	clock  *seedtest.Clock
	class  string
	child  string
	lina   context.Context
	mother context.Context

	mu    sync.Mutex
	ended []error
}

func open(t testing.TB) *school {
	t.Helper()
	city := seedtest.Open(t)
	s := &school{city: city, clock: seedtest.NewClock(), lina: city.As(t, "lina"), mother: city.As(t, "chenjing")}
	hub, bus := live.NewHub(nil), event.New()
	t.Cleanup(hub.Close)
	once := idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: s.clock}
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: s.clock, Events: bus, Hub: hub, Once: once}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: s.clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	s.Talk = &thread.Talk{
		DB: city.DB, Store: city.Store, Clock: s.clock, Events: bus, Hub: hub, Once: once, For: register.For, Rights: household.Topic,
		Attach: (&attachment.Room{DB: city.DB, Store: city.Store, Clock: s.clock}).GiveMessage,
		Admit:  func(context.Context) error { return nil },
		Fail: func(_ context.Context, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ended = append(s.ended, err)
		},
	}
	reaction.Threads(bus, city.DB, desk, s.Talk)
	s.class = seedtest.PutClass(t, city, "二年级3班", "2", enrollment.DutyClassTeacher)
	s.child = seedtest.PutPupil(t, city, s.class, seedtest.Person(t, "chenjing"))
	return s
}

// opened is the thread of lina and the family.
func (s *school) opened(t testing.TB) string {
	t.Helper()
	th, err := s.Open(s.lina, s.child, nil)
	if err != nil {
		t.Fatal(err)
	}
	return th.ID
}

func saying(threadID, body string) thread.Saying {
	return thread.Saying{Key: uuid.New(), ThreadID: threadID, Body: body, Urgency: message.UrgencyNormal}
}

func (s *school) said(t testing.TB, ctx context.Context, threadID, body string) *db.Message {
	t.Helper()
	m, err := s.Say(ctx, saying(threadID, body))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rows are what refusals must not add to.
func (s *school) rows(t testing.TB) [6]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [6]int{
		s.DB.Thread.Query().CountX(ctx), s.DB.Message.Query().CountX(ctx), s.DB.Notification.Query().CountX(ctx),
		s.DB.AuditEvent.Query().CountX(ctx), s.DB.IdempotencyRecord.Query().CountX(ctx), s.DB.ThreadRead.Query().CountX(ctx),
	}
}

func want(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != code {
		t.Errorf("%s: %q, want %q (%v)", what, got, code, err)
	}
}

// seenBy is a context in which a person without roles asks.
func seenBy(t testing.TB, personID string) context.Context {
	t.Helper()
	return viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
}

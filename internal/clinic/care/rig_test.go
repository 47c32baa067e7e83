package care_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clinic/care"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// town is a city with an office of care at xumin's clinic, where lina works too, and wangguiying, for whom chenjing acts.
type town struct {
	*care.Office
	city  *seedtest.City
	clock *seedtest.Clock
	hub   *live.Hub
	log   *bytes.Buffer
	lost  []int // the levels counted as unanswered

	clinic, doctor string
	patient        string
}

func open(t *testing.T) *town {
	t.Helper()
	city, hub, clock := seedtest.Open(t), live.NewHub(nil), seedtest.NewClock()
	t.Cleanup(hub.Close)
	w := &town{city: city, clock: clock, hub: hub, log: &bytes.Buffer{}, patient: seedtest.Person(t, "wangguiying")}
	bus := event.New()
	once := idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: clock}
	register := &household.Register{DB: city.DB, Store: city.Store, Clock: clock, Events: bus, Hub: hub, Once: once}
	w.Office = &care.Office{
		DB: city.DB, Store: city.Store, Clock: clock, Events: bus, Once: once, Hub: hub, Log: zerolog.New(w.log),
		ForAny: register.ForAny, Told: register.Told, Rights: household.Topic, Pace: care.Usual(),
		Admit: func(context.Context) error { return nil },
		Fail: func(ctx context.Context, err error) {
			if ctx.Err() == nil {
				t.Errorf("a stream ended: %v", err)
			}
		},
		Lost: func(_ context.Context, level int) { w.lost = append(w.lost, level) },
	}
	desk := &notice.Desk{DB: city.DB, Store: city.Store, Clock: clock, Hub: hub, Deliver: func(context.Context, []string) error { return nil }}
	reaction.Care(bus, desk, register, w.Office)
	w.clinic = viewer.From(city.As(t, "xumin")).Organisations(viewer.ClinicStaff)[0]
	w.doctor = *city.DB.Schedule.Query().Where(schedule.ClinicID(w.clinic), schedule.PractitionerIDNotNil()).FirstX(seedtest.System(t)).PractitionerID
	city.DB.StaffRole.Create().SetPersonID(seedtest.Person(t, "lina")).SetKind(staffrole.KindClinicStaff).SetOrganisationID(w.clinic).
		ExecX(seedtest.System(t))
	return w
}

// as is a context in which a member of the cast asks.
func (w *town) as(t *testing.T, name string) context.Context {
	t.Helper()
	return w.city.As(t, name)
}

// asks has a member ask for a contract of a year, for another where one is named.
func (w *town) asks(t *testing.T, name, behalf string) (*db.CareContract, error) {
	t.Helper()
	r := care.ContractRequest{Key: uuid.New(), ClinicID: w.clinic, PractitionerID: w.doctor, Months: 12}
	if behalf != "" {
		r.OnBehalfOf = new(seedtest.Person(t, behalf))
	}
	return w.RequestContract(w.as(t, name), r)
}

// contract is one of the patient's that is in force.
func (w *town) contract(t *testing.T) *db.CareContract {
	t.Helper()
	c, err := w.asks(t, "wangguiying", "")
	if err == nil {
		c, err = w.MoveContract(w.as(t, "xumin"), c.ID, care.AcceptContract)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wish asks for a visit of the patient tomorrow.
func (w *town) wish(ctx context.Context) (*db.CareVisit, error) {
	from := w.clock.Now().Add(24 * time.Hour)
	return w.RequestVisit(ctx, care.VisitRequest{Key: uuid.New(), Reason: "CHECK_UP", From: from, To: from.Add(2 * time.Hour)})
}

// call is the patient's own.
func (w *town) call(t *testing.T) *db.HelpCall {
	t.Helper()
	c, err := w.Call(w.as(t, "wangguiying"), care.Call{Key: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told are the texts of a member's notices of the clinic, in their order.
func (w *town) told(t *testing.T, name string) string {
	t.Helper()
	told := w.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, name)), notification.TopicEQ(notification.TopicClinic)).
		Order(notification.BySeq()).Select(notification.FieldTemplate).StringsX(seedtest.System(t))
	return strings.ReplaceAll(strings.Join(told, " "), "clinic/", "")
}

// tells fails unless the members were told so.
func (w *town) tells(t *testing.T, what string, want map[string]string) {
	t.Helper()
	for name, texts := range want {
		if got := w.told(t, name); got != texts {
			t.Errorf("%s: %s was told %q, want %q", what, name, got, texts)
		}
	}
}

// rows are what refusals must not add to.
func (w *town) rows(t *testing.T) [6]int {
	t.Helper()
	ctx := seedtest.System(t)
	return [6]int{
		w.DB.CareContract.Query().CountX(ctx), w.DB.CareVisit.Query().CountX(ctx), w.DB.HelpCall.Query().CountX(ctx),
		w.DB.Notification.Query().CountX(ctx), w.DB.AuditEvent.Query().CountX(ctx), w.DB.IdempotencyRecord.Query().CountX(ctx),
	}
}

// atOnce has n callers do something, and counts how they ended.
func atOnce(t *testing.T, n int, do func(i int) error) map[fault.Code]int {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := map[fault.Code]int{}
	for i := range n {
		all.Go(func() {
			err := do(i)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
			if fault.CodeOf(err) == fault.InternalError {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return codes
}

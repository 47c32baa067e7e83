package day_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/delegation"
	"citygraph/internal/clinic/day"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/household"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

// wait has so many patients check in, of whom some are old.
func (h *hospital) wait(t *testing.T, n int, old ...int) []*db.Appointment {
	t.Helper()
	s := h.slot(t, time.Hour, 30*time.Minute, n)
	rows := make([]*db.Appointment, n)
	for i := range rows {
		if slices.Contains(old, i+1) {
			h.ages[h.people[i]] = 80
		}
		rows[i] = h.arrive(t, h.book(t, s, h.people[i]))
	}
	return rows
}

func (h *hospital) call(t *testing.T) *db.Appointment {
	t.Helper()
	called, err := h.CallNext(h.staff, day.Call{Key: uuid.New(), ScheduleID: h.diary.ID})
	if err != nil {
		t.Fatal(err)
	}
	return called
}

// numbers are the queue's, in the order of calling.
func (h *hospital) numbers(t *testing.T) string {
	t.Helper()
	rows, err := h.Queue(h.staff, h.diary.ID, nil, func(q *db.AppointmentQuery) ([]*db.Appointment, error) { return q.All(h.staff) })
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range rows {
		list = append(list, fmt.Sprint(*a.QueueNumber))
	}
	return strings.Join(list, " ")
}

func TestTheOldAreCalledFirstButNeverMoreThanTwoInARow(t *testing.T) {
	h := open(t)
	h.wait(t, 7, 4, 5, 6)
	if order := h.numbers(t); order != "4 5 1 6 2 3 7" {
		t.Errorf("they wait as %s", order)
	}
	var calls []string
	for called := h.call(t); called != nil; called = h.call(t) {
		calls = append(calls, fmt.Sprint(*called.QueueNumber))
	}
	if order := strings.Join(calls, " "); order != "4 5 1 6 2 3 7" || h.numbers(t) != "" {
		t.Errorf("they are called as %s", order)
	}
	// At the first call 5, 1, 6 and 2 come soon; each is told once, and then called.
	for i, want := range []string{"turn_near called", "turn_near called", "turn_near called", "called", "turn_near called", "turn_near called", "turn_near called"} {
		if got := h.told(t, h.people[i]); got != want {
			t.Errorf("%d was told %q", i+1, got)
		}
	}
}

// Four desks on two replicas call at once until nobody waits: everybody is called once, in the order foretold.
func TestFourDesksCallEachOnceInOrder(t *testing.T) {
	h := open(t)
	h.wait(t, 24, 3, 7, 8, 9, 10, 20)
	want := h.numbers(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for i := range 4 {
		all.Go(func() {
			for {
				called, err := h.replicas[i%2].CallNext(h.staff, day.Call{Key: uuid.New(), ScheduleID: h.diary.ID})
				if err != nil {
					t.Error(err)
				}
				if called == nil {
					return
				}
				mu.Lock()
				seen[called.ID]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	rows := h.DB.Appointment.Query().Where(appointment.CalledAtNotNil()).AllX(seedtest.System(t))
	slices.SortFunc(rows, func(a, b *db.Appointment) int { return a.CalledAt.Compare(*b.CalledAt) })
	var order []string
	for _, a := range rows {
		order = append(order, fmt.Sprint(*a.QueueNumber))
		if seen[a.ID] != 1 {
			t.Errorf("%d was called %d times", *a.QueueNumber, seen[a.ID])
		}
		if told := h.told(t, a.PatientID); strings.Count(told, "called") != 1 || strings.Count(told, "turn_near") > 1 {
			t.Errorf("%d was told %s", *a.QueueNumber, told)
		}
	}
	if got := strings.Join(order, " "); got != want {
		t.Errorf("they were called as %s, not %s", got, want)
	}
}

func TestACallThatIsSentTwiceCallsOnce(t *testing.T) {
	h := open(t)
	empty := day.Call{Key: uuid.New(), ScheduleID: h.diary.ID}
	if called, err := h.CallNext(h.staff, empty); called != nil || err != nil {
		t.Errorf("of nobody %v is called (%v)", called, err)
	}
	h.wait(t, 2)
	if called, err := h.CallNext(h.staff, empty); called != nil || err != nil {
		t.Errorf("the first answer was nobody, and now %v (%v)", called, err)
	}
	key := day.Call{Key: uuid.New(), ScheduleID: h.diary.ID}
	first, err := h.CallNext(h.staff, key)
	again, err2 := h.replicas[1].CallNext(h.staff, key)
	if err != nil || err2 != nil || first.ID != again.ID {
		t.Errorf("%v and then %v", first, again)
	}
	key.ScheduleID = id.New(id.Schedule)
	_, err = h.CallNext(h.staff, key)
	faulttest.Refused(t, "the key for another schedule", err, fault.IdempotencyKeyReused)
}

func TestOnlyTheClinicsStaffWorkItsQueue(t *testing.T) {
	h := open(t)
	a := h.wait(t, 1)[0]
	elsewhere := h.DB.Schedule.Query().AllX(seedtest.System(t))
	elsewhere = slices.DeleteFunc(elsewhere, func(s *db.Schedule) bool { return s.ClinicID == h.clinic })
	abroad := slices.MinFunc(elsewhere, func(a, b *db.Schedule) int { return cmp.Compare(a.ID, b.ID) })
	before := h.rows(t)
	none := func(*db.AppointmentQuery) ([]*db.Appointment, error) { return nil, nil }
	for name, tt := range map[string]struct {
		as, schedule, appointment string
		want                      fault.Code
	}{
		"a visitor":       {"", h.diary.ID, a.ID, fault.Unauthenticated},
		"a patient":       {"chenjing", h.diary.ID, a.ID, fault.Forbidden},
		"another clinic":  {"xumin", abroad.ID, id.New(id.Appointment), fault.NotFound},
		"nothing":         {"xumin", id.New(id.Schedule), id.New(id.Appointment), fault.NotFound},
		"not an id of it": {"xumin", "x", "x", fault.NotFound},
	} {
		ctx := h.city.As(t, tt.as)
		_, err := h.CallNext(ctx, day.Call{Key: uuid.New(), ScheduleID: tt.schedule})
		faulttest.Refused(t, name+" calls", err, tt.want)
		_, err = h.Queue(ctx, tt.schedule, nil, none)
		faulttest.Refused(t, name+" looks", err, tt.want)
		_, err = h.Stop(ctx, day.Stop{Key: uuid.New(), ScheduleID: tt.schedule, From: h.clock.Now(), To: h.clock.Now().Add(time.Hour)})
		faulttest.Refused(t, name+" stops", err, tt.want)
		_, err = h.Fulfil(ctx, tt.appointment)
		faulttest.Refused(t, name+" fulfils", err, tt.want)
		_, err = h.MarkNoShow(ctx, tt.appointment)
		faulttest.Refused(t, name+" marks", err, tt.want)
	}
	if after := h.rows(t); after != before {
		t.Errorf("refusals left rows: %v, %v", before, after)
	}
}

func TestAPatientSeesWhereTheyStand(t *testing.T) {
	h := open(t)
	rows := h.wait(t, 4)
	third := h.person(t, rows[2].PatientID)
	stands := func(what string, ahead, serving, wait int) {
		t.Helper()
		p, err := h.Position(third, rows[2].ID)
		if err != nil {
			t.Fatal(err)
		}
		now := 0
		if p.NowServing != nil {
			now = *p.NowServing
		}
		if p.Ahead != ahead || now != serving || p.EstimatedWaitMinutes != wait {
			t.Errorf("%s: %d ahead, %d inside, %d minutes", what, p.Ahead, now, p.EstimatedWaitMinutes)
		}
	}
	stands("at first", 2, 0, 15) // thirty minutes for four
	h.call(t)
	stands("after a call", 1, 1, 15)
	for _, a := range []*db.Appointment{rows[0], h.call(t)} {
		h.clock.Turn(4 * time.Minute)
		if _, err := h.Fulfil(h.staff, a.ID); err != nil {
			t.Fatal(err)
		}
	}
	stands("after two visits", 0, 2, 0)
	h.call(t)
	stands("when they are called", 0, 3, 0)
	for name, tt := range map[string]struct {
		as   string
		what string
		want fault.Code
	}{
		"a stranger": {h.people[9], rows[2].ID, fault.NotFound},
		"nothing":    {rows[2].PatientID, id.New(id.Appointment), fault.NotFound},
		"the clinic": {seedtest.Person(t, "xumin"), rows[2].ID, fault.NotFound},
		"a visitor":  {"", rows[2].ID, fault.Unauthenticated},
	} {
		_, err := h.Position(h.person(t, tt.as), tt.what)
		faulttest.Refused(t, name, err, tt.want)
		_, err = h.Moved(h.person(t, tt.as), tt.what)
		faulttest.Refused(t, name+" who follows", err, tt.want)
	}
}

func TestAPatientFollowsTheQueueUntilTheyAreCalled(t *testing.T) {
	h := open(t)
	rows := h.wait(t, 2)
	s := h.slot(t, 30*time.Minute, 30*time.Minute, 1)
	late := h.book(t, s, h.people[5])
	live, err := h.Moved(h.person(t, h.people[5]), late.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.arrive(t, late)
	next := func(ahead int) *day.Position {
		t.Helper()
		for {
			select {
			case p, ok := <-live:
				switch {
				case !ok:
					t.Fatal("it has ended")
				case p.Ahead == ahead:
					return p
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("nobody said that %d are ahead", ahead)
			}
		}
	}
	next(2)
	h.call(t)
	next(1)
	h.call(t)
	next(0)
	if _, err := h.Fulfil(h.staff, rows[0].ID); err != nil {
		t.Fatal(err)
	}
	h.call(t)
	var last *day.Position
	for p := range live {
		last = p
	}
	if last == nil || last.Appointment.CalledAt == nil || *last.NowServing != 3 {
		t.Errorf("at last it told %+v", last)
	}
}

// A daughter follows the queue for her mother-in-law until she may no longer book for her.
func TestFollowingEndsWithTheRight(t *testing.T) {
	h := open(t)
	mother, daughter := seedtest.Person(t, "wangguiying"), seedtest.Person(t, "chenjing")
	a := h.arrive(t, h.book(t, h.slot(t, time.Hour, 30*time.Minute, 1), mother))
	live, err := h.Moved(h.person(t, daughter), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if first := <-live; first == nil || first.Ahead != 0 {
		t.Errorf("at first she hears %+v", first)
	}
	h.DB.Delegation.Update().Where(delegation.DelegatorID(mother), delegation.DelegateID(daughter)).SetState(delegation.StateRevoked).ExecX(seedtest.System(t))
	h.Hub.Publish(household.Topic(daughter))
	for p := range live {
		t.Errorf("after that she hears %+v", p)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ends) != 1 || fault.CodeOf(h.ends[0]) != fault.NotFound {
		t.Errorf("it ends with %v", h.ends)
	}
}

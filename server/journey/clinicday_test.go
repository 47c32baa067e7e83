package journey_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/department"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clock"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// wardOf is a schedule of xumin's clinic.
func wardOf(t *testing.T, city *citytest.City) *db.Schedule {
	t.Helper()
	clinicID := city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
	there := city.DB.Department.Query().Where(department.ClinicID(clinicID)).Order(department.ByID()).FirstX(system(t))
	return city.DB.Schedule.Create().SetClinicID(clinicID).SetDepartmentID(there.ID).SaveX(system(t))
}

// place is a slot of it for so many, so long from now.
func place(t *testing.T, city *citytest.City, of *db.Schedule, after time.Duration, capacity int) *db.Slot {
	t.Helper()
	start := clock.System{}.Now().Add(after)
	return city.DB.Slot.Create().SetScheduleID(of.ID).SetStartsAt(start).SetEndsAt(start.Add(time.Hour)).
		SetCapacity(capacity).SetRemaining(capacity).SetFee(0).SetStatus(slot.StatusFree).SaveX(system(t))
}

// booked gives a member a place there, as booking would leave it.
func booked(t *testing.T, city *citytest.City, s *db.Slot, name string) string {
	t.Helper()
	city.DB.Slot.UpdateOneID(s.ID).AddRemaining(-1).ExecX(system(t))
	of, err := city.DB.Schedule.Query().Where(schedule.ID(s.ScheduleID)).Only(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return city.DB.Appointment.Create().SetPatientID(seedtest.Person(t, name)).SetPatientName("王桂英").SetSlotID(s.ID).SetScheduleID(of.ID).
		SetClinicID(of.ClinicID).SetStartsAt(s.StartsAt).SetEndsAt(s.EndsAt).SetStatus(appointment.StatusBooked).
		SetChannel(appointment.ChannelApp).SaveX(system(t)).ID
}

func doing(input citytest.Vars) citytest.Vars { return citytest.Vars{"input": input} }

// standing is what the queue's subscribers hear.
type standing struct {
	QueueMoved struct {
		Ahead       int
		NowServing  *int
		Appointment struct {
			Status   string
			CalledAt *string
		}
	}
}

// titles are those of the notices of a member, the newest first.
func titles(t *testing.T, c *citytest.Client) string {
	t.Helper()
	rows, _ := inboxPage(t, c, citytest.Vars{"first": 20})
	var list []string
	for _, row := range rows {
		list = append(list, row.Title)
	}
	return strings.Join(list, " ")
}

// Two neighbours check in before a grandmother, whose daughter has her checked in by the code at the desk and follows the queue over
// a socket on another replica: she is called first for her age, and seen; then the first neighbour, who hears it by SSE.
func TestAGrandmotherIsCalledFirstAndHerDaughterHearsIt(t *testing.T) {
	here := citytest.Start(t, citytest.Redis(redistest.Start(t)))
	there := here.Replica(t)
	staff, daughter, neighbour, third := here.As(t, "xumin"), here.As(t, "chenjing"), here.As(t, "maming"), here.As(t, "lina")
	of := wardOf(t, here)
	s := place(t, here, of, 0, 5)
	hers, his, other := booked(t, here, s, "wangguiying"), booked(t, here, s, "maming"), booked(t, here, s, "lina")

	elsewhere := here.DB.Clinic.Query().Where(clinic.IDNEQ(of.ClinicID)).Order(clinic.ByID()).FirstX(system(t))
	far := citytest.Vars{"lat": elsewhere.Lat, "lng": elsewhere.Lng, "crs": "WGS84"}
	refused := problems(t, neighbour.Do("CheckIn", doing(citytest.Vars{"appointmentId": his, "location": far})))
	if len(refused) != 1 || refused[0].Code != "BAD_USER_INPUT" || !slices.Equal(refused[0].Field, []string{"input", "location"}) {
		t.Errorf("at another clinic: %+v", refused)
	}
	if code := daughter.Do("CheckInCode", citytest.Vars{"clinic": of.ClinicID}).Code(); code != "FORBIDDEN" {
		t.Errorf("a patient sees the screen of the desk: %s", code)
	}
	var screen struct{ CheckInCode struct{ Code string } }
	staff.Do("CheckInCode", citytest.Vars{"clinic": of.ClinicID}).Decode(t, &screen)

	live := daughter.On(there).Subscribe(t, "QueueMoved", citytest.Vars{"appointment": hers})
	for _, arrival := range []struct {
		who *citytest.Client
		of  string
	}{{neighbour, his}, {third, other}, {daughter, hers}} {
		if found := problems(t, arrival.who.Do("CheckIn", doing(citytest.Vars{"appointmentId": arrival.of, "code": screen.CheckInCode.Code}))); len(found) != 0 {
			t.Fatalf("check-in: %+v", found)
		}
	}
	follows := neighbour.On(there).Stream(t, "QueueMoved", citytest.Vars{"appointment": his})
	var queue struct{ Queue []struct{ QueueNumber int } }
	staff.Do("ClinicQueue", citytest.Vars{"schedule": of.ID}).Decode(t, &queue)
	if q := queue.Queue; len(q) != 3 || q[0].QueueNumber != 3 || q[1].QueueNumber != 1 || q[2].QueueNumber != 2 {
		t.Errorf("they wait as %+v", q)
	}
	hears := func(live *citytest.Subscription, until func(standing) bool) {
		t.Helper()
		for {
			var heard standing
			if live.Next(t).Decode(t, &heard); until(heard) {
				return
			}
		}
	}
	hears(live, func(s standing) bool { return s.QueueMoved.Ahead == 0 && s.QueueMoved.Appointment.CalledAt == nil })
	hears(follows, func(s standing) bool { return s.QueueMoved.Ahead == 1 })
	if code := here.As(t, "zhaoqiang").Do("QueuePosition", citytest.Vars{"appointment": hers}).Code(); code != "NOT_FOUND" {
		t.Errorf("a stranger asks: %s", code)
	}

	call := func() string {
		t.Helper()
		var answer struct {
			CallNext struct{ Appointment *struct{ ID string } }
		}
		staff.Do("CallNext", doing(citytest.Vars{"idempotencyKey": uuid.NewString(), "scheduleId": of.ID})).Decode(t, &answer)
		if answer.CallNext.Appointment == nil {
			return ""
		}
		return answer.CallNext.Appointment.ID
	}
	if called := call(); called != hers {
		t.Errorf("%s is called, not she", called)
	}
	hears(live, func(s standing) bool { return s.QueueMoved.Appointment.CalledAt != nil })
	hears(follows, func(s standing) bool { return s.QueueMoved.Ahead == 0 && *s.QueueMoved.NowServing == 3 })
	if found := problems(t, staff.Do("FulfilAppointment", doing(citytest.Vars{"appointmentId": hers}))); len(found) != 0 {
		t.Errorf("she is not seen: %+v", found)
	}
	if call() != his || call() != other || call() != "" {
		t.Error("the others are not called in their order")
	}
	hears(follows, func(s standing) bool { return s.QueueMoved.Appointment.CalledAt != nil })
	if _, open := <-follows.Events; open {
		t.Error("his stream goes on after he is called")
	}
	if told := titles(t, neighbour); !strings.HasPrefix(told, "请就诊 即将轮到您就诊") {
		t.Errorf("he was told %s", told)
	}
	if told := titles(t, here.As(t, "wangguiying")); !strings.HasPrefix(told, "请就诊") || strings.Contains(told, "即将") {
		t.Errorf("she was told %s", told)
	}
}

// A doctor is not there tomorrow: who has booked is told once with what is free instead, and finds it; the clinic's second click
// changes nothing.
func TestADoctorIsNotThereAndPatientsAreOfferedOthers(t *testing.T) {
	city := citytest.Start(t)
	staff, patient := city.As(t, "xumin"), city.As(t, "maming")
	of := wardOf(t, city)
	s := place(t, city, of, 24*time.Hour, 5)
	his, hers := booked(t, city, s, "maming"), booked(t, city, s, "wangguiying")
	colleague := city.DB.Schedule.Create().SetClinicID(of.ClinicID).SetDepartmentID(*of.DepartmentID).SaveX(system(t))
	instead := place(t, city, colleague, 24*time.Hour+time.Minute, 1)
	stop := doing(citytest.Vars{
		"idempotencyKey": uuid.NewString(), "scheduleId": of.ID, "from": s.StartsAt.Truncate(time.Second), "to": s.EndsAt.Truncate(time.Second),
	})
	if code := patient.Do("StopSchedule", stop).Code(); code != "FORBIDDEN" {
		t.Errorf("a patient stops it: %s", code)
	}
	for range 2 {
		if found := problems(t, staff.Do("StopSchedule", stop)); len(found) != 0 {
			t.Fatalf("it cannot be stopped: %+v", found)
		}
	}
	var shown struct {
		Node struct {
			Status, CancelReason string
			Alternatives         []struct{ ID string }
		}
	}
	patient.Do("StoppedAppointment", citytest.Vars{"id": his}).Decode(t, &shown)
	if n := shown.Node; n.Status != "CANCELLED" || n.CancelReason != "CLINIC_STOPPED" || len(n.Alternatives) != 3 || n.Alternatives[0].ID != instead.ID {
		t.Errorf("he sees %+v", n)
	}
	city.As(t, "chenjing").Do("StoppedAppointment", citytest.Vars{"id": hers}).Decode(t, &shown)
	if len(shown.Node.Alternatives) != 3 {
		t.Errorf("for her mother-in-law she sees %+v", shown.Node)
	}
	rows, _ := inboxPage(t, patient, citytest.Vars{"first": 20})
	if len(rows) != 1 || rows[0].Title != "停诊通知" || !strings.Contains(rows[0].Target.AppLink, his) {
		t.Errorf("he was told %+v", rows)
	}
	if got := city.DB.Slot.GetX(system(t), s.ID); got.Status != slot.StatusBusyUnavailable || got.Remaining != 5 {
		t.Errorf("the slot is %s with %d left", got.Status, got.Remaining)
	}
}

// A patient misses three visits, cannot book, appeals, and an administrator lifts the suspension; nobody does either twice.
func TestThreeMissedVisitsAndAnAppeal(t *testing.T) {
	city := citytest.Start(t)
	staff, patient, admin := city.As(t, "xumin"), city.As(t, "maming"), city.As(t, "fanglei")
	of := wardOf(t, city)
	for i := range 3 {
		missed := booked(t, city, place(t, city, of, -time.Duration(20+i)*time.Minute, 1), "maming")
		if found := problems(t, staff.Do("MarkNoShow", doing(citytest.Vars{"appointmentId": missed}))); len(found) != 0 {
			t.Fatalf("it is not marked: %+v", found)
		}
	}
	var mine struct {
		BookingSuspensions struct {
			Edges []struct {
				Node struct {
					ID, Status     string
					Missed         int
					AllowedActions []string
				}
			}
		}
	}
	look := func() (id, status string, actions []string) {
		t.Helper()
		patient.Do("BookingSuspensions", citytest.Vars{"first": 20}).Decode(t, &mine)
		if edges := mine.BookingSuspensions.Edges; len(edges) == 1 {
			return edges[0].Node.ID, edges[0].Node.Status, edges[0].Node.AllowedActions
		}
		t.Fatalf("he sees %+v", mine)
		return "", "", nil
	}
	suspension, status, actions := look()
	if status != "ACTIVE" || !slices.Equal(actions, []string{"APPEAL"}) {
		t.Errorf("it is %s, and he may %v", status, actions)
	}
	plea := doing(citytest.Vars{"suspensionId": suspension, "reason": "WAS_THERE"})
	if found := problems(t, patient.DoFor("wechat-miniprogram", "AppealSuspension", plea)); len(found) != 0 {
		t.Fatalf("he cannot appeal: %+v", found)
	}
	if found := problems(t, patient.Do("AppealSuspension", plea)); len(found) != 1 || found[0].Code != "INVALID_TRANSITION" {
		t.Errorf("he appeals twice: %+v", found)
	}
	var waiting struct {
		BookingAppeals struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	admin.Do("BookingAppeals", nil).Decode(t, &waiting)
	if edges := waiting.BookingAppeals.Edges; len(edges) != 1 || edges[0].Node.ID != suspension {
		t.Errorf("appeals wait: %+v", edges)
	}
	if found := problems(t, admin.Do("DecideAppeal", doing(citytest.Vars{"suspensionId": suspension, "outcome": "ACCEPTED"}))); len(found) != 0 {
		t.Errorf("it is not decided: %+v", found)
	}
	if _, status, actions := look(); status != "LIFTED" || len(actions) != 0 {
		t.Errorf("it is %s, and he may %v", status, actions)
	}
	if told := titles(t, patient); told != "申诉已通过 预约功能已暂停" {
		t.Errorf("he was told %s", told)
	}
}

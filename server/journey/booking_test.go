package journey_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clock"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

// visit is what a client shows of an appointment.
type visit struct {
	ID, Status, MaskedPatientName string
	Start                         time.Time
	HeldUntil                     *time.Time
	CancelReason                  *string
	AllowedActions                []string
}

// visitAnswer is the answer to any mutation that has an appointment.
type visitAnswer struct {
	HoldSlot, BookAppointment, RescheduleAppointment, CancelAppointment *struct {
		Appointment *visit
		UserErrors  []problem
	}
}

// visited is the appointment that a mutation answers, which must not be refused.
func visited(t *testing.T, answer citytest.Answer) *visit {
	t.Helper()
	var got visitAnswer
	answer.Decode(t, &got)
	for _, one := range []*struct {
		Appointment *visit
		UserErrors  []problem
	}{got.HoldSlot, got.BookAppointment, got.RescheduleAppointment, got.CancelAppointment} {
		if one != nil && one.Appointment != nil && len(one.UserErrors) == 0 {
			return one.Appointment
		}
	}
	t.Fatalf("refused: %s", answer.Body)
	return nil
}

// once is an input with a key of its own.
func once(more citytest.Vars) citytest.Vars {
	input := citytest.Vars{"idempotencyKey": uuid.NewString()}
	for name, value := range more {
		input[name] = value
	}
	return citytest.Vars{"input": input}
}

// hospitalOf is xumin's clinic.
func hospitalOf(t *testing.T, city *citytest.City) string {
	t.Helper()
	return city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
}

// opening is a slot of the clinic in a diary of its own, in the evening so many days from now, when no demo slot is.
func opening(t *testing.T, city *citytest.City, days, capacity int) *db.Slot {
	t.Helper()
	diary := city.DB.Schedule.Create().SetID(id.New(id.Schedule)).SetClinicID(hospitalOf(t, city)).SaveX(system(t))
	y, m, d := clock.System{}.Now().In(clock.Shanghai).Date()
	start := time.Date(y, m, d+days, 18, 0, 0, 0, clock.Shanghai).UTC()
	return city.DB.Slot.Create().SetID(id.New(id.Slot)).SetScheduleID(diary.ID).SetStartsAt(start).SetEndsAt(start.Add(20 * time.Minute)).
		SetCapacity(capacity).SetRemaining(capacity).SetFee(50_00).SetStatus(slot.StatusFree).SaveX(system(t))
}

// A nurse opens a week; a citizen holds a place there, books it, moves it and gives it back, and the nurse sees who comes.
func TestACitizenBooksMovesAndGivesBack(t *testing.T) {
	city := citytest.Start(t)
	nurse, citizen := city.As(t, "xumin"), city.As(t, "maming")
	first, second := opening(t, city, 2, 3), opening(t, city, 3, 3)

	department := city.DB.Schedule.Query().AllX(system(t))[0]
	for _, d := range city.DB.Schedule.Query().AllX(system(t)) {
		if d.ClinicID == hospitalOf(t, city) && d.DepartmentID != nil {
			department = d
		}
	}
	day := clock.System{}.Now().In(clock.Shanghai).AddDate(0, 0, 20).Format(time.DateOnly)
	opened := nurse.Do("OpenSchedule", once(citytest.Vars{
		"clinicId": hospitalOf(t, city), "departmentId": *department.DepartmentID, "skipHolidays": false, "from": day, "to": day, "capacity": 2, "fee": 15_00,
		"weekdays": []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"},
		"sessions": []citytest.Vars{{"start": "09:00", "minutes": 15, "slots": 4}},
	}))
	if found := problems(t, opened); len(found) != 0 {
		t.Fatalf("the nurse cannot open slots: %+v", found)
	}
	var page struct {
		Slots struct {
			Edges []struct {
				Node struct {
					ID          string
					Bookability struct {
						Bookable bool
						Reason   *string
					}
				}
			}
		}
	}
	citizen.Do("BookableSlots", citytest.Vars{"clinic": hospitalOf(t, city), "first": 100}).Decode(t, &page)
	reasons := map[string]int{}
	for _, e := range page.Slots.Edges {
		if r := e.Node.Bookability.Reason; r != nil {
			reasons[*r]++
		} else if e.Node.Bookability.Bookable {
			reasons[""]++
		}
	}
	if reasons[""] < 2 || reasons["NOT_RELEASED"] < 4 {
		t.Errorf("what can be booked: %v", reasons)
	}

	held := visited(t, citizen.Do("HoldSlot", once(citytest.Vars{"slotId": first.ID})))
	if held.Status != "PENDING" || held.HeldUntil == nil || held.MaskedPatientName != "马*" || len(held.AllowedActions) != 2 {
		t.Errorf("held is %+v", held)
	}
	booked := visited(t, citizen.DoFor("wechat-miniprogram", "BookAppointment", once(citytest.Vars{"appointmentId": held.ID})))
	if booked.Status != "BOOKED" || booked.ID != held.ID {
		t.Errorf("booked is %+v", booked)
	}
	moved := visited(t, citizen.Do("RescheduleAppointment", once(citytest.Vars{"appointmentId": booked.ID, "slotId": second.ID})))
	if moved.Status != "BOOKED" || moved.ID == booked.ID || !moved.Start.Equal(second.StartsAt) {
		t.Errorf("moved is %+v", moved)
	}
	var come struct {
		ClinicAppointments struct{ Edges []struct{ Node visit } }
	}
	on := second.StartsAt.In(clock.Shanghai).Format(time.DateOnly)
	nurse.Do("ClinicAppointments", citytest.Vars{"clinic": hospitalOf(t, city), "day": on}).Decode(t, &come)
	found := false
	for _, e := range come.ClinicAppointments.Edges {
		found = found || e.Node.ID == moved.ID && e.Node.AllowedActions[0] == "CHECK_IN"
	}
	if !found {
		t.Errorf("the nurse sees %+v", come)
	}
	if answer := citizen.Do("ClinicAppointments", citytest.Vars{"clinic": hospitalOf(t, city), "day": on}); answer.Code() != "FORBIDDEN" {
		t.Errorf("a citizen sees who comes: %s", answer.Body)
	}
	gone := visited(t, citizen.Do("CancelAppointment", citytest.Vars{"input": citytest.Vars{"appointmentId": moved.ID}}))
	if gone.Status != "CANCELLED" || *gone.CancelReason != "PATIENT" {
		t.Errorf("given back is %+v", gone)
	}
	var inbox struct {
		Inbox struct {
			Edges []struct {
				Node struct {
					Title  string
					Target struct{ ID string }
				}
			}
		}
	}
	citizen.Do("Inbox", citytest.Vars{"first": 20}).Decode(t, &inbox)
	if edges := inbox.Inbox.Edges; len(edges) != 3 || edges[0].Node.Target.ID != moved.ID {
		t.Errorf("the inbox has %+v", inbox)
	}
}

// A daughter books for her mother, both are told, and a stranger sees and does nothing of it.
func TestADaughterBooksForHerMother(t *testing.T) {
	city := citytest.Start(t)
	daughter, mother, stranger := city.As(t, "chenjing"), city.As(t, "wangguiying"), city.As(t, "maming")
	patient := seedtest.Person(t, "wangguiying")
	s := opening(t, city, 2, 3)
	if found := problems(t, stranger.Do("BookAppointment", once(citytest.Vars{"slotId": s.ID, "onBehalfOf": patient}))); len(found) != 1 || found[0].Code != "DELEGATION_SCOPE" {
		t.Errorf("a stranger books: %+v", found)
	}
	booked := visited(t, daughter.Do("BookAppointment", once(citytest.Vars{"slotId": s.ID, "onBehalfOf": patient})))
	for name, client := range map[string]*citytest.Client{"daughter": daughter, "mother": mother} {
		var list struct {
			Appointments struct{ Edges []struct{ Node visit } }
		}
		client.Do("Appointments", citytest.Vars{"person": patient, "status": "BOOKED"}).Decode(t, &list)
		if edges := list.Appointments.Edges; len(edges) != 2 || edges[0].Node.ID != booked.ID && edges[1].Node.ID != booked.ID { // the demo's is the other
			t.Errorf("the %s sees %+v", name, list)
		}
	}
	if found := problems(t, stranger.Do("CancelAppointment", citytest.Vars{"input": citytest.Vars{"appointmentId": booked.ID}})); len(found) != 1 || found[0].Code != "NOT_FOUND" {
		t.Errorf("a stranger cancels: %+v", found)
	}
	visited(t, mother.Do("CancelAppointment", citytest.Vars{"input": citytest.Vars{"appointmentId": booked.ID}}))
}

// A mother waits for a full slot. When its place comes free, her daughter's phone is told as it happens and takes it for her.
func TestAPlaceThatComesFreeIsOfferedOnThePhone(t *testing.T) {
	city := citytest.Start(t)
	daughter, other := city.As(t, "chenjing"), city.As(t, "lina")
	patient := seedtest.Person(t, "wangguiying")
	s := opening(t, city, 2, 1)
	taken := visited(t, other.Do("BookAppointment", once(citytest.Vars{"slotId": s.ID})))
	if found := problems(t, daughter.Do("BookAppointment", once(citytest.Vars{"slotId": s.ID, "onBehalfOf": patient}))); len(found) != 1 || found[0].Code != "SLOT_FULL" {
		t.Fatalf("the slot is not full: %+v", found)
	}
	if found := problems(t, daughter.Do("JoinWaitlist", once(citytest.Vars{"slotId": s.ID, "onBehalfOf": patient}))); len(found) != 0 {
		t.Fatalf("she cannot wait: %+v", found)
	}
	phone := daughter.Subscribe(t, "SlotOffered", nil)
	visited(t, other.Do("CancelAppointment", citytest.Vars{"input": citytest.Vars{"appointmentId": taken.ID}}))
	var offer struct {
		SlotOffered struct {
			ID, Status  string
			Appointment struct{ ID, Status string }
		}
	}
	phone.Next(t).Decode(t, &offer)
	if offer.SlotOffered.Status != "OFFERED" || offer.SlotOffered.Appointment.Status != "PENDING" {
		t.Fatalf("offered is %+v", offer)
	}
	booked := visited(t, daughter.Do("BookAppointment", once(citytest.Vars{"appointmentId": offer.SlotOffered.Appointment.ID})))
	if booked.Status != "BOOKED" || booked.MaskedPatientName != "王**" {
		t.Errorf("booked is %+v", booked)
	}
	var list struct {
		Waitlist struct {
			Edges []struct{ Node struct{ Status string } }
		}
	}
	daughter.Do("Waitlist", citytest.Vars{"person": patient}).Decode(t, &list)
	if edges := list.Waitlist.Edges; len(edges) != 1 || edges[0].Node.Status != "ACCEPTED" {
		t.Errorf("she waits: %+v", list)
	}
}

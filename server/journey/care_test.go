package journey_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/notification"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// helpRow is what a phone shows of a call for help.
type helpRow struct {
	ID, Status, AcknowledgedBy, MaskedPatientName string
	Times, Level                                  int
	Location                                      *struct{ Lat float64 }
	AllowedActions                                []string
}

// contracted has the grandmother sign with a doctor of the nurse's clinic through her daughter, and returns the clinic and the
// contract.
func contracted(t *testing.T, city *citytest.City) (clinicID, contractID string) {
	t.Helper()
	clinicID = city.DB.StaffRole.Query().Where(staffrole.PersonID(seedtest.Person(t, "xumin"))).OnlyX(system(t)).OrganisationID
	doctor := city.DB.Schedule.Query().Where(schedule.ClinicID(clinicID), schedule.PractitionerIDNotNil()).FirstX(system(t)).PractitionerID
	daughter, nurse := city.As(t, "chenjing"), city.As(t, "xumin")
	asked := daughter.Do("RequestCareContract", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "clinicId": clinicID, "practitionerId": doctor, "months": 1, "onBehalfOf": seedtest.Person(t, "wangguiying"),
	}})
	unrefused(t, asked)
	var list struct {
		ClinicCareContracts struct {
			Edges []struct {
				Node struct {
					ID, Status, MaskedPatientName string
					AllowedActions                []string
				}
			}
		}
	}
	nurse.Do("ClinicCareContracts", citytest.Vars{"clinic": clinicID}).Decode(t, &list)
	row := list.ClinicCareContracts.Edges[0].Node
	if row.Status != "PROPOSED" || row.MaskedPatientName != "王**" || strings.Join(row.AllowedActions, " ") != "ACCEPT DECLINE" {
		t.Fatalf("the nurse sees %+v", row)
	}
	unrefused(t, nurse.Do("AcceptCareContract", citytest.Vars{"input": citytest.Vars{"careContractId": row.ID}}))
	return clinicID, row.ID
}

// cry has somebody call for help from a place.
func cry(t *testing.T, c *citytest.Client, more citytest.Vars) helpRow {
	t.Helper()
	input := citytest.Vars{"idempotencyKey": uuid.NewString(), "location": citytest.Vars{"lat": 30.25, "lng": 120.16, "crs": "GCJ02"}}
	for name, value := range more {
		input[name] = value
	}
	answer := c.Do("CallForHelp", citytest.Vars{"input": input})
	unrefused(t, answer)
	var called struct{ CallForHelp struct{ HelpCall helpRow } }
	answer.Decode(t, &called)
	return called.CallForHelp.HelpCall
}

// A grandmother is looked after at home: a contract, a visit, and one evening she calls for help. Her daughter's phone says so at
// once, a nurse on duty comes, everybody learns of it, and in the end nobody knows where it was.
func TestAGrandmotherCallsForHelp(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, moving(watch), long)
	clinicID, contractID := contracted(t, city)
	grandmother, daughter, nurse := city.As(t, "wangguiying"), city.As(t, "chenjing"), city.As(t, "xumin")
	register(t, daughter, "ANDROID", "phone-of-the-daughter")
	from := time.Now().Add(24 * time.Hour).UTC()
	visit := grandmother.Do("RequestHomeVisit", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "reason": "WOUND_CARE", "preferredFrom": from, "preferredTo": from.Add(3 * time.Hour),
	}})
	unrefused(t, visit)
	var asked struct {
		RequestHomeVisit struct{ CareVisit struct{ ID string } }
	}
	visit.Decode(t, &asked)
	unrefused(t, nurse.Do("ScheduleHomeVisit", citytest.Vars{"input": citytest.Vars{"careVisitId": asked.RequestHomeVisit.CareVisit.ID, "at": from}}))
	if rows, _ := inboxPage(t, daughter, nil); rows[0].Target.Kind != "CARE_VISIT" || strings.Contains(rows[0].Title+rows[0].Body, "伤口") {
		t.Errorf("the daughter is told %+v", rows[0])
	}
	unrefused(t, nurse.Do("SetOnDuty", citytest.Vars{"input": citytest.Vars{"clinicId": clinicID, "until": time.Now().Add(8 * time.Hour).UTC()}}))

	live := nurse.Subscribe(t, "HelpCalled", nil)
	hears := func(status string, times int) helpRow {
		t.Helper()
		var event struct{ HelpCalled helpRow }
		live.Next(t).Decode(t, &event)
		if got := event.HelpCalled; got.Status != status || got.Times != times {
			t.Fatalf("the nurse hears %+v, want %s, %d times", got, status, times)
		}
		return event.HelpCalled
	}
	call := cry(t, grandmother, nil)
	if row := hears("OPEN", 1); row.Location == nil || row.MaskedPatientName != "王**" {
		t.Errorf("the nurse sees %+v", row)
	}
	if again := cry(t, grandmother, nil); again.ID != call.ID || again.Times != 2 {
		t.Errorf("she presses again: %+v", again)
	}
	hears("OPEN", 2)
	urgent := city.DB.Notification.Query().Where(notification.Template("clinic/help_called")).AllX(system(t))
	if len(urgent) != 2 || urgent[0].Priority != notification.PriorityUrgent || urgent[1].Priority != notification.PriorityUrgent {
		t.Errorf("told are %+v", urgent)
	}
	rows, _ := inboxPage(t, daughter, nil)
	if rows[0].Title != "紧急：王**正在求助" || rows[0].Target.Kind != "HELP_CALL" {
		t.Errorf("the daughter reads %+v", rows[0])
	}
	citytest.Eventually(t, "her phone rings", func() bool {
		for _, m := range city.FCM.Messages() {
			if m.Token == "phone-of-the-daughter" && strings.Contains(m.Notification.Title, "求助") {
				return true
			}
		}
		return false
	})

	unrefused(t, nurse.Do("AcknowledgeHelp", citytest.Vars{"input": citytest.Vars{"helpCallId": call.ID}}))
	hears("ACKNOWLEDGED", 2)
	late := daughter.Do("AcknowledgeHelp", citytest.Vars{"input": citytest.Vars{"helpCallId": call.ID}})
	if found := problems(t, late); len(found) != 1 || found[0].Code != "INVALID_TRANSITION" {
		t.Errorf("the daughter comes second: %+v", found)
	}
	if rows, _ := inboxPage(t, grandmother, nil); rows[0].Title != "有人正在赶来" || !strings.Contains(rows[0].Body, "许*") {
		t.Errorf("she reads %+v", rows[0])
	}
	if rows, _ := inboxPage(t, daughter, nil); !strings.Contains(rows[0].Body, "许*正在处理王**的求助") {
		t.Errorf("the daughter reads %+v", rows[0])
	}
	unrefused(t, nurse.Do("ResolveHelp", citytest.Vars{"input": citytest.Vars{"helpCallId": call.ID}}))
	if row := hears("RESOLVED", 2); row.Location != nil {
		t.Errorf("it is over, and known where: %+v", row)
	}

	// The contract runs out. She calls again all the same, and the clinic hears it.
	watch.by.Store(int64(35 * 24 * time.Hour))
	var contracts struct {
		CareContracts struct {
			Edges []struct{ Node struct{ ID, Status string } }
		}
	}
	grandmother.Do("CareContracts", nil).Decode(t, &contracts)
	if c := contracts.CareContracts.Edges[0].Node; c.ID != contractID || c.Status != "EXPIRED" {
		t.Errorf("her contract is %+v", c)
	}
	refused := grandmother.Do("RequestHomeVisit", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "reason": "OTHER", "preferredFrom": watch.Now().Add(time.Hour), "preferredTo": watch.Now().Add(2 * time.Hour),
	}})
	if found := problems(t, refused); len(found) != 1 || found[0].Code != "CARE_CONTRACT_REQUIRED" {
		t.Errorf("a visit without a contract: %+v", found)
	}
	second := cry(t, grandmother, citytest.Vars{"location": citytest.Vars{"lat": 4711, "lng": -4711}})
	if second.ID == call.ID || second.Status != "OPEN" {
		t.Errorf("she calls with an expired contract: %+v", second)
	}
	if row := hears("OPEN", 1); row.ID != second.ID || row.Location != nil {
		t.Errorf("the nurse hears %+v", row)
	}
}

// still is a clock that stands, so that no budget fills again.
type still struct{ at time.Time }

func (s still) Now() time.Time { return s.at }

// Whoever has used up every budget can still call for help, and say that they come; and can do nothing else.
func TestNoRateRefusesACallForHelp(t *testing.T) {
	city := citytest.Start(t, limited, func(o *wiring.Options) { o.Clock = still{time.Now().UTC().Truncate(time.Microsecond)} })
	grandmother, daughter := city.As(t, "wangguiying"), city.As(t, "chenjing")
	const dear = `query { clinics(first: 100) { edges { node { id name address departments(first: 20) { edges { node { id name code } } } } } } }`
	spent := func(c *citytest.Client) bool {
		for range 2000 {
			if c.Query(dear, nil).Status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	if !spent(grandmother) || !spent(daughter) {
		t.Fatalf("their budgets do not end: %.200s", grandmother.Query(dear, nil).Body)
	}
	call := cry(t, grandmother, nil)
	for range 50 {
		if again := cry(t, grandmother, nil); again.ID != call.ID {
			t.Fatalf("another call: %+v", again)
		}
	}
	unrefused(t, daughter.Do("AcknowledgeHelp", citytest.Vars{"input": citytest.Vars{"helpCallId": call.ID}}))
	if answer := grandmother.Query(dear, nil); answer.Status != http.StatusTooManyRequests {
		t.Errorf("the catalogue: %d", answer.Status)
	}
	if answer := city.Visitor(t).Do("CallForHelp", keyed()); answer.Code() != "UNAUTHENTICATED" && answer.Code() != "RATE_LIMITED" {
		t.Errorf("a visitor: %s", answer.Body)
	}
}

// Nobody answers a call: the round has it told again without anybody's asking.
func TestACallThatNobodyAnswersIsToldAgain(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, moving(watch), long, func(o *wiring.Options) { o.Rounds = 50 * time.Millisecond })
	contracted(t, city)
	call := cry(t, city.As(t, "wangguiying"), nil)
	watch.by.Store(int64(6 * time.Minute))
	citytest.Eventually(t, "it is told to more", func() bool { return city.DB.HelpCall.GetX(system(t), call.ID).Level == 2 })
	for _, name := range []string{"chenjing", "xumin"} {
		want := map[string]int{"chenjing": 2, "xumin": 3}[name]
		told := city.DB.Notification.Query().Where(notification.PersonID(seedtest.Person(t, name)), notification.Template("clinic/help_called")).
			CountX(system(t))
		if told != want {
			t.Errorf("%s was told %d times, want %d", name, told, want)
		}
	}
}

package journey_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/clock"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/workday"
	"citygraph/server/citytest"
)

// entry is a finding as clients see it.
type entry struct {
	RecordID, Kind, ClinicName, AppointmentID, AuthorRole string
	Content                                               struct{ Code, Text, Medication, Dose, Value, Flag, Title string }
}

// recordOf reads a page of somebody's record.
func recordOf(t *testing.T, c *citytest.Client, person string) (found []entry, code string) {
	t.Helper()
	var page struct{ HealthRecords struct{ Records []entry } }
	answer := c.Do("HealthRecords", citytest.Vars{"person": person})
	if code := answer.Code(); code != "" {
		return nil, code
	}
	answer.Decode(t, &page)
	return page.HealthRecords.Records, ""
}

// treating reads what staff see for a visit.
func treating(t *testing.T, c *citytest.Client, visit, purpose string) (found []entry, code string) {
	t.Helper()
	var page struct{ VisitRecords struct{ Records []entry } }
	answer := c.Do("VisitRecords", citytest.Vars{"appointment": visit, "purpose": purpose})
	if code := answer.Code(); code != "" {
		return nil, code
	}
	answer.Decode(t, &page)
	return page.VisitRecords.Records, ""
}

// writes has staff write a finding, and fails when they may not.
func writes(t *testing.T, c *citytest.Client, visit string, finding citytest.Vars) {
	t.Helper()
	finding["idempotencyKey"], finding["appointmentId"] = uuid.NewString(), visit
	if found := problems(t, c.Do("AddHealthRecord", citytest.Vars{"input": finding})); len(found) > 0 {
		t.Fatalf("the finding is refused: %+v", found)
	}
}

// otherClinic hires a member of the cast at another clinic than xumin's, to which a patient has come.
func otherClinic(t *testing.T, city *citytest.City, member, patient string) (*citytest.Client, *db.Appointment) {
	t.Helper()
	system := system(t)
	here := seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, patient, appointment.StatusCancelled)
	other := city.DB.Clinic.Query().Where(clinic.IDNEQ(here.ClinicID)).FirstIDX(system)
	city.DB.StaffRole.Create().SetPersonID(seedtest.Person(t, member)).SetKind(staffrole.KindClinicStaff).SetOrganisationID(other).ExecX(system)
	visit := city.DB.Appointment.Create().SetPatientID(here.PatientID).SetSlotID(here.SlotID).SetScheduleID(here.ScheduleID).SetClinicID(other).
		SetStartsAt(here.StartsAt).SetEndsAt(here.EndsAt).SetStatus(appointment.StatusCheckedIn).SetChannel(appointment.ChannelApp).
		SetQueueNumber(9001).SetQueueDay("2026-01-01").SaveX(system)
	return city.As(t, member), visit
}

// A grandmother is treated, reads what was found, and so does her daughter, of which she hears. Another hospital sees none of it until she shares it for
// her visit there, or until it states an emergency; what she withdraws it sees no more. All of it stands in who read her record.
func TestAGrandmotherKeepsHerOwnRecord(t *testing.T) {
	city := citytest.Start(t)
	her, daughter, nurse := city.As(t, "wangguiying"), city.As(t, "chenjing"), city.As(t, "xumin")
	me := seedtest.Person(t, "wangguiying")
	visit := seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, "wangguiying", appointment.StatusCheckedIn)
	stranger, there := otherClinic(t, city, "maming", "wangguiying")

	writes(t, nurse, visit.ID, citytest.Vars{"diagnosis": citytest.Vars{"code": "I10.x00x002", "text": "高血压病2级"}})
	writes(t, nurse, visit.ID, citytest.Vars{"prescription": citytest.Vars{"medication": "苯磺酸氨氯地平片", "dose": "5mg 每日一次", "days": 28}})
	writes(t, nurse, visit.ID, citytest.Vars{"laboratory": citytest.Vars{"test": "血钾", "value": "3.2", "unit": "mmol/L", "referenceLow": "3.5", "flag": "LOW"}})
	writes(t, nurse, visit.ID, citytest.Vars{"report": citytest.Vars{"title": "心电图", "text": "窦性心律\n左室高电压"}})
	told := func(template string) int {
		return city.DB.Notification.Query().Where(notification.PersonID(me), notification.Template(template)).CountX(system(t))
	}

	mine, code := recordOf(t, her, me)
	if code != "" || len(mine) != 4 || mine[0].Content.Text != "窦性心律\n左室高电压" || mine[1].Content.Flag != "LOW" || mine[2].Content.Medication != "苯磺酸氨氯地平片" ||
		mine[3].Content.Code != "I10.x00x002" || mine[3].ClinicName == "" || mine[3].AppointmentID != visit.ID || mine[3].AuthorRole != "CLINIC_STAFF" {
		t.Fatalf("she reads %+v, %s", mine, code)
	}
	if n := told("clinic/record_opened_for"); n != 0 {
		t.Errorf("she is told of her own reading")
	}
	crowd(2, func(int) { // she is told once a day, also of two at once
		if found, code := recordOf(t, daughter, me); code != "" || len(found) != 4 {
			t.Errorf("her daughter reads %d, %s", len(found), code)
		}
	})
	if n := told("clinic/record_opened_for"); n != 1 {
		t.Errorf("she is told of her daughter's reading %d times", n)
	}
	if _, code := recordOf(t, city.As(t, "zhouwei"), me); code != "DELEGATION_SCOPE" {
		t.Errorf("her former son-in-law: %q", code)
	}

	reads := func(when, visitID, purpose string, want int, refused string) {
		t.Helper()
		if found, code := treating(t, stranger, visitID, purpose); code != refused || len(found) != want {
			t.Errorf("%s the other hospital reads %d, %q", when, len(found), code)
		}
	}
	shares := func(operation string, want bool) {
		t.Helper()
		var answer map[string]struct{ Appointment struct{ SharedAt *time.Time } }
		her.Do(operation, citytest.Vars{"input": citytest.Vars{"appointmentId": there.ID}}).Decode(t, &answer)
		for _, payload := range answer {
			if (payload.Appointment.SharedAt != nil) != want {
				t.Errorf("%s: %+v", operation, payload)
			}
		}
	}
	reads("of the first visit", visit.ID, "CARE", 0, "NOT_FOUND")
	reads("unshared", there.ID, "CARE", 0, "")
	shares("ShareRecord", true)
	reads("shared", there.ID, "CARE", 4, "")
	shares("UnshareRecord", false)
	reads("withdrawn", there.ID, "CARE", 0, "")
	if n := told("clinic/record_emergency"); n != 0 {
		t.Error("an emergency is told of before there is one")
	}
	reads("in an emergency", there.ID, "EMERGENCY", 4, "")
	if opened, emergency := told("clinic/record_opened"), told("clinic/record_emergency"); opened != 1 || emergency != 1 {
		t.Errorf("she is told of %d readings and %d emergencies", opened, emergency)
	}
	urgent := city.DB.Notification.Query().Where(notification.PersonID(me), notification.Template("clinic/record_emergency")).OnlyX(system(t))
	if urgent.Priority != notification.PriorityUrgent {
		t.Errorf("the emergency is told as %s", urgent.Priority)
	}
	var log struct {
		RecordAccesses struct {
			Edges []struct {
				Node struct{ Category, Purpose, AccessorName, AccessorRole, Organisation, TargetID string }
			}
		}
	}
	her.Do("RecordAccesses", citytest.Vars{"first": 20}).Decode(t, &log)
	var purposes []string
	for _, e := range log.RecordAccesses.Edges {
		purposes = append(purposes, e.Node.Purpose)
	}
	if got := strings.Join(purposes, " "); got != "EMERGENCY CARE CARE CARE DELEGATION DELEGATION SELF" {
		t.Errorf("who read her record: %s", got)
	}
	if first := log.RecordAccesses.Edges[0].Node; first.AccessorRole != "CLINIC_STAFF" || first.Organisation == "" || first.AccessorName != "马*" || first.TargetID != there.ID {
		t.Errorf("the emergency is noted as %+v", first)
	}
	refused := city.DB.RecordAccess.Query().Where(recordaccess.PersonID(me), recordaccess.OutcomeEQ(recordaccess.OutcomeRefused)).CountX(system(t))
	if refused != 2 {
		t.Errorf("%d refusals are noted", refused)
	}
}

// A mother of a sick child is offered a leave for school that says nothing but the time; the child's father, who is barred, gets nothing.
func TestAMotherIsOfferedALeaveForSchool(t *testing.T) {
	city := citytest.Start(t)
	visit := seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, "zhouzihan", appointment.StatusBooked)
	const page = `query($id: ID!) { node(id: $id) { ... on Appointment { leaveRequestDraft { childId from to } } } }`
	var shown struct {
		Node struct {
			LeaveRequestDraft *struct {
				ChildID  string
				From, To time.Time
			}
		}
	}
	city.As(t, "chenjing").Query(page, citytest.Vars{"id": visit.ID}).Decode(t, &shown)
	local := visit.StartsAt.In(clock.Shanghai)
	draft, school := shown.Node.LeaveRequestDraft, workday.Is(visit.StartsAt) && local.Hour() >= 7 && local.Hour() < 17
	if (draft != nil) != school || draft != nil && (draft.ChildID != visit.PatientID || !draft.From.Equal(visit.StartsAt.Add(-time.Hour)) || !draft.To.Equal(visit.EndsAt.Add(time.Hour))) {
		t.Errorf("at %s she is offered %+v", local, draft)
	}
	if code := city.As(t, "zhouwei").Query(page, citytest.Vars{"id": visit.ID}).Code(); code != "NOT_FOUND" {
		t.Errorf("the father: %q", code)
	}
	shown.Node.LeaveRequestDraft = nil
	city.As(t, "xumin").Query(page, citytest.Vars{"id": visit.ID}).Decode(t, &shown)
	if shown.Node.LeaveRequestDraft != nil {
		t.Errorf("the nurse is offered %+v", shown.Node)
	}
	if _, code := recordOf(t, city.As(t, "zhouwei"), visit.PatientID); code != "DELEGATION_SCOPE" {
		t.Errorf("the father reads: %q", code)
	}
}

// The mother asks the school for the time she was offered. The teacher gets that, and nothing that tells of a clinic.
func TestAVisitBecomesALeave(t *testing.T) {
	city := citytest.Start(t)
	visit := seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, "zhouzihan", appointment.StatusBooked)
	mother, teacher := city.As(t, "chenjing"), city.As(t, "lina")
	var offered struct {
		Node struct {
			LeaveRequestDraft struct{ ChildID, From, To string }
		}
	}
	mother.Query(`query($id: ID!) { node(id: $id) { ... on Appointment { leaveRequestDraft { childId from to } } } }`, citytest.Vars{"id": visit.ID}).Decode(t, &offered)
	draft := offered.Node.LeaveRequestDraft
	var asked struct {
		RequestLeave struct {
			LeaveRequest struct{ ID, StartsAt, EndsAt string }
		}
	}
	mother.Do("RequestLeave", citytest.Vars{"input": citytest.Vars{
		"idempotencyKey": uuid.NewString(), "studentId": draft.ChildID, "kind": "OTHER", "startsAt": draft.From, "endsAt": draft.To,
	}}).Decode(t, &asked)
	leave := asked.RequestLeave.LeaveRequest
	if leave.ID == "" || leave.StartsAt != draft.From || leave.EndsAt != draft.To {
		t.Fatalf("she was offered %+v and asked for %+v", draft, leave)
	}
	class := city.DB.Enrollment.Query().Where(enrollment.PersonID(visit.PatientID)).OnlyX(system(t)).SchoolClassID
	hers := teacher.Do("LeaveRequests", citytest.Vars{"class": class, "first": 20})
	inbox := teacher.Do("Inbox", citytest.Vars{"first": 20})
	clinic := city.DB.Clinic.GetX(system(t), visit.ClinicID)
	for what, body := range map[string]string{"the leave": string(hers.Body), "the notice": string(inbox.Body)} {
		if !strings.Contains(body, leave.ID) {
			t.Errorf("%s is not there: %s", what, body)
		}
		for _, word := range []string{visit.ID, clinic.ID, clinic.Name.ZH, clinic.Name.EN} {
			if strings.Contains(body, word) {
				t.Errorf("%s tells of the clinic: %s", what, body)
			}
		}
	}
}

// A person takes their record with them in clear, and when their account has ended nothing is left of it.
func TestARecordLeavesWithItsPerson(t *testing.T) {
	watch := later{&atomic.Int64{}}
	city := citytest.Start(t, moving(watch), long)
	patient, nurse := city.As(t, "maming"), city.As(t, "xumin")
	visit := seedtest.PutAppointment(t, &seedtest.City{Store: city.Store, DB: city.DB}, "maming", appointment.StatusCheckedIn)
	writes(t, nurse, visit.ID, citytest.Vars{"diagnosis": citytest.Vars{"code": "J06.9", "text": "急性上呼吸道感染"}})

	ready := exported(t, patient)
	_, content := follow(t, city, http.MethodGet, *ready.URL)
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := archive.Open("health.json")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(file); err != nil || !bytes.Contains(text, []byte("急性上呼吸道感染")) || !bytes.Contains(text, []byte("J06.9")) {
		t.Errorf("the export has %s: %v", text, err)
	}
	for where, text := range stored(t, city) {
		if bytes.Contains(text, []byte("急性上呼吸道感染")) {
			t.Errorf("%s has it in clear", where)
		}
	}
	endAccount(t, patient)
	watch.by.Store(int64(16 * 24 * time.Hour))
	citytest.Eventually(t, "the record is gone", func() bool {
		return !city.DB.HealthRecord.Query().Where(healthrecord.PatientID(visit.PatientID)).ExistX(system(t))
	})
}

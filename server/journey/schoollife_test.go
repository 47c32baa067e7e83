package journey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/enrollment"
	"citygraph/internal/clock"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/workday"
	"citygraph/server/citytest"
)

// A mother asks for leave, which the teacher grants; no notice says what for. A classmate's guardian is told of an absence, and
// the barred father learns nothing of either.
func TestADayAtSchool(t *testing.T) {
	city := citytest.Start(t)
	here := &seedtest.City{Store: city.Store, DB: city.DB}
	child := seedtest.Person(t, "zhouzihan")
	class := city.DB.Enrollment.Query().Where(enrollment.PersonID(child)).OnlyX(system(t)).SchoolClassID
	mate := seedtest.PutPupil(t, here, class, seedtest.Person(t, "wutao"))
	teacher, mother, father := city.As(t, "lina"), city.As(t, "chenjing"), city.As(t, "zhouwei")
	day := clock.System{}.Now().In(clock.Shanghai)
	for !workday.Is(day) {
		day = day.AddDate(0, 0, -1)
	}
	from := clock.System{}.Now().Add(-time.Hour).UTC()
	ask := func() citytest.Vars {
		return citytest.Vars{"input": citytest.Vars{
			"idempotencyKey": uuid.NewString(), "studentId": child, "kind": "ILLNESS", "reason": "口腔复诊",
			"startsAt": from.Format(time.RFC3339), "endsAt": from.Add(3 * time.Hour).Format(time.RFC3339),
		}}
	}
	if found := problems(t, father.Do("RequestLeave", ask())); len(found) != 1 || found[0].Code != "DELEGATION_SCOPE" {
		t.Errorf("the barred father asks: %+v", found)
	}
	var asked struct {
		RequestLeave struct{ LeaveRequest struct{ ID, Reason string } }
	}
	mother.DoFor("wechat-miniprogram", "RequestLeave", ask()).Decode(t, &asked)
	leave := asked.RequestLeave.LeaveRequest
	if leave.Reason != "口腔复诊" {
		t.Fatalf("she asked for %+v", leave)
	}
	listed := teacher.DoFor("home-school", "ClassDay", citytest.Vars{"class": class, "day": day.Format(time.DateOnly)})
	if !strings.Contains(string(listed.Body), leave.ID) {
		t.Errorf("her day: %s", listed.Body)
	}
	if found := problems(t, teacher.DoFor("home-school", "DecideLeave", citytest.Vars{"input": citytest.Vars{"leaveRequestId": leave.ID, "decision": "APPROVED"}})); len(found) != 0 {
		t.Fatalf("she cannot grant it: %+v", found)
	}
	for _, n := range city.DB.Notification.Query().AllX(system(t)) {
		if strings.Contains(n.Body.ZH+n.Title.ZH, "口腔") {
			t.Errorf("a notice says what for: %s", n.Body.ZH)
		}
	}
	record := citytest.Vars{"input": citytest.Vars{"classId": class, "day": day.Format(time.DateOnly), "entries": []citytest.Vars{
		{"studentId": mate, "status": "ABSENT"},
	}}}
	if found := problems(t, teacher.Do("RecordAttendance", record)); len(found) != 0 {
		t.Fatalf("she cannot record: %+v", found)
	}
	today := citytest.Vars{"today": day.Format(time.DateOnly)}
	if tab := city.As(t, "wutao").DoFor("home-school", "SchoolTab", today); !strings.Contains(string(tab.Body), `"ABSENT"`) {
		t.Errorf("the classmate's guardian sees %s", tab.Body)
	}
	if tab := mother.DoFor("home-school", "SchoolTab", today); !strings.Contains(string(tab.Body), leave.ID) || strings.Contains(string(tab.Body), `"ABSENT"`) {
		t.Errorf("the mother sees %s", tab.Body)
	}
	if tab := father.DoFor("home-school", "SchoolTab", today); strings.Contains(string(tab.Body), child) || strings.Contains(string(tab.Body), leave.ID) {
		t.Errorf("the barred father sees %s", tab.Body)
	}
}

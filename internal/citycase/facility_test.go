package citycase_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/ent/db/sensoralarm"
	cases "citygraph/internal/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
)

// lamp is the plate of a street light in Xihu District.
const lamp = "3301060118000001"

func (o *office) alarm(key string) cases.Alarm {
	return cases.Alarm{Key: uuid.New(), AlarmKey: key, FacilityCode: lamp, RaisedAt: o.clock.Now(), Note: "电流为零"}
}

func (o *office) lamp(t *testing.T) *db.CityFacility {
	t.Helper()
	return o.city.DB.CityFacility.Query().Where(cityfacility.Code(lamp)).OnlyX(seedtest.System(t))
}

// Of many alarms on one facility at once one opens a case and the others join it; each key is taken once.
func TestAlarmsOpenOneCase(t *testing.T) {
	o := open(t)
	officer := o.city.As(t, "zhaoqiang")
	var everyone sync.WaitGroup
	for i := range 24 {
		everyone.Go(func() {
			if _, err := o.ReportAlarm(officer, o.alarm(string(rune('a'+i%8)))); err != nil {
				t.Error(err)
			}
		})
	}
	everyone.Wait()
	facility := o.lamp(t)
	alarms := o.city.DB.SensorAlarm.Query().Where(sensoralarm.FacilityID(facility.ID)).AllX(officer)
	opened := o.city.DB.CityCase.Query().Where(citycase.FacilityID(facility.ID)).AllX(officer)
	if len(alarms) != 8 || len(opened) != 1 || facility.State != cityfacility.StateFaulty {
		t.Fatalf("%d alarms opened %d cases; the lamp is %s", len(alarms), len(opened), facility.State)
	}
	c := opened[0]
	if c.ReporterID != "" || c.Status != machine.Submitted || c.CategoryID != facility.CategoryID || c.Lat != facility.Lat || c.LastSeq != 8 {
		t.Errorf("opened %+v", c)
	}
	for _, a := range alarms {
		if a.CityCaseID != c.ID {
			t.Errorf("an alarm belongs to %s", a.CityCaseID)
		}
	}
	if n := c.QueryEvents().Where(caseevent.ActorKindEQ(caseevent.ActorKindSystem), caseevent.Public(true)).CountX(officer); n != 1 {
		t.Errorf("%d of its events are public", n)
	}
	o.historiesAreWhole(t)
}

// The plate tells what is known: a facility is in service again when the last case on it is closed, and a
// later alarm opens a case of its own.
func TestTheStateOfAFacilityFollowsItsCases(t *testing.T) {
	o := open(t)
	o.at(t, machine.Accepted)
	officer, verifier := o.city.As(t, "zhaoqiang"), o.city.As(t, "xumin")
	first, err := o.ReportAlarm(officer, o.alarm("one"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range smooth(machine.Closed) {
		who := officer
		if e.By == machine.Verifier {
			who = verifier
		}
		if _, err := o.do(who, first.CityCaseID, e.Action, e.Outcome); err != nil {
			t.Fatalf("%s: %v", e.Action, err)
		}
	}
	if got := o.lamp(t).State; got != cityfacility.StateInService {
		t.Errorf("when its case is closed the lamp is %s", got)
	}
	second, err := o.ReportAlarm(officer, o.alarm("two"))
	if err != nil || second.CityCaseID == first.CityCaseID {
		t.Errorf("a later alarm belongs to %+v, %v", second, err)
	}
	again, err := o.ReportAlarm(officer, o.alarm("one"))
	if err != nil || again.ID != first.ID {
		t.Errorf("the first alarm again is %+v, %v", again, err)
	}
}

func TestAReportNamesAFacility(t *testing.T) {
	o := open(t)
	ctx, facility := o.city.As(t, "chenjing"), o.lamp(t)
	r := o.report(t)
	r.FacilityID = facility.ID
	c, err := o.Submit(ctx, r)
	if err != nil || c.QueryFacility().OnlyX(ctx).Code != lamp {
		t.Fatalf("reported %+v, %v", c, err)
	}
	facility.Update().SetState(cityfacility.StateRemoved).ExecX(seedtest.System(t))
	for name, facilityID := range map[string]string{"a removed one": facility.ID, "a forged one": "x", "an unknown one": id.New(id.CityFacility)} {
		r := o.report(t)
		r.FacilityID = facilityID
		if _, err := o.Submit(ctx, r); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.ReportAlarm(o.city.As(t, "zhaoqiang"), o.alarm("a")); fault.CodeOf(err) != fault.BadUserInput {
		t.Errorf("an alarm of what was removed: %v", err)
	}
}

func TestAlarmsThatAreRefused(t *testing.T) {
	o := open(t)
	for member, want := range map[string]fault.Code{
		"": fault.Unauthenticated, "chenjing": fault.Forbidden, "sunli": fault.Forbidden, "qianjun": fault.Forbidden, "zhaoqiang": "", "fanglei": "",
	} {
		if _, err := o.ReportAlarm(o.city.As(t, member), o.alarm("by "+member)); fault.CodeOf(err) != want {
			t.Errorf("%q: %v", member, err)
		}
	}
	for name, tt := range map[string]struct {
		change func(*cases.Alarm)
		code   fault.Code
		field  string
	}{
		"no key":         {func(a *cases.Alarm) { a.AlarmKey = " " }, fault.BadUserInput, "alarmKey"},
		"a long key":     {func(a *cases.Alarm) { a.AlarmKey = strings.Repeat("k", 129) }, fault.BadUserInput, "alarmKey"},
		"a key of other": {func(a *cases.Alarm) { a.AlarmKey, a.FacilityCode = "by zhaoqiang", "3301060118000002" }, fault.BadUserInput, "alarmKey"},
		"an escape":      {func(a *cases.Alarm) { a.Note = "\x1b[2J" }, fault.BadUserInput, "note"},
		"tomorrow's":     {func(a *cases.Alarm) { a.RaisedAt = o.clock.Now().Add(24 * time.Hour) }, fault.BadUserInput, "raisedAt"},
		"no plate":       {func(a *cases.Alarm) { a.FacilityCode = "" }, fault.NotFound, "facilityCode"},
		"an unknown one": {func(a *cases.Alarm) { a.FacilityCode = "3301069999999999" }, fault.NotFound, "facilityCode"},
		"a forged one":   {func(a *cases.Alarm) { a.FacilityCode = "' OR 1=1\x00" }, fault.NotFound, "facilityCode"},
	} {
		a := o.alarm(name)
		tt.change(&a)
		if _, err := o.ReportAlarm(o.city.As(t, "zhaoqiang"), a); fault.CodeOf(err) != tt.code || fault.From(err).Field[0] != tt.field {
			t.Errorf("%s: %v at %v", name, err, fault.From(err).Field)
		}
	}
}

package care_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/notification"
	"citygraph/internal/clinic/care"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/geo"
	"citygraph/internal/idempotency"
	"citygraph/internal/scope"
	"citygraph/internal/seed/seedtest"
)

// A call is accepted with a contract, with an expired one and with none, wherever it says that it comes from.
func TestACallIsAlwaysAccepted(t *testing.T) {
	w := open(t)
	for i, at := range []*geo.Input{
		nil, {Lat: 30.25, Lng: 120.15, CRS: geo.WGS84}, {Lat: 91, Lng: 120, CRS: geo.WGS84}, {Lat: 1e300, Lng: -1e300, CRS: geo.GCJ02},
		{Lat: 48.85, Lng: 2.35, CRS: geo.GCJ02}, {Lat: 30, Lng: 120, CRS: "MARS"},
	} {
		c, err := w.Call(w.as(t, "maming"), care.Call{Key: uuid.New(), Location: at})
		if err != nil || c.ClinicID != "" {
			t.Fatalf("call %d: %+v, %v", i, c, err)
		}
		if known := care.Location(c, geo.WGS84) != nil; known != (i == 1 || i == 4) {
			t.Errorf("call %d has a location: %v", i, known)
		}
		if _, err := w.Resolve(w.as(t, "maming"), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(w.log.String(), "reaches nobody"); got != 6 {
		t.Errorf("the operator was told %d times that a call reaches nobody", got)
	}
	contract := w.contract(t)
	w.clock.Turn(contract.ValidTo.Sub(w.clock.Now()))
	if c := w.call(t); c.ClinicID != w.clinic {
		t.Errorf("with an expired contract: %+v", c)
	}
	_, err := w.Call(t.Context(), care.Call{Key: uuid.New()})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
}

// Who calls for another needs NOTIFY or BOOK.
func TestCallingForAnother(t *testing.T) {
	w := open(t)
	for want, given := range map[fault.Code][]scope.Scope{"": {scope.Notify, scope.Book}, fault.DelegationScope: {scope.Pay, scope.ShowCode}} {
		for _, s := range given {
			narrow := fmt.Sprintf("UPDATE delegations SET scope_set = %d WHERE delegator_id = '%s'", scope.Of(s), w.patient)
			if _, err := w.Store.Writer().ExecContext(t.Context(), narrow); err != nil {
				t.Fatal(err)
			}
			c, err := w.Call(w.as(t, "chenjing"), care.Call{Key: uuid.New(), OnBehalfOf: &w.patient})
			faulttest.Refused(t, string(s), err, want)
			if err == nil && c.PatientID != w.patient {
				t.Errorf("within %s: %+v", s, c)
			}
		}
	}
	_, err := w.Call(w.as(t, "maming"), care.Call{Key: uuid.New(), OnBehalfOf: &w.patient})
	faulttest.Refused(t, "a stranger", err, fault.DelegationScope)
}

func TestAKeyOfACall(t *testing.T) {
	w := open(t)
	me, key := w.as(t, "wangguiying"), uuid.New()
	first, err := w.Call(me, care.Call{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := w.Call(me, care.Call{Key: key, Location: &geo.Input{Lat: 30, Lng: 120, CRS: geo.WGS84}}) // it knows now where it is
	if err != nil || sent.ID != first.ID || sent.Times != 1 {
		t.Errorf("sent again: %+v, %v", sent, err)
	}
	used := idempotency.Request{Key: uuid.New(), Operation: "something else"}
	if _, err := w.Once.Once(me, used, func(context.Context) (string, error) { return "", nil }); err != nil {
		t.Fatal(err)
	}
	_, err = w.Call(me, care.Call{Key: used.Key})
	faulttest.Refused(t, "a key of something else", err, fault.IdempotencyKeyReused)
}

func TestACallIsToldOnceAMinute(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	if _, err := w.SetOnDuty(w.as(t, "xumin"), w.clinic, new(w.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	first := w.call(t)
	w.tells(t, "at once", map[string]string{"chenjing": "help_called", "xumin": "help_called", "lina": "", "wangguiying": "", "maming": ""})
	urgent := w.DB.Notification.Query().Where(notification.PriorityEQ(notification.PriorityUrgent)).AllX(seedtest.System(t))
	if len(urgent) != 2 || strings.Contains(urgent[0].Title.ZH, "王桂英") || !strings.Contains(urgent[0].Title.ZH, "王*") {
		t.Errorf("they read %+v", urgent)
	}
	for range 2 {
		w.clock.Turn(time.Minute)
		if c := w.call(t); c.ID != first.ID {
			t.Errorf("another call: %+v", c)
		}
	}
	w.tells(t, "within a minute each", map[string]string{"chenjing": "help_called", "xumin": "help_called"})
	w.clock.Turn(time.Minute + time.Second)
	if c := w.call(t); c.ID != first.ID || c.Times != 4 {
		t.Errorf("later: %+v", c)
	}
	w.tells(t, "later", map[string]string{"chenjing": "help_called help_called", "xumin": "help_called help_called", "lina": ""})
}

// While nobody is on duty all the clinic's staff are told.
func TestNobodyIsOnDuty(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	w.call(t)
	w.tells(t, "a call", map[string]string{"chenjing": "help_called", "xumin": "help_called", "lina": "help_called", "wangguiying": "", "maming": ""})
}

// Every action from every status, by everybody who sees the call.
func TestTheLifeOfACall(t *testing.T) {
	w := open(t)
	w.contract(t)
	c := w.call(t)
	came := seedtest.Person(t, "xumin")
	type may struct{ acknowledge, resolve fault.Code }
	const not, late = fault.Forbidden, fault.InvalidTransition
	for status, who := range map[helpcall.Status]map[string]may{
		"OPEN":         {"wangguiying": {not, ""}, "chenjing": {"", not}, "xumin": {"", ""}, "lina": {"", ""}},
		"ACKNOWLEDGED": {"wangguiying": {not, ""}, "chenjing": {late, not}, "xumin": {late, ""}, "lina": {late, ""}},
		"RESOLVED":     {"wangguiying": {not, late}, "chenjing": {late, not}, "xumin": {late, late}, "lina": {late, late}},
	} {
		for name, m := range who {
			for action, want := range map[care.HelpAction]fault.Code{care.Acknowledge: m.acknowledge, care.Resolve: m.resolve} {
				row := w.DB.HelpCall.UpdateOneID(c.ID).SetStatus(status).SetCallerLat(30).SetCallerLng(120)
				if row.SetAcknowledgedByID(""); status != "OPEN" {
					row.SetAcknowledgedByID(came)
				}
				now := row.SaveX(seedtest.System(t))
				if offered := slices.Contains(care.HelpActions(w.as(t, name), now), action); offered != (want == "") {
					t.Errorf("%s is offered %s of %s: %v", name, action, status, offered)
				}
				do := w.Acknowledge
				if action == care.Resolve {
					do = w.Resolve
				}
				moved, err := do(w.as(t, name), c.ID)
				faulttest.Refused(t, name+" does "+string(action)+" of "+string(status), err, want)
				if err == nil && action == care.Resolve && (moved.CallerLat != nil || moved.CallerLng != nil || moved.ResolvedAt == nil) {
					t.Errorf("it is over, and known where: %+v", moved)
				}
				w.DB.Notification.Delete().ExecX(seedtest.System(t))
			}
		}
	}
	if care.Location(&db.HelpCall{Status: helpcall.StatusResolved, CallerLat: new(30.0), CallerLng: new(120.0)}, geo.WGS84) != nil {
		t.Error("the place of what is over is shown")
	}
}

// The first who comes is told to all the others, and the patient that somebody does.
func TestSomebodyComes(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	c := w.call(t)
	c, err := w.Acknowledge(w.as(t, "xumin"), c.ID)
	if err != nil || c.Status != helpcall.StatusAcknowledged || c.AcknowledgedByName.String() != "许*" {
		t.Fatalf("%+v, %v", c, err)
	}
	w.tells(t, "somebody comes", map[string]string{
		"wangguiying": "help_coming", "chenjing": "help_called help_answered", "lina": "help_called help_answered", "xumin": "help_called",
	})
	another := w.call(t)
	if another.ID == c.ID || another.Times != 1 {
		t.Errorf("who calls again once somebody comes calls anew: %+v", another)
	}
	if _, err := w.Resolve(w.as(t, "lina"), c.ID); err != nil {
		t.Fatal(err)
	}
	w.tells(t, "it is over", map[string]string{
		"wangguiying": "help_coming help_ended", "xumin": "help_called help_called help_ended", "lina": "help_called help_answered help_called",
	})
}

// What is told of a call ends with the account: no name and no place is left, and nothing is to come.
func TestTheCareOfWhoIsGoneEnds(t *testing.T) {
	w := open(t)
	contract := w.contract(t)
	v, err := w.wish(w.as(t, "wangguiying"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Call(w.as(t, "wangguiying"), care.Call{Key: uuid.New(), Location: &geo.Input{Lat: 30, Lng: 120, CRS: geo.WGS84}})
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.Call(w.as(t, "maming"), care.Call{Key: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	system := seedtest.System(t)
	w.DB.HelpCall.UpdateOne(other).SetStatus("ACKNOWLEDGED").SetAcknowledgedByID(w.patient).SetAcknowledgedByName("王桂英").ExecX(system)
	if err := w.Store.InTx(t.Context(), func(ctx context.Context) error { return w.Forget(ctx, w.patient) }); err != nil {
		t.Fatal(err)
	}
	c, contract, v = w.DB.HelpCall.GetX(system, c.ID), w.DB.CareContract.GetX(system, contract.ID), w.DB.CareVisit.GetX(system, v.ID)
	if c.Status != "RESOLVED" || c.CallerLat != nil || c.PatientName != "" || contract.State != "ENDED" || contract.PatientName != "" ||
		v.Status != "CANCELLED" || v.PatientName != "" {
		t.Errorf("left are %v, %v, %v", c, contract, v)
	}
	if other = w.DB.HelpCall.GetX(system, other.ID); other.AcknowledgedByName != "" || other.Status != "ACKNOWLEDGED" || other.PatientName == "" {
		t.Errorf("another's call is %v", other)
	}
}

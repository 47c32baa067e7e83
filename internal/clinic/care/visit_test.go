package care_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/carevisit"
	"citygraph/internal/clinic/care"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/seed/seedtest"
)

func TestAVisitNeedsAContractAndATime(t *testing.T) {
	w := open(t)
	_, err := w.wish(w.as(t, "wangguiying"))
	faulttest.Refused(t, "without a contract", err, fault.CareContractRequired)
	c := w.contract(t)
	before := w.rows(t)
	now := w.clock.Now()
	for what, r := range map[string]care.VisitRequest{
		"in the past":      {From: now.Add(-time.Hour), To: now.Add(time.Hour)},
		"backwards":        {From: now.Add(2 * time.Hour), To: now.Add(time.Hour)},
		"in three weeks":   {From: now.AddDate(0, 0, 20), To: now.AddDate(0, 0, 21)},
		"beyond two weeks": {From: now.Add(time.Hour), To: now.AddDate(0, 0, 14).Add(time.Second)},
	} {
		r.Key, r.Reason = uuid.New(), carevisit.ReasonOther
		_, err := w.RequestVisit(w.as(t, "wangguiying"), r)
		faulttest.Refused(t, what, err, fault.BadUserInput)
	}
	_, err = w.wish(t.Context())
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	_, err = w.wish(w.as(t, "maming"))
	faulttest.Refused(t, "a stranger's own", err, fault.CareContractRequired)
	from := now.Add(time.Hour)
	stranger := care.VisitRequest{Key: uuid.New(), Reason: carevisit.ReasonOther, From: from, To: from.Add(time.Hour), OnBehalfOf: &w.patient}
	_, err = w.RequestVisit(w.as(t, "maming"), stranger)
	faulttest.Refused(t, "for her", err, fault.DelegationScope)
	if got := w.rows(t); got != before {
		t.Errorf("refusals left %v of %v", got, before)
	}
	v, err := w.RequestVisit(w.as(t, "chenjing"), stranger)
	if err != nil || v.PatientID != w.patient || v.CareContractID != c.ID {
		t.Fatalf("her daughter asks: %+v, %v", v, err)
	}
	again, err := w.RequestVisit(w.as(t, "chenjing"), stranger)
	if err != nil || again.ID != v.ID {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	w.clock.Turn(c.ValidTo.Sub(now))
	_, err = w.wish(w.as(t, "wangguiying"))
	faulttest.Refused(t, "with an expired contract", err, fault.CareContractRequired)
}

// Every action from every status, by either side.
func TestTheLifeOfAVisit(t *testing.T) {
	w := open(t)
	w.contract(t)
	v, err := w.wish(w.as(t, "wangguiying"))
	if err != nil {
		t.Fatal(err)
	}
	const requested, scheduled = carevisit.StatusRequested, carevisit.StatusScheduled
	edges := map[care.VisitAction]struct {
		from  []carevisit.Status
		to    carevisit.Status
		staff bool
	}{
		care.ScheduleVisit: {[]carevisit.Status{requested}, scheduled, true},
		care.CompleteVisit: {[]carevisit.Status{scheduled}, carevisit.StatusCompleted, true},
		care.DeclineVisit:  {[]carevisit.Status{requested, scheduled}, carevisit.StatusDeclined, true},
		care.CancelVisit:   {[]carevisit.Status{requested, scheduled}, carevisit.StatusCancelled, false},
	}
	for _, status := range []carevisit.Status{requested, scheduled, "COMPLETED", "DECLINED", "CANCELLED"} {
		for action, e := range edges {
			for _, name := range []string{"xumin", "wangguiying", "chenjing"} {
				system := seedtest.System(t)
				row := w.DB.CareVisit.UpdateOneID(v.ID).SetStatus(status).SaveX(system)
				mine := e.staff == (name == "xumin")
				allowed := mine && slices.Contains(e.from, status)
				if offered := slices.Contains(care.VisitActions(w.as(t, name), row), action); offered != allowed {
					t.Errorf("%s is offered %s of %s: %v", name, action, status, offered)
				}
				do := func() (err error) { _, err = w.MoveVisit(w.as(t, name), v.ID, action); return err }
				if action == care.ScheduleVisit {
					do = func() (err error) { _, err = w.Schedule(w.as(t, name), v.ID, w.clock.Now().Add(time.Hour)); return err }
				}
				want := fault.Code("")
				switch {
				case !mine:
					want = fault.Forbidden
				case !allowed:
					want = fault.InvalidTransition
				}
				faulttest.Refused(t, name+" does "+string(action)+" of "+string(status), do(), want)
				if got := w.DB.CareVisit.GetX(system, v.ID).Status; allowed && got != e.to || !allowed && got != status {
					t.Errorf("%s of %s leads to %s", action, status, got)
				}
				w.DB.Notification.Delete().ExecX(system)
			}
		}
	}
	for _, at := range []time.Duration{-time.Second, 61 * 24 * time.Hour} {
		_, err := w.Schedule(w.as(t, "xumin"), v.ID, w.clock.Now().Add(at))
		faulttest.Refused(t, "at another time", err, fault.BadUserInput)
	}
}

func TestWhoIsToldOfAVisit(t *testing.T) {
	w := open(t)
	w.contract(t)
	w.DB.Notification.Delete().ExecX(seedtest.System(t))
	if _, err := w.SetOnDuty(w.as(t, "lina"), w.clinic, new(w.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	v, err := w.wish(w.as(t, "wangguiying"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Schedule(w.as(t, "xumin"), v.ID, w.clock.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err = w.MoveVisit(w.as(t, "wangguiying"), v.ID, care.CancelVisit); err != nil {
		t.Fatal(err)
	}
	w.tells(t, "a visit", map[string]string{
		"wangguiying": "care_visit_scheduled", "chenjing": "care_visit_scheduled", "lina": "care_visit_asked care_visit_cancelled", "xumin": "",
	})
}

func TestDuty(t *testing.T) {
	w := open(t)
	for what, until := range map[string]time.Duration{"the past": -time.Second, "now": 0, "two days": 48 * time.Hour} {
		_, err := w.SetOnDuty(w.as(t, "xumin"), w.clinic, new(w.clock.Now().Add(until)))
		faulttest.Refused(t, what, err, fault.BadUserInput)
	}
	for name, want := range map[string]fault.Code{"": fault.Unauthenticated, "maming": fault.Forbidden, "wangguiying": fault.Forbidden} {
		_, err := w.SetOnDuty(w.as(t, name), w.clinic, nil)
		faulttest.Refused(t, name, err, want)
		_, err = w.OnDuty(w.as(t, name), w.clinic)
		faulttest.Refused(t, name, err, want)
	}
	until := w.clock.Now().Add(24 * time.Hour)
	shifts, err := w.SetOnDuty(w.as(t, "xumin"), w.clinic, &until)
	if err != nil || len(shifts) != 1 || !shifts[0].Mine || !shifts[0].Until.Equal(until) || shifts[0].Name.String() != "许*" {
		t.Errorf("on duty: %+v, %v", shifts, err)
	}
	if shifts, err = w.OnDuty(w.as(t, "lina"), w.clinic); err != nil || len(shifts) != 1 || shifts[0].Mine {
		t.Errorf("a colleague sees %+v, %v", shifts, err)
	}
	w.clock.Turn(24 * time.Hour)
	if shifts, err = w.OnDuty(w.as(t, "lina"), w.clinic); err != nil || len(shifts) != 0 {
		t.Errorf("a day later %+v, %v", shifts, err)
	}
	if _, err = w.SetOnDuty(w.as(t, "xumin"), w.clinic, new(w.clock.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if shifts, err = w.SetOnDuty(w.as(t, "xumin"), w.clinic, nil); err != nil || len(shifts) != 0 {
		t.Errorf("ended: %+v, %v", shifts, err)
	}
}

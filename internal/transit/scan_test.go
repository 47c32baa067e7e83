package transit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/transitride"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/paycode"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/transit"
)

// What is not owed is answered with why, moves nothing, and is answered the same again.
func TestRefusedScans(t *testing.T) {
	d := open(t)
	before, code := d.money(t), d.codes(t)[0]
	live, err := paycode.New(d.card.ID, paycode.Transit, d.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	minute, err := d.Ring.Sign(live)
	if err != nil {
		t.Fatal(err)
	}
	made, err := paycode.Series("batch_x", d.card.ID, 1, d.clock.Now().Add(-time.Hour), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := d.Ring.Sign(made[0])
	if err != nil {
		t.Fatal(err)
	}
	other, err := paycode.NewRing([]byte(strings.Repeat("o", 32))).Sign(made[0])
	if err != nil {
		t.Fatal(err)
	}
	issued := d.clock.Now()
	d.clock.Turn(30 * time.Hour)
	now := d.clock.Now()
	refused := map[string]func(*transit.Scan){
		"INVALID no code":             func(s *transit.Scan) { s.Code = "" },
		"INVALID damaged":             func(s *transit.Scan) { s.Code = s.Code[:163] + "!" },
		"INVALID of another city":     func(s *transit.Scan) { s.Code = other },
		"INVALID of no batch":         func(s *transit.Scan) { s.Code = unknown },
		"WRONG_PURPOSE":               func(s *transit.Scan) { s.Code = minute },
		"BAD_FARE nothing":            func(s *transit.Scan) { s.Fare = 0 },
		"BAD_FARE less":               func(s *transit.Scan) { s.Fare = -1 },
		"OVER_FARE_CAP":               func(s *transit.Scan) { s.Fare = d.Terms.FareCap + 1 },
		"BAD_TIME before it was made": func(s *transit.Scan) { s.ScannedAt = issued.Add(-6 * time.Minute) },
		"BAD_TIME still to come":      func(s *transit.Scan) { s.ScannedAt = now.Add(6 * time.Minute) },
		"EXPIRED":                     func(s *transit.Scan) { s.ScannedAt = issued.Add(24 * time.Hour) },
	}
	var scans []transit.Scan
	var want []string
	for name, change := range refused {
		s := transit.Scan{ID: name, Code: code, Gate: "7", Fare: 2_00, ScannedAt: issued.Add(time.Hour)}
		change(&s)
		scans = append(scans, s)
		outcome, _, _ := strings.Cut(name, " ")
		want = append(want, outcome)
	}
	for range 2 {
		if got := d.settled(t, scans...); got != strings.Join(want, " ") {
			t.Errorf("got  %s\nwant %s", got, strings.Join(want, " "))
		}
	}
	reused := scans[0]
	reused.Gate = "8"
	if got := d.settled(t, reused); got != "SCAN_ID_REUSED" {
		t.Error(got)
	}
	good := transit.Scan{ID: "in time", Code: code, Fare: 2_00, ScannedAt: issued.Add(time.Hour)}
	d.clock.Turn(72 * time.Hour)
	late := good
	late.ID = "late"
	if got := d.settled(t, late); got != "TOO_LATE" {
		t.Error(got)
	}
	if d.money(t) != before {
		t.Errorf("%+v after %+v", d.money(t), before)
	}
	d.clock.Turn(-72 * time.Hour)
	if got := d.settled(t, good); got != "ACCEPTED" {
		t.Error(got)
	}
	d.sound(t)
}

// What no gate makes refuses the upload as a whole, and nothing is kept of it.
func TestRefusedUploads(t *testing.T) {
	d := open(t)
	good := d.scan("good", d.codes(t)[0], 2_00)
	for name, change := range map[string]func(*transit.Scan){
		"no id":     func(s *transit.Scan) { s.ID = "" },
		"a long id": func(s *transit.Scan) { s.ID = strings.Repeat("i", 65) }, "a long gate": func(s *transit.Scan) { s.Gate = strings.Repeat("g", 65) },
		"a long code": func(s *transit.Scan) { s.Code = strings.Repeat("c", 257) }, "no time": func(s *transit.Scan) { s.ScannedAt = time.Time{} },
	} {
		bad := good
		bad.ID = "bad"
		change(&bad)
		_, err := d.Settle(t.Context(), d.bus, []transit.Scan{good, bad})
		faulttest.Refused(t, name, err, fault.BadUserInput)
	}
	for _, n := range []int{0, transit.MostScans + 1} {
		_, err := d.Settle(t.Context(), d.bus, make([]transit.Scan, n))
		faulttest.Refused(t, "so many scans", err, fault.BadUserInput)
	}
	if n := d.DB.TransitRide.Query().CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d rides are kept", n)
	}
}

func TestIssue(t *testing.T) {
	d := open(t)
	holder, daughter := d.city.As(t, "wangguiying"), d.city.As(t, "chenjing")
	request := transit.Request{Key: uuid.New(), OnBehalfOf: &d.rider}
	first, err := d.Issue(daughter, request)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, code := range first.Codes {
		claims, err := d.Ring.Verify(code, paycode.TransitOffline, d.clock.Now().Add(23*time.Hour))
		if err != nil || claims.CardID != d.card.ID || seen[code] || !claims.ExpiresAt().Equal(first.ExpiresAt) {
			t.Errorf("%+v until %s, %v", claims, first.ExpiresAt, err)
		}
		seen[code] = true
	}
	again, err := d.Issue(daughter, request)
	if err != nil || strings.Join(again.Codes, " ") != strings.Join(first.Codes, " ") {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := d.DB.AuditEvent.Query().Where(auditevent.Action("issueTransitCodes"), auditevent.TargetID(d.card.ID)).CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d deeds are in the log", n)
	}
	_, err = d.Issue(daughter, transit.Request{Key: request.Key})
	faulttest.Refused(t, "another's key", err, fault.IdempotencyKeyReused)
	_, err = d.Issue(d.city.As(t, "maming"), transit.Request{Key: uuid.New(), OnBehalfOf: &d.rider})
	faulttest.Refused(t, "a stranger", err, fault.DelegationScope)
	_, err = d.Issue(d.city.As(t, ""), transit.Request{Key: uuid.New()})
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)

	// Twenty are good at once, whoever fetched them; one that was used makes room for one.
	d.codes(t)
	_, err = d.Issue(holder, transit.Request{Key: uuid.New()})
	faulttest.Refused(t, "too many", err, fault.RateLimited)
	if f := fault.From(err); f.RetryAfter <= 23*time.Hour || f.RetryAfter > 24*time.Hour {
		t.Errorf("to be asked again after %s", f.RetryAfter)
	}
	if got := d.settled(t, d.scan("1", first.Codes[0], 2_00)); got != string(transitride.OutcomeAccepted) {
		t.Fatal(got)
	}
	if n := len(d.codes(t)); n != 1 {
		t.Errorf("%d codes for one that was used", n)
	}
	d.clock.Turn(24 * time.Hour)
	if n := len(d.codes(t)); n != 10 {
		t.Errorf("%d codes the day after", n)
	}
	for _, status := range []citizencard.Status{citizencard.StatusLost, citizencard.StatusFrozen, citizencard.StatusReplaced, citizencard.StatusClosed} {
		seedtest.PutCard(t, d.DB, d.card.ID, status)
		_, err = d.Issue(holder, transit.Request{Key: uuid.New()})
		faulttest.Refused(t, string(status), err, fault.CardNotActive)
	}
}

func TestParseOperators(t *testing.T) {
	list, err := transit.ParseOperators(" bus=杭州公交,Hangzhou Bus," + key("b") + "; metro=杭州地铁,Hangzhou Metro," + key("m") + ";")
	if err != nil || len(list) != 2 || list.Keyed(key("m")).ID != "metro" || list.Keyed(key("m")).Name.EN != "Hangzhou Metro" {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, nobodys := range []string{"", key("x"), key("b") + "b"} {
		if o := list.Keyed(nobodys); o != nil {
			t.Errorf("%q is taken for the key of %s", nobodys, o.ID)
		}
	}
	if none, err := transit.ParseOperators(""); len(none) != 0 || err != nil || none.Keyed("") != nil {
		t.Errorf("none: %+v, %v", none, err)
	}
	for name, text := range map[string]string{
		"no name": "bus=,Bus," + key("k"), "a short key": "bus=公交,Bus,hunter2", "no key": "bus=公交,Bus", "a bad id": "Bus=公交,Bus," + key("k"),
		"an id twice": "bus=公交,Bus," + key("k") + ";bus=公交,Bus," + key("l"), "a key twice": "bus=公交,Bus," + key("k") + ";metro=地铁,Metro," + key("k"),
	} {
		if _, err := transit.ParseOperators(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeriesRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		card string
		life time.Duration
	}{
		"no card": {id.New(id.Person), time.Hour}, "half an hour": {id.New(id.CitizenCard), 90 * time.Minute},
		"nothing": {id.New(id.CitizenCard), 0}, "too long": {id.New(id.CitizenCard), 256 * time.Hour},
	} {
		if _, err := paycode.Series("batch_x", c.card, 1, time.Now(), c.life); err == nil {
			t.Error(name)
		}
	}
}

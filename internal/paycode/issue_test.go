package paycode_test

import (
	"testing"
	"time"

	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/paycode"
	"citygraph/internal/seed/seedtest"
)

func TestIssue(t *testing.T) {
	city := seedtest.Open(t)
	system, ring := seedtest.System(t), ringOf(t, secret("ed25519", "a"))
	issuer := &paycode.Issuer{DB: city.DB, Clock: clock.System{}, Ring: ring, For: (&household.Register{DB: city.DB, Store: city.Store}).For}
	grandmother := seedtest.Person(t, "wangguiying")
	hers := city.DB.CitizenCard.Query().Where(citizencard.PersonID(grandmother)).OnlyX(system)

	made, err := issuer.Issue(city.As(t, "chenjing"), paycode.Clinic, &grandmother)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := ring.Verify(made.Code, paycode.Clinic, time.Now())
	if err != nil || claims.CardID != hers.ID || !made.ExpiresAt.Equal(claims.IssuedAt.Add(time.Minute)) {
		t.Errorf("the daughter shows %+v until %s, %v", claims, made.ExpiresAt, err)
	}
	deeds := func() int { return city.DB.AuditEvent.Query().Where(auditevent.TargetID(hers.ID)).CountX(system) }
	if n := deeds(); n != 1 {
		t.Errorf("%d deeds are in the log", n)
	}
	if _, err := issuer.Issue(city.As(t, "wangguiying"), paycode.Transit, nil); err != nil {
		t.Errorf("her own: %v", err)
	}
	if n := deeds(); n != 1 {
		t.Errorf("with her own code %d deeds are in the log", n)
	}
	for _, status := range []citizencard.Status{citizencard.StatusLost, citizencard.StatusFrozen, citizencard.StatusReplaced, citizencard.StatusClosed} {
		seedtest.PutCard(t, city.DB, hers.ID, status)
		for _, name := range []string{"chenjing", "wangguiying"} {
			if _, err := issuer.Issue(city.As(t, name), paycode.Clinic, &grandmother); fault.CodeOf(err) != fault.CardNotActive {
				t.Errorf("%s shows a card that is %s: %v", name, status, err)
			}
		}
	}
	city.DB.CitizenCard.DeleteOne(hers).ExecX(system)
	if _, err := issuer.Issue(city.As(t, "wangguiying"), paycode.Clinic, nil); fault.CodeOf(err) != fault.CardNotActive {
		t.Errorf("without a card: %v", err)
	}
	if f := fault.From(func() error { _, err := issuer.Issue(city.As(t, "maming"), paycode.Clinic, &grandmother); return err }()); f.Code != fault.DelegationScope || len(f.Field) != 1 {
		t.Errorf("a stranger: %v at %v", f, f.Field)
	}
}

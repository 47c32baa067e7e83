package card_test

import (
	"errors"
	"slices"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/card"
	"citygraph/internal/fault"
	"citygraph/internal/seed/seedtest"
)

func TestAllowedActions(t *testing.T) {
	for status, want := range map[citizencard.Status][]card.Action{
		citizencard.StatusActive:   {card.Close, card.ReportLoss},
		citizencard.StatusLost:     {card.CancelLoss, card.Replace},
		citizencard.StatusFrozen:   {},
		citizencard.StatusReplaced: {},
		citizencard.StatusClosed:   {},
	} {
		if got := card.AllowedActions(&db.CitizenCard{Status: status}); got == nil || !slices.Equal(got, want) {
			t.Errorf("a card that is %s: %q, want %q", status, got, want)
		}
	}
}

// Of many who report a card at once one does, and the account stops with the card: both or neither.
func TestReportedOnce(t *testing.T) {
	o := open(t)
	city, cards := o.city, o.Cards
	system := seedtest.System(t)
	hers := city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "wangguiying"))).OnlyX(system)
	stands := func(status citizencard.Status, blocked bool, deeds int) {
		t.Helper()
		c := city.DB.CitizenCard.Query().Where(citizencard.ID(hers.ID)).WithAccount().OnlyX(system)
		n := city.DB.AuditEvent.Query().Where(auditevent.TargetID(hers.ID)).CountX(system)
		if c.Status != status || c.Edges.Account.Blocked != blocked || n != deeds {
			t.Errorf("the card is %s, its account blocked %t, after %d deeds; want %s, %t, %d", c.Status, c.Edges.Account.Blocked, n, status, blocked, deeds)
		}
	}

	o.fail = errors.New("nobody can be told")
	if _, err := cards.ReportLoss(city.As(t, "wangguiying"), nil); !errors.Is(err, o.fail) {
		t.Fatalf("a report nobody is told of: %v", err)
	}
	stands(citizencard.StatusActive, false, 0)

	o.fail, o.told = nil, nil
	holder := city.As(t, "wangguiying")
	codes := crowd(8, func() error { _, err := cards.ReportLoss(holder, nil); return err })
	if codes[""] != 1 || codes[fault.InvalidTransition] != 7 || !slices.Equal(o.told, []string{"REPORT_LOSS"}) {
		t.Errorf("of eight %v, told %q", codes, o.told)
	}
	stands(citizencard.StatusLost, true, 1)

	found, err := cards.CancelLoss(holder, hers.ID)
	if err != nil || found.Status != citizencard.StatusActive {
		t.Errorf("found: %+v, %v", found, err)
	}
	stands(citizencard.StatusActive, false, 2)

	// What the city stopped its holder cannot put back.
	seedtest.PutCard(t, city.DB, hers.ID, citizencard.StatusFrozen)
	if _, err := cards.CancelLoss(holder, hers.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("a frozen card: %v", err)
	}
	city.DB.CitizenCard.DeleteOne(hers).ExecX(system)
	if _, err := cards.ReportLoss(holder, nil); fault.CodeOf(err) != fault.CardNotActive {
		t.Errorf("without a card: %v", err)
	}
}

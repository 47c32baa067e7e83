package card_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/card"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

func TestAllowedActions(t *testing.T) {
	for status, want := range map[citizencard.Status][]card.Action{
		citizencard.StatusActive:   {card.ReportLoss},
		citizencard.StatusLost:     {card.CancelLoss},
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
	city := seedtest.Open(t)
	var mu sync.Mutex
	var told []card.Moved
	var fail error
	bus := event.New()
	event.On(bus, func(_ context.Context, e card.Moved) error {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e)
		return fail
	})
	cards := &card.Cards{
		DB: city.DB, Store: city.Store, Clock: clock.System{}, Events: bus,
		Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock.System{}},
		For:  (&household.Register{DB: city.DB, Store: city.Store}).For,
	}
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

	fail = errors.New("nobody can be told")
	if _, err := cards.ReportLoss(city.As(t, "wangguiying"), nil); !errors.Is(err, fail) {
		t.Fatalf("a report nobody is told of: %v", err)
	}
	stands(citizencard.StatusActive, false, 0)

	fail, told = nil, nil
	holder := city.As(t, "wangguiying")
	codes := map[fault.Code]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := cards.ReportLoss(holder, nil)
			mu.Lock()
			defer mu.Unlock()
			codes[fault.CodeOf(err)]++
		})
	}
	all.Wait()
	if codes[""] != 1 || codes[fault.InvalidTransition] != 7 || len(told) != 1 || told[0].CardID != hers.ID || told[0].Action != card.ReportLoss {
		t.Errorf("of eight %v, told %+v", codes, told)
	}
	stands(citizencard.StatusLost, true, 1)

	found, err := cards.CancelLoss(holder, hers.ID)
	if err != nil || found.Status != citizencard.StatusActive {
		t.Errorf("found: %+v, %v", found, err)
	}
	stands(citizencard.StatusActive, false, 2)

	// What the city stopped its holder cannot put back.
	city.DB.CitizenCard.UpdateOne(hers).SetStatus(citizencard.StatusFrozen).ExecX(system)
	if _, err := cards.CancelLoss(holder, hers.ID); fault.CodeOf(err) != fault.InvalidTransition {
		t.Errorf("a frozen card: %v", err)
	}
	city.DB.CitizenCard.DeleteOne(hers).ExecX(system)
	if _, err := cards.ReportLoss(holder, nil); fault.CodeOf(err) != fault.CardNotActive {
		t.Errorf("without a card: %v", err)
	}
}

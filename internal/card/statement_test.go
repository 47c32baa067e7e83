package card_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/card"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

// spender is a citizen whose card lives through months.
type spender struct {
	*card.Cards
	clock         *seedtest.Clock
	me            context.Context
	account, shop string
	keys          int
	charges       []*db.LedgerTransaction
}

func newSpender(t *testing.T) *spender {
	t.Helper()
	city, clock := seedtest.Open(t), seedtest.NewClock()
	s := &spender{
		Cards: &card.Cards{DB: city.DB, Store: city.Store, Clock: clock, Book: &ledger.Book{DB: city.DB, Store: city.Store, Clock: clock}},
		clock: clock, me: city.As(t, "chenjing"),
	}
	s.account = city.DB.CitizenCard.Query().Where(citizencard.PersonID(seedtest.Person(t, "chenjing"))).OnlyX(seedtest.System(t)).AccountID
	shop, err := s.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	s.shop = shop.ID
	return s
}

// move posts so much into the card's account, or out of it; what the account refuses is not posted.
func (s *spender) move(t *rapid.T, kind ledgertransaction.Kind, domain ledgertransaction.Domain, fen int64) {
	s.keys++
	made, err := s.Book.Post(s.me, ledger.Posting{
		Key: fmt.Sprint("statement/", s.keys), Kind: kind, Domain: domain,
		Lines: []ledger.Line{{AccountID: s.account, Amount: fen}, {AccountID: s.shop, Amount: -fen}},
	})
	switch code := fault.CodeOf(err); {
	case code == fault.InsufficientFunds || code == fault.BalanceCap:
	case err != nil:
		t.Fatal(err)
	default:
		s.charges = append(s.charges, made)
	}
}

// live is something that happens to the card.
func (s *spender) live(t *rapid.T) {
	s.clock.Turn(time.Duration(rapid.IntRange(-2, 15*24*60).Draw(t, "minutes")) * time.Minute) // replicas' clocks differ
	fen := rapid.Int64Range(1, 50_00).Draw(t, "fen")
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		s.move(t, ledgertransaction.KindTopUp, ledgertransaction.DomainCard, fen)
	case 1, 2:
		domain := rapid.SampledFrom([]ledgertransaction.Domain{ledgertransaction.DomainClinic, ledgertransaction.DomainScenic, ledgertransaction.DomainTransit}).Draw(t, "domain")
		s.move(t, ledgertransaction.KindCharge, domain, -fen)
	default:
		if len(s.charges) == 0 {
			return
		}
		s.keys++
		of := rapid.SampledFrom(s.charges).Draw(t, "of")
		_, err := s.Book.Reverse(s.me, ledger.Reversal{Key: fmt.Sprint("statement/", s.keys), TransactionID: of.ID, Amount: min(fen, of.Amount)})
		if code := fault.CodeOf(err); err != nil && code != fault.RefundExceeds && code != fault.InsufficientFunds && code != fault.BalanceCap {
			t.Fatal(err)
		}
	}
}

// summed is the statement of a month as its entries make it, one by one.
func summed(entries []*db.LedgerEntry, month time.Time) *card.Statement {
	sums := &card.Statement{Month: month, Categories: []*card.Category{}}
	by := map[[2]string]*card.Category{}
	for _, e := range entries {
		switch next := month.AddDate(0, 1, 0); {
		case e.CreatedAt.Before(month):
			sums.OpeningBalance += e.Amount
		case e.CreatedAt.Before(next):
			tx := e.Edges.Transaction
			key := [2]string{string(tx.Domain), string(tx.Kind)}
			if by[key] == nil {
				by[key] = &card.Category{Domain: tx.Domain, Kind: tx.Kind}
			}
			by[key].Total += e.Amount
			by[key].Count++
			sums.MoneyIn += max(e.Amount, 0)
			sums.MoneyOut += max(-e.Amount, 0)
		}
	}
	for _, domain := range []string{"CARD", "CLINIC", "SCENIC", "TRANSIT"} {
		for _, kind := range []string{"CHARGE", "OPENING", "REVERSAL", "TOP_UP", "TRANSFER"} {
			if c := by[[2]string{domain, kind}]; c != nil {
				sums.Categories = append(sums.Categories, c)
			}
		}
	}
	sums.ClosingBalance = sums.OpeningBalance + sums.MoneyIn - sums.MoneyOut
	return sums
}

// Whatever moved, a statement is the sum of its entries, ends where the next begins, and ends now with the balance.
func TestAStatementIsTheSumOfItsEntries(t *testing.T) {
	s := newSpender(t)
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(t, "happenings") {
			s.live(t)
		}
		entries, err := s.DB.LedgerEntry.Query().Where(ledgerentry.LedgerAccountID(s.account)).WithTransaction().All(s.me)
		if err != nil {
			t.Fatal(err)
		}
		month := thisMonth(s.clock.Now())
		var next *card.Statement
		for range 3 {
			got, err := s.Statement(s.me, month)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(summed(entries, month), got); diff != "" {
				t.Fatalf("%s: entries (-), statement (+):\n%s", month, diff)
			}
			if next != nil && got.ClosingBalance != next.OpeningBalance {
				t.Fatalf("%s ends with %d fen, and the next month begins with %d", month, got.ClosingBalance, next.OpeningBalance)
			}
			month, next = month.AddDate(0, -1, 0), got
		}
		balance := s.DB.LedgerAccount.GetX(s.me, s.account).Balance
		if now, err := s.Statement(s.me, thisMonth(s.clock.Now().Add(time.Hour*24*31))); err == nil || now != nil {
			t.Fatalf("a month to come has %+v", now)
		}
		s.clock.Turn(2 * time.Minute) // past what the slower clock posted
		if now, err := s.Statement(s.me, thisMonth(s.clock.Now())); err != nil || now.ClosingBalance != balance {
			t.Fatalf("this month ends with %+v, %v; there are %d fen", now, err, balance)
		}
	})
}

func thisMonth(now time.Time) time.Time {
	year, month, _ := now.In(clock.Shanghai).Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, clock.Shanghai)
}

// A month is that of the city: what is paid in its first hour is in it, though it is yesterday in Greenwich.
func TestAMonthIsThatOfTheCity(t *testing.T) {
	s := newSpender(t)
	month := thisMonth(s.clock.Now()).AddDate(0, 1, 0)
	s.clock.Turn(month.Sub(s.clock.Now()))
	_, err := s.Book.Post(s.me, ledger.Posting{
		Key: "midnight", Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainTransit,
		Lines: []ledger.Line{{AccountID: s.account, Amount: -2_00}, {AccountID: s.shop, Amount: 2_00}},
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.Statement(s.me, month)
	if err != nil || now.MoneyOut != 2_00 || len(now.Categories) != 1 || now.Categories[0].Total != -2_00 {
		t.Errorf("the month that begins has %+v, %v", now, err)
	}
	before, err := s.Statement(s.me, month.AddDate(0, -1, 0))
	if err != nil || before.MoneyOut != 0 || before.ClosingBalance != now.OpeningBalance {
		t.Errorf("the month that ends has %+v, %v", before, err)
	}
	s.DB.CitizenCard.Update().Where(citizencard.AccountID(s.account)).SetStatus(citizencard.StatusReplaced).ClearHolderID().ExecX(seedtest.System(t))
	if again, err := s.Statement(s.me, month); err != nil || again.MoneyOut != 2_00 {
		t.Errorf("over a card that was replaced it has %+v, %v", again, err)
	}
}

func TestWhatHasNoStatement(t *testing.T) {
	s := newSpender(t)
	month := thisMonth(s.clock.Now())
	_, err := s.Statement(t.Context(), month)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	_, err = s.Statement(s.me, month.AddDate(0, 1, 0))
	faulttest.Refused(t, "a month to come", err, fault.BadUserInput)
	long := time.Date(0, 1, 1, 0, 0, 0, 0, clock.Shanghai)
	zeros, err := s.Statement(s.me, long)
	if diff := cmp.Diff(&card.Statement{Month: long, Categories: []*card.Category{}}, zeros); err != nil || diff != "" {
		t.Errorf("before there was a card: %s, %v", diff, err)
	}
}

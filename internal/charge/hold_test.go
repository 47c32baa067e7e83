package charge_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/internal/charge"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/paycode"
	"citygraph/internal/seed/seedtest"
)

// kept is what is kept back on the card, in fen.
func (s *shop) kept(t *testing.T) int64 {
	t.Helper()
	return s.DB.LedgerAccount.GetX(seedtest.System(t), s.card.AccountID).Held
}

func (s *shop) holds(t *testing.T, fen int64) *charge.Hold {
	t.Helper()
	h, err := s.Hold(s.as(t, "xumin"), s.sale(t, fen))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A deposit is kept back, what is due of it is taken once, however often and from wherever it is asked for, and the rest
// can be spent again.
func TestADepositIsCapturedOnce(t *testing.T) {
	s := open(t)
	left, nurse := s.left(t), s.as(t, "xumin")
	sale := s.sale(t, 50)
	h, err := s.Hold(nurse, sale)
	if err != nil || h.Status != "PENDING" || h.Amount != 50 || s.kept(t) != 50 || s.left(t) != left {
		t.Fatalf("%+v, %v; %d are kept back and %d left of %d", h, err, s.kept(t), s.left(t), left)
	}
	if again, err := s.Hold(nurse, sale); err != nil || *again != *h {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	replayed := s.sale(t, 50)
	replayed.Code = sale.Code
	_, err = s.Hold(nurse, replayed)
	faulttest.Refused(t, "the code held again", err, fault.PayCodeReplayed)
	_, err = s.Charge(nurse, replayed)
	faulttest.Refused(t, "the code charged", err, fault.PayCodeReplayed)
	seen, err := s.Pending(s.as(t, "wangguiying"))
	if err != nil || len(seen) != 1 || *seen[0] != *h {
		t.Errorf("the holder sees %+v, %v", seen, err)
	}
	if others, err := s.Pending(s.as(t, "chenjing")); err != nil || len(others) != 0 {
		t.Errorf("her daughter sees %+v, %v", others, err)
	}

	var all sync.WaitGroup
	codes := make([]fault.Code, 8)
	for i := range codes {
		all.Go(func() {
			_, err := s.Capture(nurse, charge.Capture{Key: uuid.New(), HoldID: h.HoldID, Amount: 30})
			codes[i] = fault.CodeOf(err)
		})
	}
	all.Wait()
	won := 0
	for _, code := range codes {
		if code == "" {
			won++
		} else if code != fault.InvalidTransition {
			t.Errorf("captured: %s", code)
		}
	}
	if won != 1 || s.kept(t) != 0 || s.left(t) != left-30 {
		t.Errorf("captured %d times; %d are kept back and %d left of %d", won, s.kept(t), s.left(t), left)
	}
	_, err = s.Void(nurse, h.HoldID)
	faulttest.Refused(t, "voided then", err, fault.InvalidTransition)
	if got := s.templates(t); got != "card/held card/charged" {
		t.Errorf("the holder was told %s", got)
	}
	s.sound(t)
}

// A code is held or charged, never both, whoever is first.
func TestACodeIsHeldOrCharged(t *testing.T) {
	s := open(t)
	left, nurse := s.left(t), s.as(t, "xumin")
	code := s.code(t, paycode.Clinic)
	var all sync.WaitGroup
	codes := make([]fault.Code, 10)
	for i := range codes {
		all.Go(func() {
			ask := charge.Charge{Key: uuid.New(), MerchantID: s.clinic, Code: code, Amount: 10}
			var err error
			if i%2 == 0 {
				_, err = s.Hold(nurse, ask)
			} else {
				_, err = s.Charge(nurse, ask)
			}
			codes[i] = fault.CodeOf(err)
		})
	}
	all.Wait()
	won := 0
	for _, code := range codes {
		if code == "" {
			won++
		} else if code != fault.PayCodeReplayed {
			t.Errorf("refused by %s", code)
		}
	}
	if taken := left - s.left(t) + s.kept(t); won != 1 || taken != 10 {
		t.Errorf("%d won, and %d fen were taken or kept back", won, taken)
	}
	s.sound(t)
}

func TestBadHolds(t *testing.T) {
	s := open(t)
	nurse, h := s.as(t, "xumin"), s.holds(t, 20)
	before, left := s.traces(t), s.left(t)
	for _, fen := range []int64{0, -1} {
		_, err := s.Hold(nurse, s.sale(t, fen))
		faulttest.Refused(t, "an amount", err, fault.BadAmount)
	}
	_, err := s.Hold(nurse, s.sale(t, left-19))
	faulttest.Refused(t, "more than is there", err, fault.InsufficientFunds)
	_, err = s.Hold(s.as(t, "wutao"), s.sale(t, 1))
	faulttest.Refused(t, "for another's clinic", err, fault.Forbidden)
	for name, c := range map[string]struct {
		as, hold string
		fen      int64
		want     fault.Code
	}{
		"a visitor":       {"", h.HoldID, 1, fault.Unauthenticated},
		"the holder":      {"wangguiying", h.HoldID, 1, fault.NotFound},
		"another's staff": {"wutao", h.HoldID, 1, fault.NotFound},
		"no hold":         {"xumin", s.card.ID, 1, fault.NotFound},
		"nothing":         {"xumin", h.HoldID, 0, fault.BadAmount},
		"more than held":  {"xumin", h.HoldID, 21, fault.BadAmount},
	} {
		_, err := s.Capture(s.as(t, c.as), charge.Capture{Key: uuid.New(), HoldID: c.hold, Amount: c.fen})
		faulttest.Refused(t, name, err, c.want)
		if c.want == fault.BadAmount {
			continue
		}
		_, err = s.Void(s.as(t, c.as), c.hold)
		faulttest.Refused(t, name+" voids", err, c.want)
	}
	// A card that is stopped pays nothing, what was held before included.
	seedtest.PutCard(t, s.DB, s.card.ID, citizencard.StatusLost)
	if err := s.Book.Block(t.Context(), s.card.AccountID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Capture(nurse, charge.Capture{Key: uuid.New(), HoldID: h.HoldID, Amount: 1})
	faulttest.Refused(t, "a lost card", err, fault.CardNotActive)
	if got := s.traces(t); got != before || s.left(t) != left {
		t.Errorf("%+v and %d fen are left of %+v and %d", got, s.left(t), before, left)
	}
	if voided, err := s.Void(nurse, h.HoldID); err != nil || voided.Status != "VOIDED" || s.kept(t) != 0 {
		t.Errorf("voided: %+v, %v; %d are kept back", voided, err, s.kept(t))
	}
	s.sound(t)
}

// What nobody captures in time is let go, and shows no more.
func TestADepositTimesOut(t *testing.T) {
	s := open(t)
	h := s.holds(t, 20)
	s.clock.Turn(time.Hour)
	_, err := s.Capture(s.as(t, "xumin"), charge.Capture{Key: uuid.New(), HoldID: h.HoldID, Amount: 1})
	faulttest.Refused(t, "captured too late", err, fault.HoldExpired)
	if seen, err := s.Pending(s.as(t, "wangguiying")); err != nil || len(seen) != 0 {
		t.Errorf("the holder sees %+v, %v", seen, err)
	}
	if n, err := s.Book.TimeOut(seedtest.System(t)); err != nil || n != 1 || s.kept(t) != 0 {
		t.Errorf("%d were let go, %v; %d are kept back", n, err, s.kept(t))
	}
	_, err = s.Void(s.as(t, "xumin"), h.HoldID)
	faulttest.Refused(t, "voided too late", err, fault.HoldExpired)
	s.sound(t)
}

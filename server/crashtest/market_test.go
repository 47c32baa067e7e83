package crashtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/staffrole"
)

// paid is the payload of a mutation that has to do with money.
type paid struct {
	Receipt    *struct{ TransactionID string }
	TopUp      *struct{ ID string }
	PayCode    *struct{ Code string }
	Card       *struct{ ID, Status string }
	UserErrors []struct{ Code string }
}

func (p paid) code() string {
	if len(p.UserErrors) == 0 {
		return ""
	}
	return p.UserErrors[0].Code
}

// made is the id of what the mutation wrote.
func (p paid) made() string {
	switch {
	case p.Receipt != nil:
		return p.Receipt.TransactionID
	case p.TopUp != nil:
		return p.TopUp.ID
	default:
		return ""
	}
}

// done is an effect that somebody was told of.
type done struct {
	operation, actor, key, holder string
	amount                        int64 // fen
	reverses                      string
}

// market is what the clients were told.
type market struct {
	fleet     *fleet
	book      *moneyBook
	tokens    map[string]string // by member
	merchants map[string]string // by cashier

	mu            sync.Mutex
	done          map[string]done // by the id of what it made
	refusals      map[string]int  // by operation and code
	refused       []done
	unheard       map[string]bool // keys of what was refused after a try that was not heard
	codes         map[string]int  // how often each pay code was charged
	losses        int
	again, failed int
}

func newMarket(f *fleet, b *moneyBook) *market {
	m := &market{
		fleet: f, book: b, tokens: map[string]string{}, merchants: map[string]string{},
		done: map[string]done{}, refusals: map[string]int{}, unheard: map[string]bool{}, codes: map[string]int{},
	}
	for _, member := range holders {
		m.tokens[member] = f.place.token(f.t, member)
	}
	for _, c := range cashiers {
		m.tokens[c.member] = f.place.token(f.t, c.member)
		m.merchants[c.member] = must(b.db.StaffRole.Query().Where(staffrole.PersonID(personID(f.t, c.member))).Only(b.ctx))(f.t).OrganisationID
	}
	return m
}

// String counts what was done and refused.
func (m *market) String() string {
	n := map[string]int{}
	for _, d := range m.done {
		n[d.operation]++
	}
	return fmt.Sprintf("%v; refused %v; %d losses; %d tries without an answer, %d of them INTERNAL", n, m.refusals, m.losses, m.again, m.failed)
}

// trade does one thing after the other until work ends; what is under way then is finished.
func (m *market) trade(work, finish context.Context, random *rand.Rand) {
	a := m.newTeller(random)
	defer m.count(a)
	for work.Err() == nil {
		var err error
		switch random.IntN(10) {
		case 0, 1:
			err = m.topUp(finish, a)
		case 2, 3:
			err = m.giveBack(finish, a)
		default:
			err = m.pay(finish, a)
		}
		if err != nil {
			m.fleet.t.Error(err)
			return
		}
	}
}

// pay shows a code and has it charged, and tries what must not be: the code again, its key for another amount.
func (m *market) pay(ctx context.Context, a *teller) error {
	holder, till := holders[a.random.IntN(len(holders))], cashiers[a.random.IntN(len(cashiers))]
	shown, err := a.until(ctx, holder, "IssuePayCode", map[string]any{"purpose": till.purpose})
	if err != nil || shown.PayCode == nil {
		return m.expected("IssuePayCode", shown, err, "CARD_NOT_ACTIVE")
	}
	sale := map[string]any{
		"idempotencyKey": uuid.NewString(), "merchantId": m.merchants[till.member], "code": shown.PayCode.Code, "amount": 1 + a.random.Int64N(9_00),
	}
	charge := func(want ...string) (string, error) {
		amount := sale["amount"].(int64)
		return m.effect(ctx, a, "ChargeCode", done{actor: till.member, holder: holder, amount: -amount}, sale, want...)
	}
	switch a.random.IntN(12) {
	case 0:
		sale["amount"] = -a.random.Int64N(2)
		_, err = charge("BAD_AMOUNT")
		return err
	case 1:
		sale["amount"] = int64(1 << 40)
		_, err = charge("INSUFFICIENT_FUNDS", "CARD_NOT_ACTIVE", "PAYCODE_EXPIRED")
		return err
	case 2:
		sale["code"] = shown.PayCode.Code[:len(shown.PayCode.Code)-2]
		_, err = charge("PAYCODE_INVALID")
		return err
	}
	made, err := charge("", "INSUFFICIENT_FUNDS", "CARD_NOT_ACTIVE", "PAYCODE_EXPIRED")
	if err != nil || made == "" {
		return err
	}
	m.mu.Lock()
	m.codes[shown.PayCode.Code]++
	m.mu.Unlock()
	switch a.random.IntN(3) {
	case 0:
		sale["idempotencyKey"] = uuid.NewString()
		_, err = charge("PAYCODE_REPLAYED", "PAYCODE_EXPIRED")
	case 1:
		sale["amount"] = sale["amount"].(int64) + 1
		_, err = charge("IDEMPOTENCY_KEY_REUSED")
	}
	return err
}

// giveBack returns some or more of a charge, which others return too.
func (m *market) giveBack(ctx context.Context, a *teller) error {
	paid, d, found := m.some("ChargeCode")
	if !found {
		return nil
	}
	amount := 1 + a.random.Int64N(-d.amount+1)
	_, err := m.effect(ctx, a, "ReverseTransaction", done{actor: d.actor, holder: d.holder, amount: amount, reverses: paid}, map[string]any{
		"idempotencyKey": uuid.NewString(), "transactionId": paid, "amount": amount,
	}, "", "REFUND_EXCEEDS")
	return err
}

func (m *market) topUp(ctx context.Context, a *teller) error {
	holder, amount, want := holders[a.random.IntN(len(holders))], 1+a.random.Int64N(12_00), []string{"", "CARD_NOT_ACTIVE", "BALANCE_CAP"}
	if a.random.IntN(8) == 0 {
		amount, want = []int64{0, -1, 1 << 40}[a.random.IntN(3)], []string{"BAD_AMOUNT"}
	}
	_, err := m.effect(ctx, a, "TopUp", done{actor: holder, holder: holder, amount: amount},
		map[string]any{"idempotencyKey": uuid.NewString(), "amount": amount}, want...)
	return err
}

// effect asks for something that takes effect or is refused with one of these codes, and keeps what was answered.
func (m *market) effect(ctx context.Context, a *teller, operation string, d done, input map[string]any, want ...string) (string, error) {
	d.operation, d.key = operation, input["idempotencyKey"].(string)
	answered, heard, err := a.ask(ctx, d.actor, operation, input)
	if err := m.expected(operation, answered, err, want...); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch code := answered.code(); {
	case code == "IDEMPOTENCY_KEY_REUSED": // the key is another's
		return "", nil
	case code != "" && heard:
		m.refused = append(m.refused, d)
		return "", nil
	case code != "":
		m.unheard[d.key] = true
		return "", nil
	}
	made := answered.made()
	if first, twice := m.done[made]; twice || made == "" {
		return "", fmt.Errorf("%s made %q, which %+v was told of", operation, made, first)
	}
	m.done[made] = d
	return made, nil
}

// expected is an error unless the answer is one of these, where "" stands for no refusal.
func (m *market) expected(operation string, answered paid, err error, want ...string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	code := answered.code()
	if !slices.Contains(want, code) {
		return fmt.Errorf("%s: %q, want one of %q", operation, code, want)
	}
	if code != "" {
		m.mu.Lock()
		m.refusals[operation+" "+code]++
		m.mu.Unlock()
	}
	return nil
}

// some is any effect of the operation.
func (m *market) some(operation string) (string, done, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for made, d := range m.done {
		if d.operation == operation {
			return made, d, true
		}
	}
	return "", done{}, false
}

// loseAndFind stops a card and puts it back, again and again. Nobody else does, so that from the answer to the first
// until the second is asked for, nothing may leave the card's account.
func (m *market) loseAndFind(work, finish context.Context, member string, card *db.CitizenCard, random *rand.Rand) {
	a := m.newTeller(random)
	defer m.count(a)
	for work.Err() == nil {
		pass(m.fleet.t, time.Duration(random.IntN(600))*time.Millisecond)
		// Asked again, a step whose answer was lost cannot be taken any more: it is done.
		lost, err := a.until(finish, member, "ReportCardLoss", map[string]any{})
		if err := m.expected("ReportCardLoss", lost, err, "", "INVALID_TRANSITION"); err != nil {
			m.fleet.t.Error(err)
			return
		}
		before := m.debits(card.AccountID)
		pass(m.fleet.t, time.Duration(random.IntN(400))*time.Millisecond)
		if after := m.debits(card.AccountID); after != before {
			m.fleet.t.Errorf("%d debits while the card of %s was lost", after-before, member)
		}
		found, err := a.until(finish, member, "CancelCardLoss", map[string]any{"cardId": card.ID})
		if err := m.expected("CancelCardLoss", found, err, "", "INVALID_TRANSITION"); err != nil {
			m.fleet.t.Error(err)
			return
		}
		m.mu.Lock()
		m.losses++
		m.mu.Unlock()
	}
}

// debits counts what has left an account so far.
func (m *market) debits(accountID string) int {
	n, err := m.book.db.LedgerEntry.Query().Where(ledgerentry.LedgerAccountID(accountID), ledgerentry.AmountLT(0)).Count(m.book.ctx)
	if err != nil {
		m.fleet.t.Error(err)
	}
	return n
}

func (m *market) count(a *teller) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.again += a.again
	m.failed += a.failed
}

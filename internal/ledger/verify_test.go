package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/ledger"
)

// Every way to tamper with a book is found, by the rule it breaks and the row it is in.
func TestTamperingIsFound(t *testing.T) {
	for _, tt := range []struct {
		what, statement string
		want            []ledger.Rule
	}{
		{"nothing", "", nil},
		{"a balance", "UPDATE ledger_accounts SET balance = balance + 1 WHERE owner_id = 'card'", []ledger.Rule{ledger.RuleBalance}},
		{"what is held", "UPDATE ledger_accounts SET held = held - 1 WHERE owner_id = 'card'", []ledger.Rule{ledger.RuleHeld}},
		{"the count of entries", "UPDATE ledger_accounts SET last_seq = last_seq + 1 WHERE owner_id = 'card'", []ledger.Rule{ledger.RuleChain}},
		{"an amount", "UPDATE ledger_entries SET amount = amount + 1 WHERE balance_after = 70", []ledger.Rule{ledger.RuleBalance, ledger.RuleChain, ledger.RuleSum}},
		{"a balance after", "UPDATE ledger_entries SET balance_after = 71 WHERE balance_after = 70", []ledger.Rule{ledger.RuleChain}},
		{"a number", "UPDATE ledger_entries SET seq = 9 WHERE balance_after = 70", []ledger.Rule{ledger.RuleChain}},
		{"an entry less", "DELETE FROM ledger_entries WHERE balance_after = 70", []ledger.Rule{ledger.RuleBalance, ledger.RuleChain, ledger.RuleSum}},
		{"a transaction's amount", "UPDATE ledger_transactions SET amount = 29 WHERE event_key = 'paid'", []ledger.Rule{ledger.RuleAmount}},
		{"a transaction without entries", "INSERT INTO ledger_transactions (id, created_at, kind, domain, merchant, event_key, amount) " +
			"SELECT 'txn_forged', created_at, kind, domain, merchant, 'forged', amount FROM ledger_transactions WHERE event_key = 'paid'", []ledger.Rule{ledger.RuleAmount, ledger.RuleSum}},
		{"a reversal above the original", "UPDATE ledger_transactions SET reverses_id = (SELECT id FROM ledger_transactions WHERE event_key = 'small') WHERE event_key = 'back'", []ledger.Rule{ledger.RuleReversals}},
		{"a floor", "UPDATE ledger_accounts SET floor = 1000 WHERE owner_id = 'card'", []ledger.Rule{ledger.RuleFloor}},
		{"a ceiling", "UPDATE ledger_accounts SET ceiling = 1 WHERE owner_id = 'card'", []ledger.Rule{ledger.RuleCeiling}},
		{"a hold's status", "UPDATE holds SET status = 'VOIDED' WHERE event_key = 'pending'", []ledger.Rule{ledger.RuleHeld}},
		{"a hold's amount", "UPDATE holds SET amount = amount + 1 WHERE event_key = 'pending'", []ledger.Rule{ledger.RuleHeld}},
		{"a capture without a charge", "UPDATE holds SET ledger_transaction_id = NULL WHERE event_key = 'captured'", []ledger.Rule{ledger.RuleHold}},
		{"a capture above the hold", "UPDATE holds SET amount = 1 WHERE event_key = 'captured'", []ledger.Rule{ledger.RuleHold}},
		{"a charge of no capture", "UPDATE holds SET status = 'VOIDED' WHERE event_key = 'captured'", []ledger.Rule{ledger.RuleHold}},
		{"entries of nothing", "DELETE FROM ledger_transactions WHERE event_key = 'small'", []ledger.Rule{ledger.RuleOrphan}},
		{"entries nowhere", "DELETE FROM ledger_accounts WHERE owner_id = 'shop'", []ledger.Rule{ledger.RuleOrphan}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			b := lived(t)
			before := b.sound(t)
			b.tamper(t, tt.statement)
			found := map[ledger.Rule]bool{}
			proof, err := b.Verify(t.Context(), func(v ledger.Violation) {
				if v.ID == "" || v.Detail == "" {
					t.Errorf("a violation that says nothing: %+v", v)
				}
				found[v.Rule] = true
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range ledger.Rules() {
				if found[rule] != slices.Contains(tt.want, rule) {
					t.Errorf("%s was found: %v", rule, found[rule])
				}
			}
			if (proof.Digest != before.Digest) != (tt.want != nil) || (proof.Violations > 0) != (tt.want != nil) {
				t.Errorf("%d violations, and the digest %s was %s", proof.Violations, proof.Digest, before.Digest)
			}
		})
	}
}

// lived is a book with some of everything in it.
func lived(t *testing.T) *book {
	t.Helper()
	b := open(t)
	ctx, until := t.Context(), b.clock.Now().Add(time.Hour)
	card, shop := b.card(t, "card", 100), b.account(t, ledgeraccount.KindMerchant, "shop", 0)
	paid := b.must(t, posting("paid", ledger.Line{AccountID: card, Amount: -30}, ledger.Line{AccountID: shop, Amount: 30}))
	if _, err := b.Reverse(ctx, ledger.Reversal{Key: "back", TransactionID: paid.ID, Amount: 20}); err != nil {
		t.Fatal(err)
	}
	b.must(t, posting("small", ledger.Line{AccountID: card, Amount: -3}, ledger.Line{AccountID: shop, Amount: 3}))
	for key, fen := range map[string]int64{"pending": 10, "captured": 12, "voided": 7} {
		h, err := b.Hold(ctx, reservation(key, card, shop, fen, until))
		if err != nil {
			t.Fatal(err)
		}
		switch key {
		case "captured":
			_, err = b.Capture(ctx, h.ID, fen)
		case "voided":
			err = b.Void(ctx, h.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// tamper does to the database what its own backstops would refuse.
func (b *book) tamper(t *testing.T, statement string) {
	t.Helper()
	before := []string{"PRAGMA ignore_check_constraints = ON", "PRAGMA foreign_keys = OFF"}
	if b.Store.Dialect() == dialect.Postgres {
		before = nil
		for _, table := range []string{"ledger_entries", "ledger_accounts", "ledger_transactions", "holds"} {
			rows, err := b.Store.Writer().Query("SELECT conname FROM pg_constraint WHERE conrelid = CAST($1 AS regclass) AND contype IN ('c', 'f')", table)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					t.Fatal(err)
				}
				before = append(before, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", table, name))
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if statement == "" {
		return
	}
	for _, s := range before {
		if _, err := b.Store.Writer().Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	result, err := b.Store.Writer().Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n == 0 || err != nil {
		t.Fatalf("%d rows: %s, %v", n, statement, err)
	}
}

// The database itself refuses what no verb would write.
func TestTheDatabaseHoldsTheLimits(t *testing.T) {
	b := lived(t)
	for _, statement := range []string{
		"UPDATE ledger_accounts SET held = -1 WHERE owner_id = 'card'",
		"UPDATE ledger_accounts SET held = balance + 1 WHERE owner_id = 'card'",
		"UPDATE ledger_accounts SET ceiling = balance - 1 WHERE owner_id = 'card'",
		"UPDATE ledger_entries SET amount = 0",
		"UPDATE ledger_transactions SET amount = 0",
		"UPDATE ledger_transactions SET reverses_id = id, reversal_no = 1 WHERE event_key = 'paid'",
		"UPDATE holds SET amount = 0",
		"DELETE FROM ledger_transactions WHERE event_key = 'paid'",
		"DELETE FROM ledger_accounts WHERE owner_id = 'card'",
	} {
		if _, err := b.Store.Writer().Exec(statement); err == nil || !(strings.Contains(strings.ToLower(err.Error()), "constraint")) {
			t.Errorf("%s: %v", statement, err)
		}
	}
	b.sound(t)
}

package migrations_test

import (
	"testing"

	"citygraph/ent/migrations"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// What was spent before says where, as far as it was with one merchant that clients can open.
func TestMoneySpentBeforeSaysWhere(t *testing.T) {
	s := storetest.Open(t)
	if err := store.Migrate(t.Context(), s, until(t, "say_where_money_was_spent")); err != nil {
		t.Fatal(err)
	}
	do := func(statement string, args ...string) {
		t.Helper()
		for _, arg := range args {
			statement += ", '" + arg + "'"
		}
		if _, err := s.Writer().ExecContext(t.Context(), statement+")"); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	const then = "'2026-01-01 00:00:00+00:00'"
	clinic, spot := id.New(id.Clinic), id.New(id.ScenicSpot)
	for account, owner := range map[string]string{"card": "person", "clinic": clinic, "spot": spot, "kiosk": "kiosk"} {
		kind := "MERCHANT"
		if account == "card" {
			kind = "CARD_BALANCE"
		}
		do("INSERT INTO ledger_accounts (created_at, updated_at, id, kind, owner_id) VALUES ("+then+", "+then, account, kind, owner)
	}
	want := map[string]string{"visit": clinic, "outing": spot, "snack": "", "both": "", "gift": ""}
	for transaction, accounts := range map[string][]string{
		"visit": {"card", "clinic"}, "outing": {"card", "spot"}, "snack": {"card", "kiosk"}, "both": {"clinic", "spot"}, "gift": {"card"},
	} {
		do("INSERT INTO ledger_transactions (created_at, amount, id, kind, domain, merchant, event_key) VALUES ("+then+", 1", transaction, "CHARGE", "CARD", "{}", transaction)
		for _, account := range accounts {
			do("INSERT INTO ledger_entries (created_at, amount, balance_after, seq, id, ledger_account_id, ledger_transaction_id) VALUES ("+then+", 1, 1, "+
				map[string]string{"visit": "1", "outing": "2", "snack": "3", "both": "4", "gift": "5"}[transaction], transaction+account, account, transaction)
		}
	}
	if err := store.Migrate(t.Context(), s, migrations.Files); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Writer().QueryContext(t.Context(), "SELECT id, coalesce(place, '') FROM ledger_transactions")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var transaction, place string
		if err := rows.Scan(&transaction, &place); err != nil {
			t.Fatal(err)
		}
		if place != want[transaction] {
			t.Errorf("%s is at %q, want %q", transaction, place, want[transaction])
		}
		delete(want, transaction)
	}
	if err := rows.Err(); err != nil || len(want) > 0 {
		t.Errorf("%v are missing, %v", want, err)
	}
}

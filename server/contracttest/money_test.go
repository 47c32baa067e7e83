package contracttest_test

import (
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db/hold"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/lang"
	"citygraph/internal/ledger"
)

// spend pays a clinic from the card of a member, and keeps some more back.
func (r *rig) spend(t testing.TB, name string) {
	t.Helper()
	ctx, shop := t.Context(), r.account(t, ledger.Account{Kind: ledgeraccount.KindMerchant, OwnerID: "clinic"})
	card := r.card(t, name)
	_, err := r.Book.Post(ctx, ledger.Posting{
		Key: "spend/" + name, Kind: ledgertransaction.KindCharge, Domain: ledgertransaction.DomainClinic, Merchant: merchant,
		Lines: []ledger.Line{{AccountID: card, Amount: -100}, {AccountID: shop, Amount: 100}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Book.Hold(ctx, ledger.Reservation{
		Key: "spend/" + name, AccountID: card, PayeeID: shop, Amount: 50, ExpiresAt: time.Now().Add(time.Hour),
		Domain: hold.DomainClinic, Merchant: merchant,
	})
	if err != nil {
		t.Fatal(err)
	}
}

var merchant = lang.Text{ZH: "浙江大学医学院附属第一医院", EN: "The First Affiliated Hospital"}

// card is the account of a member's card.
func (r *rig) card(t testing.TB, name string) string {
	t.Helper()
	return r.account(t, ledger.Account{Kind: ledgeraccount.KindCardBalance, OwnerID: castID(name)})
}

func (r *rig) account(t testing.TB, a ledger.Account) string {
	t.Helper()
	opened, err := r.Book.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return opened.ID
}

// moneySamples are rows of the accounts of two members, and of a merchant's, which no person owns.
func (r *rowsRig) moneySamples(t testing.TB, table string) []sampling {
	t.Helper()
	if table == "LedgerAccount" {
		return append(of("owner_id", "chenjing", "maming"), sampling{"a merchant's", sql.FieldEQ("owner_id", "clinic")})
	}
	if table == "LedgerTransaction" {
		return []sampling{{"chenjing's", sql.FieldEQ("event_key", "spend/chenjing")}, {"maming's", sql.FieldEQ("event_key", "spend/maming")}}
	}
	return []sampling{
		{"chenjing's", sql.FieldEQ("ledger_account_id", r.card(t, "chenjing"))},
		{"maming's", sql.FieldEQ("ledger_account_id", r.card(t, "maming"))},
	}
}

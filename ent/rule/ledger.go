package rule

import (
	"entgo.io/ent/dialect/sql"

	"citygraph/internal/viewer"
)

// Tables and columns the rules of the book speak of.
const (
	ledgerAccountTable = "ledger_accounts"
	ledgerAccountOwner = "owner_id"
	ledgerEntryTable   = "ledger_entries"
	ledgerEntryAccount = "ledger_account_id"
	ledgerEntryOf      = "ledger_transaction_id"
)

// LedgerAccount is seen by its owner, whose money it is: acting for somebody within PAY is spending one's own
// money for them, and shows nothing of theirs. The verbs of the ledger write it for the system.
var LedgerAccount = Policy{Read: own(ledgerAccountOwner)}

// LedgerEntry is seen by the owner of its account. Nobody changes or deletes one, the system included.
var LedgerEntry = Policy{Read: ofOwnAccounts, Final: true}

// Hold is seen by the owner of its account; the verbs of the ledger write it for the system.
var Hold = Policy{Read: ofOwnAccounts}

// LedgerTransaction is seen by the owners of the accounts it has entries in. Nobody changes or deletes one,
// the system included.
var LedgerTransaction = Policy{Read: ownTransactions, Final: true}

func ofOwnAccounts(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) { s.Where(sql.In(s.C(ledgerEntryAccount), accountsOf(s, v))) }
}

func ownTransactions(v *viewer.Viewer) Rows {
	if !v.SignedIn() {
		return nil
	}
	return func(s *sql.Selector) {
		d := sql.Dialect(s.Dialect())
		entries := d.Select("id").From(d.Table(ledgerEntryTable).As("own_entries"))
		entries.Where(sql.And(
			sql.ColumnsEQ(entries.C(ledgerEntryOf), s.C("id")),
			sql.In(entries.C(ledgerEntryAccount), accountsOf(s, v)),
		))
		s.Where(sql.Exists(entries))
	}
}

// accountsOf selects the ids of the viewer's accounts.
func accountsOf(s *sql.Selector, v *viewer.Viewer) *sql.Selector {
	d := sql.Dialect(s.Dialect())
	accounts := d.Select("id").From(d.Table(ledgerAccountTable).As("own_accounts"))
	return accounts.Where(sql.EQ(accounts.C(ledgerAccountOwner), v.PersonID))
}

package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/id"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"

	"citygraph/ent/migrations"
)

const (
	hotAccounts  = 20
	benchClients = 32 // per core
)

// BenchmarkTransfers moves money between 20 accounts that everybody wants, through two books with a pool each,
// and for comparison by the SQL that somebody would write by hand: the same locks, the same rows, no looking for
// what has been posted before. SQLite waits for the disk as it does in service (synchronous=FULL), and has one
// book, as a file is served by one process.
func BenchmarkTransfers(b *testing.B) {
	rates := map[string]float64{}
	for _, way := range []struct {
		name string
		move func(ctx context.Context, book *ledger.Book, p ledger.Posting) error
	}{
		{"SQL", byHand},
		{"Post", func(ctx context.Context, book *ledger.Book, p ledger.Posting) error {
			_, err := book.Post(ctx, p)
			return err
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			books, accounts := hotBooks(b)
			b.Logf("%s, %d books, %d cores", books[0].Store.Dialect(), len(books), runtime.NumCPU())
			var client, keys atomic.Int64
			b.SetParallelism(benchClients)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				book := books[int(client.Add(1))%len(books)]
				for pb.Next() {
					pick := rand.Perm(hotAccounts)
					p := posting(fmt.Sprint("bench/", keys.Add(1)),
						ledger.Line{AccountID: accounts[pick[0]], Amount: -1}, ledger.Line{AccountID: accounts[pick[1]], Amount: 1})
					if err := way.move(b.Context(), book, p); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			rates[way.name] = float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rates[way.name], "transfers/s")
			if plain := rates["SQL"]; way.name == "Post" && plain > 0 {
				b.ReportMetric(rates["Post"]/plain, "of-SQL")
			}
			(&book{Book: books[0]}).sound(b)
		})
	}
}

// hotBooks are the books of a database, and its accounts with money to move.
func hotBooks(b *testing.B) (books []*ledger.Book, accounts []string) {
	b.Helper()
	url, replicas := storetest.URL(b, migrations.Files), 2
	for len(books) < replicas {
		s, err := store.Open(b.Context(), store.Options{URL: url})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
		books = append(books, &ledger.Book{DB: db.NewClient(db.Driver(s.Driver())), Store: s, Clock: seedtest.NewClock()})
		if s.Pool() == nil {
			replicas = 1
		}
	}
	opened := &book{Book: books[0]}
	for i := range hotAccounts {
		accounts = append(accounts, opened.card(b, fmt.Sprint("hot/", i), 1_000_000_000))
	}
	return books, accounts
}

// byHand is a transfer between two accounts in plain SQL.
func byHand(ctx context.Context, book *ledger.Book, p ledger.Posting) error {
	return book.Store.InTx(ctx, func(ctx context.Context) error {
		tx, _ := store.TxFrom(ctx)
		from, to, now := p.Lines[0], p.Lines[1], time.Now()
		lock := "SELECT id, balance, last_seq FROM ledger_accounts WHERE id IN ($1, $2) ORDER BY id"
		if book.Store.Pool() != nil {
			lock += " FOR UPDATE"
		}
		rows, err := tx.QueryContext(ctx, lock, from.AccountID, to.AccountID)
		if err != nil {
			return err
		}
		type state struct{ balance, seq int64 }
		states := map[string]state{}
		for rows.Next() {
			var account string
			var s state
			if err := rows.Scan(&account, &s.balance, &s.seq); err != nil {
				return err
			}
			states[account] = s
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if states[from.AccountID].balance+from.Amount < 0 {
			return fmt.Errorf("%s has too little", from.AccountID)
		}
		txn := id.New(id.LedgerTransaction)
		if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_transactions (id, created_at, kind, domain, merchant, event_key, amount)
			VALUES ($1, $2, $3, $4, '{"zh": ""}', $5, $6)`, txn, now, string(p.Kind), string(p.Domain), p.Key, to.Amount); err != nil {
			return err
		}
		for _, l := range p.Lines {
			s := states[l.AccountID]
			if _, err := tx.ExecContext(ctx, "UPDATE ledger_accounts SET balance = balance + $1, last_seq = last_seq + 1, updated_at = $2 WHERE id = $3",
				l.Amount, now, l.AccountID); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO ledger_entries (id, created_at, amount, balance_after, seq, ledger_account_id, ledger_transaction_id)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`, id.New(id.LedgerEntry), now, l.Amount, s.balance+l.Amount, s.seq+1, l.AccountID, txn); err != nil {
				return err
			}
		}
		return nil
	})
}

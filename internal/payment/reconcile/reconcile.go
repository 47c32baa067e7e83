// Package reconcile compares what a payment provider wrote down of a day with what stands in the book: each payment and
// refund there has its posting in the provider's clearing account, and each posting its record. It is the system's, for
// operators. What it keeps in memory does not grow with the records or the book. Amounts are fen.
package reconcile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
	"citygraph/internal/store"
)

// Desk reconciles.
type Desk struct {
	Store *store.Store
}

// Sort is how a record and the book differ.
type Sort string

// The sorts of differences. The names are stable: they are labels of metrics.
const (
	MissingAtProvider  Sort = "missing_at_provider" // a posting of the day has no record
	MissingInBook      Sort = "missing_in_book"     // a record has neither a posting nor a top-up that explains it
	AmountDiffers      Sort = "amount_differs"
	Duplicate          Sort = "duplicate"           // one record more than there are postings of an order
	StatusDiffers      Sort = "status_differs"      // money moved on one side only, as far as both know the order
	TransactionDiffers Sort = "transaction_differs" // the provider's number is not the one that was settled
)

// Sorts lists every sort of difference.
func Sorts() []Sort {
	return []Sort{MissingAtProvider, MissingInBook, AmountDiffers, Duplicate, StatusDiffers, TransactionDiffers}
}

// Entry is a record with the number of its row: from 1, among those of its source.
type Entry struct {
	payment.Record
	Row     int
	Earlier bool // of the day before
}

// Posting is what the book has of a payment or refund.
type Posting struct {
	OrderID       string
	TransactionID string // what was settled; empty for a refund
	Kind          payment.RecordKind
	Amount        int64
	At            time.Time
	Status        topup.Status
}

// Difference is a record and what the book has of it, of which either may be nil.
type Difference struct {
	Sort   Sort
	Record *Entry
	Book   *Posting
}

// String says it in one line.
func (d Difference) String() string {
	var parts []string
	if e := d.Record; e != nil {
		parts = append(parts, fmt.Sprintf("line %d has %s of %d fen for %s, %s as %q", e.Row, e.Kind, e.Amount, e.OrderID, e.Status, e.TransactionID))
	}
	if p := d.Book; p != nil {
		parts = append(parts, fmt.Sprintf("the book has %d fen for %s, %s as %q", p.Amount, p.OrderID, p.Status, p.TransactionID))
	}
	return string(d.Sort) + ": " + strings.Join(parts, "; ")
}

// Summary counts what was compared.
type Summary struct {
	Records, Postings int64
	PaidIn, GivenBack int64 // what the records of the day sum to where money moved
	BookIn, BookBack  int64 // what the postings of the day sum to
	Matched           int64
	OtherDay          int64 // records whose posting is of another day, or postings whose record is
	NeverPosted       int64 // records of payments that could not be put on a card, and of their refunds
	Differences       map[Sort]int64
}

// All is how many differences there are.
func (s Summary) All() int64 {
	var n int64
	for _, of := range s.Differences {
		n += of
	}
	return n
}

// Source hands over entries in any order.
type Source func(each func(Entry) error) error

// Query is what is compared.
type Query struct {
	Provider topup.Provider
	Day      time.Time // its first instant in the city
	Records  Source
	// Earlier are the records of the day before, which explain postings of just after midnight and are not
	// themselves compared; nil without.
	Earlier Source
}

// Compare tells found of every difference, in the order of the orders, those that take a look beyond the day last. It
// reads one snapshot of the book, after all records.
func (d *Desk) Compare(ctx context.Context, q Query, found func(Difference) error) (Summary, error) {
	c := newComparison(found)
	defer c.close()
	if err := c.take(q); err != nil {
		return Summary{}, err
	}
	err := d.Store.Snapshot(ctx, func(tx *sql.Tx) error {
		b, err := openBook(ctx, tx, d.Store, q.Provider, q.Day)
		if err != nil {
			return err
		}
		if err := c.againstDay(b); err != nil {
			return err
		}
		return c.againstOrders(b)
	})
	if err != nil {
		return Summary{}, fmt.Errorf("reconcile: %w", err)
	}
	return c.Summary, nil
}

// Statement hands over the postings of a provider's clearing account on the day that begins at the instant, as the
// records they should be, ordered by order.
func (d *Desk) Statement(ctx context.Context, provider topup.Provider, day time.Time, each func(payment.Record) error) error {
	err := d.Store.Snapshot(ctx, func(tx *sql.Tx) error {
		b, err := openBook(ctx, tx, d.Store, provider, day)
		if err != nil {
			return err
		}
		return b.postings(func(p Posting) error {
			return each(payment.Record{
				OrderID: p.OrderID, TransactionID: p.TransactionID, Kind: p.Kind, Amount: p.Amount, At: p.At, Status: payment.RecordSuccess,
			})
		})
	})
	if err != nil {
		return fmt.Errorf("state the day: %w", err)
	}
	return nil
}

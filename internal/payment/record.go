package payment

import (
	"context"
	"time"
)

// Record is what a provider wrote down of one payment or refund.
type Record struct {
	OrderID       string // of the TopUp
	TransactionID string // the payment's or refund's number at the provider; empty where it has none
	Kind          RecordKind
	Amount        int64 // fen, never negative
	At            time.Time
	Status        RecordStatus
}

// RecordKind is which way the money of a record went.
type RecordKind string

// The kinds of records.
const (
	RecordTopUp  RecordKind = "TOP_UP" // paid in
	RecordRefund RecordKind = "REFUND" // given back
)

// RecordStatus is what became of a payment or refund at the provider.
type RecordStatus string

// The statuses of records. Money moved with SUCCESS alone.
const (
	RecordSuccess RecordStatus = "SUCCESS"
	RecordPending RecordStatus = "PENDING"
	RecordFailed  RecordStatus = "FAILED"
)

// Recorder is a provider that offers its records.
type Recorder interface {
	Provider
	// Records hands over what was paid and given back on the day of the city's clock that begins at the instant, in
	// any order. It is asked when the day is over, and holds none of them in memory longer than each takes.
	Records(ctx context.Context, day time.Time, each func(Record) error) error
}

// PostedFor begins the key under which the transaction of a top-up stands in the book; the TopUp's id follows.
const PostedFor = "top-up/"

package graph

import (
	"context"

	"entgo.io/contrib/entgql"

	"citygraph/ent/db"
	"citygraph/internal/fault"
)

// DefaultPage is the size of a page when the client names none.
const DefaultPage = 20

// page is the part of a connection a client asks for.
type page struct {
	after  *db.Cursor
	first  *int
	before *db.Cursor
	last   *int
}

// connectable is what every ent query of a paged type offers.
type connectable[C, O any] interface {
	Paginate(ctx context.Context, after *db.Cursor, first *int, before *db.Cursor, last *int, opts ...O) (C, error)
}

// connect reads a page of a query whose making may have failed.
func connect[Q connectable[C, O], C, O any](ctx context.Context, q Q, err error, p page, opts ...O) (C, error) {
	var none C
	switch {
	case err != nil:
		return none, err
	case p.first != nil && p.last != nil:
		return none, fault.New(fault.BadUserInput).At("last").
			Say("first 和 last 不能同时使用。", "first and last cannot be used together.")
	case p.first == nil && p.last == nil:
		p.first = new(DefaultPage)
	}
	return q.Paginate(ctx, p.after, p.first, p.before, p.last, opts...)
}

// single is what every ent query of a node offers.
type single[Q, T any] interface {
	CollectFields(ctx context.Context, satisfies ...string) (Q, error)
	Only(ctx context.Context) (T, error)
}

// only reads the one row of a query whose making may have failed; NOT_FOUND when there is none.
func only[Q single[Q, T], T any](ctx context.Context, q Q, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if q, err = q.CollectFields(ctx); err != nil {
		return none, err
	}
	row, err := q.Only(ctx)
	return row, missing(err)
}

// list is what every ent query offers.
type list[T any] interface {
	All(ctx context.Context) ([]T, error)
}

// all reads every row of a query whose making may have failed.
func all[Q list[T], T any](ctx context.Context, q Q, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return q.All(ctx)
}

// optional makes null of NOT_FOUND.
func optional[T any](row *T, err error) (*T, error) {
	if fault.CodeOf(err) == fault.NotFound {
		return nil, nil //nolint:nilnil // null is the contract's word for "none"
	}
	return row, err
}

// missing turns ent's not-found into the contract's.
func missing(err error) error {
	if db.IsNotFound(err) {
		return fault.New(fault.NotFound).Because(err)
	}
	return err
}

// newestCases orders cases by falling id, and so by time of creation.
func newestCases() db.CityCasePaginateOption {
	return db.WithCityCaseOrder(&db.CityCaseOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultCityCaseOrder.Field})
}

// newestNotifications orders an inbox by falling seq.
func newestNotifications() db.NotificationPaginateOption {
	return db.WithNotificationOrder(&db.NotificationOrder{Direction: entgql.OrderDirectionDesc, Field: db.NotificationOrderFieldSeq})
}

// newestEntries orders an account's entries by falling seq.
func newestEntries() db.LedgerEntryPaginateOption {
	return db.WithLedgerEntryOrder(&db.LedgerEntryOrder{Direction: entgql.OrderDirectionDesc, Field: db.LedgerEntryOrderFieldSeq})
}

// newestDelegations orders delegations by falling id, and so by time of proposing.
func newestDelegations() db.DelegationPaginateOption {
	return db.WithDelegationOrder(&db.DelegationOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultDelegationOrder.Field})
}

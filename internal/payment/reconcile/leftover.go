package reconcile

import (
	"errors"
	"io"
	"time"

	"citygraph/ent/db/topup"
	"citygraph/internal/payment"
)

// atOnce is how many orders are looked up in one statement.
const atOnce = 500

// nearby is how far before the provider's day a posting of a payment may be: their clocks differ by seconds.
const nearby = time.Hour

// againstOrders explains the records that the day's postings left over: the book may have posted them on another day, or,
// for what could not be put on a card and went back, never.
func (c *comparison) againstOrders(b *book) error {
	next, err := c.left.sorted()
	if err != nil {
		return err
	}
	for {
		var some []remainder
		r, err := next()
		for ; err == nil && len(some) < atOnce; r, err = next() {
			some = append(some, r)
		}
		if err == nil {
			some = append(some, r)
		} else if !errors.Is(err, io.EOF) {
			return err
		}
		if len(some) == 0 {
			return nil
		}
		if err := c.explain(b, some); err != nil {
			return err
		}
	}
}

// explain looks orders up and tells what nothing explains.
func (c *comparison) explain(b *book, some []remainder) error {
	ids := make([]string, len(some))
	for i, r := range some {
		ids[i] = r.Key.Order
	}
	posted, err := b.otherDays(ids)
	if err != nil {
		return err
	}
	orders, err := b.orders(ids)
	if err != nil {
		return err
	}
	for _, r := range some {
		if err := c.explainOne(r, posted[r.Key], orders[r.Key.Order], b.day.Add(-nearby)); err != nil {
			return err
		}
	}
	return nil
}

// explainOne tells what nothing explains of one order: neither a posting since the instant, nor the top-up.
func (c *comparison) explainOne(r remainder, posted []Posting, order *Posting, since time.Time) error {
	once := r.Posted
	var near []Posting
	for _, p := range posted {
		if once = true; p.At.Before(since) {
			continue
		}
		near = append(near, p)
	}
	before := c.Matched
	left, _, err := c.match(r.Items, near)
	c.OtherDay, c.Matched = c.OtherDay+c.Matched-before, before
	if err != nil {
		return err
	}
	for _, e := range left {
		moved := e.Status == payment.RecordSuccess
		switch {
		case moved:
			err = c.judge(e, once, order)
		case e.Status == payment.RecordFailed && order != nil && order.Status == topup.StatusRefunded:
			err = c.tell(StatusDiffers, &e, order)
		}
		if err != nil {
			return err
		}
		once = once || moved
	}
	return nil
}

// judge tells what becomes of a record without a posting of its own. once is whether another record of the order was
// taken for it already.
func (c *comparison) judge(e Entry, once bool, order *Posting) error {
	switch {
	case once:
		return c.tell(Duplicate, &e, order)
	case order == nil:
		return c.tell(MissingInBook, &e, nil)
	case order.Status == topup.StatusPending || order.Status == topup.StatusClosed:
		return c.tell(StatusDiffers, &e, order)
	case order.Status == topup.StatusPaid:
		return c.tell(MissingInBook, &e, order)
	}
	// The payment could not be put on the card. It goes back, and neither way was ever posted.
	if sort := differs(e, *order); sort != "" {
		return c.tell(sort, &e, order)
	}
	c.NeverPosted++
	return nil
}

package reconcile

import (
	"cmp"
	"slices"

	"citygraph/internal/payment"
)

// comparison is one Compare under way.
type comparison struct {
	Summary
	entries sorter[Entry]
	// left are groups of records that the postings of the day leave over, in their order.
	left  sorter[remainder]
	found func(Difference) error
}

// remainder is what a day leaves over of the records of an order.
type remainder struct {
	Key    key
	Items  []Entry
	Posted bool // some other record of it has its posting
}

func newComparison(found func(Difference) error) *comparison {
	return &comparison{
		Summary: Summary{Differences: map[Sort]int64{}},
		entries: sorter[Entry]{compare: func(a, b Entry) int {
			return cmp.Or(a.key().compare(b.key()), yes(b.Earlier)-yes(a.Earlier), cmp.Compare(a.Row, b.Row))
		}},
		left:  sorter[remainder]{compare: func(a, b remainder) int { return a.Key.compare(b.Key) }},
		found: found,
	}
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *comparison) close() {
	c.entries.close()
	c.left.close()
}

// take sorts all records.
func (c *comparison) take(q Query) error {
	err := q.Records(func(e Entry) error {
		c.Records++
		if e.Status == payment.RecordSuccess {
			tally(e.Kind, e.Amount, &c.PaidIn, &c.GivenBack)
		}
		return c.entries.put(e)
	})
	if err != nil || q.Earlier == nil {
		return err
	}
	return q.Earlier(func(e Entry) error {
		e.Earlier = true
		return c.entries.put(e)
	})
}

func tally(kind payment.RecordKind, amount int64, in, back *int64) {
	if kind == payment.RecordRefund {
		in = back
	}
	*in += amount
}

func (c *comparison) tell(sort Sort, e *Entry, p *Posting) error {
	c.Differences[sort]++
	return c.found(Difference{sort, e, p})
}

// againstDay compares all records with the postings of the day.
func (c *comparison) againstDay(b *book) error {
	records, err := c.entries.sorted()
	if err != nil {
		return err
	}
	postings, done, err := b.pull()
	if err != nil {
		return err
	}
	defer done()
	return meet(grouped(records, c.extra), grouped(postings, c.unasked), func(k key, es []Entry, ps []Posting) error {
		for _, p := range ps {
			c.Postings++
			tally(p.Kind, p.Amount, &c.BookIn, &c.BookBack)
		}
		left, unmet, err := c.match(es, ps)
		if err != nil {
			return err
		}
		for _, p := range unmet {
			if err := c.tell(MissingAtProvider, nil, &p); err != nil {
				return err
			}
		}
		if left = slices.DeleteFunc(left, idle); len(left) == 0 {
			return nil
		}
		return c.left.put(remainder{k, left, len(unmet) < len(ps)})
	})
}

// idle reports whether nothing is to be asked about a record: it is of another day, or nobody paid. A refund that
// failed may still be one that the book believes in.
func idle(e Entry) bool {
	return e.Earlier || e.Status != payment.RecordSuccess && e.Kind != payment.RecordRefund
}

// extra is a record beyond all that are compared.
func (c *comparison) extra(e Entry) error {
	if e.Earlier || e.Status != payment.RecordSuccess {
		return nil
	}
	return c.tell(Duplicate, &e, nil)
}

// unasked is a posting beyond all that are compared.
func (c *comparison) unasked(p Posting) error { return c.tell(MissingAtProvider, nil, &p) }

// match gives each posting the record that fits it best, tells what differs between the two, and returns what is left
// over on either side. Records of the day before explain a posting; what differs is told on their own day.
func (c *comparison) match(es []Entry, ps []Posting) (left []Entry, unmet []Posting, err error) {
	left = slices.Clone(es)
	for _, p := range ps {
		best := -1
		for i, e := range left {
			if best < 0 || fit(e, p) > fit(left[best], p) {
				best = i
			}
		}
		if best < 0 {
			unmet = append(unmet, p)
			continue
		}
		e := left[best]
		left = slices.Delete(left, best, best+1)
		if e.Earlier {
			c.OtherDay++
			continue
		}
		c.Matched++
		if sort := differs(e, p); sort != "" {
			err = cmp.Or(err, c.tell(sort, &e, &p))
		}
	}
	return left, unmet, err
}

// fit is how well a record fits a posting.
func fit(e Entry, p Posting) int {
	return 4*yes(e.Status == payment.RecordSuccess) + 2*yes(sameTransaction(e, p.TransactionID)) + yes(e.Amount == p.Amount)
}

// sameTransaction reports whether the record's number is the one that was settled; a refund's is not kept.
func sameTransaction(e Entry, settled string) bool {
	return e.Kind == payment.RecordRefund || settled == "" || e.TransactionID == settled
}

// differs is how a record differs from its posting; empty for not at all.
func differs(e Entry, p Posting) Sort {
	switch {
	case e.Status != payment.RecordSuccess:
		return StatusDiffers
	case e.Amount != p.Amount:
		return AmountDiffers
	case !sameTransaction(e, p.TransactionID):
		return TransactionDiffers
	}
	return ""
}

package reconcile

import (
	"cmp"
	"errors"
	"io"

	"citygraph/internal/payment"
)

// key is what records and postings are compared under, in the order of its bytes.
type key struct {
	Order string
	Kind  payment.RecordKind
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.Order, other.Order), cmp.Compare(k.Kind, other.Kind))
}

func (e Entry) key() key   { return key{e.OrderID, e.Kind} }
func (p Posting) key() key { return key{p.OrderID, p.Kind} }

// group is what has one key.
type group[T any] struct {
	Key   key
	Items []T
}

// most is how many records of one key are compared: no provider splits a refund into more. The rest of them are
// duplicates, so that a file of nothing else fits into memory too.
const most = 50

// grouped puts items of one key together, which come one after the other; over is told of those beyond most.
func grouped[T interface{ key() key }](next pull[T], over func(T) error) pull[group[T]] {
	first, err := next()
	return func() (group[T], error) {
		if err != nil {
			return group[T]{}, err
		}
		g := group[T]{Key: first.key()}
		for err == nil && first.key() == g.Key {
			if len(g.Items) < most {
				g.Items = append(g.Items, first)
			} else if err := over(first); err != nil {
				return g, err
			}
			first, err = next()
		}
		if errors.Is(err, io.EOF) {
			return g, nil
		}
		return g, err
	}
}

// meet walks two sequences of groups side by side, and hands over what has one key on either side or both.
func meet[A, B any](left pull[group[A]], right pull[group[B]], each func(key, []A, []B) error) error {
	a, errA := left()
	b, errB := right()
	for errA == nil || errB == nil {
		order := a.Key.compare(b.Key)
		switch {
		case errors.Is(errA, io.EOF):
			order = 1
		case errors.Is(errB, io.EOF):
			order = -1
		case errA != nil || errB != nil:
			return cmp.Or(errA, errB)
		}
		at, as, bs := a.Key, a.Items, b.Items
		if order > 0 {
			at, as = b.Key, nil
		}
		if order < 0 {
			bs = nil
		}
		if err := each(at, as, bs); err != nil {
			return err
		}
		if order <= 0 {
			a, errA = left()
		}
		if order >= 0 {
			b, errB = right()
		}
	}
	if !errors.Is(errA, io.EOF) {
		return errA
	}
	if !errors.Is(errB, io.EOF) {
		return errB
	}
	return nil
}

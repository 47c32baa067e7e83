package booking

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// Those who come to the same slot go in order; one who gives up holds nobody up, and nothing is kept of those who are gone.
func TestTurnsAreTakenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turns
		first, err := q.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		elsewhere, err := q.take(t.Context(), "b") // waits for nobody
		if err != nil {
			t.Fatal(err)
		}
		elsewhere()
		impatient, giveUp := context.WithCancel(t.Context())
		var order []int
		var all sync.WaitGroup
		for i := range 5 {
			ctx := t.Context()
			if i == 2 {
				ctx = impatient
			}
			all.Go(func() {
				leave, err := q.take(ctx, "a")
				if err != nil {
					return
				}
				order = append(order, i)
				leave()
			})
			synctest.Wait()
		}
		giveUp()
		synctest.Wait()
		if len(order) != 0 {
			t.Errorf("%v went before the first had left", order)
		}
		first()
		all.Wait()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 3, 4}) || len(q.last) != 0 {
			t.Errorf("they went in the order %v, and %d are kept", order, len(q.last))
		}
	})
}

package ratelimit

import (
	"strconv"
	"testing"

	"citygraph/internal/clock"
)

func TestMemoryIsBounded(t *testing.T) {
	b, err := newBuckets(clock.System{}, Requests())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * localBuckets {
		b.take([]string{strconv.Itoa(i)}, 1)
	}
	if n := b.kept.Len(); n != localBuckets {
		t.Errorf("%d buckets are kept, want %d", n, localBuckets)
	}
}

package memo_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"citygraph/internal/memo"
)

type key string

func TestOnce(t *testing.T) {
	var asked atomic.Int32
	ask := func() (int32, error) { return asked.Add(1), nil }
	response := memo.With(t.Context())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := memo.Once(response, key("a"), ask); got != 1 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	all.Wait()
	if got, err := memo.Once(response, key("b"), ask); got != 2 || err != nil {
		t.Errorf("another key: got %d, %v", got, err)
	}
	if got, err := memo.Once(memo.With(t.Context()), key("a"), ask); got != 3 || err != nil {
		t.Errorf("another response: got %d, %v", got, err)
	}
	for want := range int32(2) {
		if got, err := memo.Once(t.Context(), key("a"), ask); got != 4+want || err != nil {
			t.Errorf("outside a response: got %d, %v", got, err)
		}
	}
}

func TestAFailureIsAskedAgain(t *testing.T) {
	response, down := memo.With(t.Context()), errors.New("down")
	if _, err := memo.Once(response, key("a"), func() (string, error) { return "", down }); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if got, err := memo.Once(response, key("a"), func() (string, error) { return "up", nil }); got != "up" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

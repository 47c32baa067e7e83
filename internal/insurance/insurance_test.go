package insurance_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/internal/insurance"
	"citygraph/internal/insurance/sandbox"
	"citygraph/internal/viewer"
)

// bureau answers as a test says, and counts what it is asked.
type bureau struct {
	asked  atomic.Int32
	answer func(ctx context.Context) (int64, error)
}

func (b *bureau) Balance(ctx context.Context, _ string) (int64, error) {
	b.asked.Add(1)
	return b.answer(ctx)
}

func (b *bureau) Reserve(ctx context.Context, _, _ string, _ int64) (int64, error) {
	b.asked.Add(1)
	return b.answer(ctx)
}

func (b *bureau) Settle(context.Context, string, int64) error { return nil }

func (b *bureau) Cancel(context.Context, string) error { return nil }

var card = &db.CitizenCard{PersonID: "person_holder"}

func as(t *testing.T, personID string) context.Context {
	t.Helper()
	return viewer.With(t.Context(), &viewer.Viewer{PersonID: personID})
}

func TestTheBalanceIsForTheHolderAlone(t *testing.T) {
	b := &bureau{answer: func(context.Context) (int64, error) { return 12_34, nil }}
	accounts := insurance.New(b, time.Minute, zerolog.Nop())
	if fen := accounts.Balance(as(t, "person_holder"), card); fen == nil || *fen != 12_34 {
		t.Errorf("the holder sees %v", fen)
	}
	for _, other := range []string{"person_other", ""} {
		if fen := accounts.Balance(as(t, other), card); fen != nil {
			t.Errorf("%q sees %d", other, *fen)
		}
	}
	if n := b.asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
	if fen := insurance.New(nil, time.Minute, zerolog.Nop()).Balance(as(t, "person_holder"), card); fen != nil {
		t.Errorf("without a provider there are %d fen", *fen)
	}
}

// A provider that answers nobody in time is asked by a few and then left alone.
func TestAProviderThatHangsIsLeftAlone(t *testing.T) {
	b := &bureau{answer: func(ctx context.Context) (int64, error) { <-ctx.Done(); return 0, ctx.Err() }}
	accounts := insurance.New(b, time.Millisecond, zerolog.Nop())
	for range 50 {
		if fen := accounts.Balance(as(t, "person_holder"), card); fen != nil {
			t.Fatalf("%d fen from nobody", *fen)
		}
	}
	if n := b.asked.Load(); n != 3 {
		t.Errorf("it was asked %d times", n)
	}
}

// Neither those who are not insured nor those who leave say that the provider is down.
func TestAProviderThatWorksIsAskedOn(t *testing.T) {
	left, leave := context.WithCancel(as(t, "person_holder"))
	leave()
	b := &bureau{answer: func(ctx context.Context) (int64, error) {
		if ctx.Err() != nil {
			return 0, errors.New("cut off")
		}
		return 0, insurance.ErrUninsured
	}}
	accounts := insurance.New(b, time.Minute, zerolog.Nop())
	for range 10 {
		for _, ctx := range []context.Context{left, as(t, "person_holder")} {
			if fen := accounts.Balance(ctx, card); fen != nil {
				t.Fatalf("%d fen from nobody", *fen)
			}
		}
	}
	if n := b.asked.Load(); n != 20 {
		t.Errorf("it was asked %d times, want 20", n)
	}
}

func TestSandboxAccountsAreTheSameInEveryRun(t *testing.T) {
	insured := 0
	for i := range 200 {
		person := string(rune('a' + i))
		first, err := sandbox.New().Balance(t.Context(), person)
		again, errAgain := sandbox.New().Balance(t.Context(), person)
		if first != again || !errors.Is(errAgain, err) || first < 0 || first >= 8_000_00 {
			t.Fatalf("%q has %d fen and then %d (%v, %v)", person, first, again, err, errAgain)
		}
		if err == nil {
			insured++
		}
	}
	if insured < 150 || insured == 200 {
		t.Errorf("%d of 200 are insured", insured)
	}
}

// What is reserved is at most what was asked for, and nothing where nobody knows.
func TestReservingNeverFails(t *testing.T) {
	for what, c := range map[string]struct {
		fen  int64
		err  error
		want int64
		sure bool
	}{
		"all of it":           {100, nil, 100, true},
		"a part":              {30, nil, 30, true},
		"not insured":         {0, insurance.ErrUninsured, 0, true},
		"down":                {0, errors.New("down"), 0, false},
		"more than was asked": {101, nil, 0, false},
		"less than nothing":   {-1, nil, 0, false},
	} {
		b := &bureau{answer: func(context.Context) (int64, error) { return c.fen, c.err }}
		fen, sure := insurance.New(b, time.Minute, zerolog.Nop()).Reserve(t.Context(), "person_holder", "key", 100)
		if fen != c.want || sure != c.sure {
			t.Errorf("%s: %d fen, sure %t", what, fen, sure)
		}
	}
	slow := &bureau{answer: func(ctx context.Context) (int64, error) { <-ctx.Done(); return 0, ctx.Err() }}
	accounts := insurance.New(slow, time.Millisecond, zerolog.Nop())
	for range 10 {
		if fen, sure := accounts.Reserve(t.Context(), "person_holder", "key", 100); fen != 0 || sure {
			t.Fatalf("%d fen of a bureau that does not answer, sure %t", fen, sure)
		}
	}
	if n := slow.asked.Load(); n != 3 || accounts.Answers() {
		t.Errorf("it was asked %d times, and is worth asking: %t", n, accounts.Answers())
	}
}

// The sandbox may be told everything twice, and in any order.
func TestTheSandboxMayBeToldTwice(t *testing.T) {
	b, ctx := sandbox.New(), t.Context()
	person := "person_a"
	had, err := b.Balance(ctx, person)
	if err != nil || had < 100 {
		t.Fatalf("%s has %d fen: %v", person, had, err)
	}
	has := func(what string, spent int64) {
		t.Helper()
		if fen, _ := b.Balance(ctx, person); fen != had-spent {
			t.Errorf("%s: %d fen are gone, want %d", what, had-fen, spent)
		}
	}
	for range 2 {
		if fen, err := b.Reserve(ctx, person, "one", 100); fen != 100 || err != nil {
			t.Errorf("reserved %d, %v", fen, err)
		}
		has("reserved", 100)
	}
	for _, fen := range []int64{80, 80, 50, 80} {
		if err := b.Settle(ctx, "one", fen); err != nil {
			t.Error(err)
		}
	}
	has("settled with less in between", 50)
	for range 2 {
		if err := b.Cancel(ctx, "two"); err != nil {
			t.Error(err)
		}
		if fen, err := b.Reserve(ctx, person, "two", 10); fen != 0 || err != nil {
			t.Errorf("a key that was cancelled before it arrived keeps %d, %v", fen, err)
		}
	}
	if fen, _ := b.Reserve(ctx, person, "all", had); fen != had-50 {
		t.Errorf("of %d fen %d are kept", had-50, fen)
	}
}

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
		first, err := sandbox.Provider{}.Balance(t.Context(), person)
		again, errAgain := sandbox.Provider{}.Balance(t.Context(), person)
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

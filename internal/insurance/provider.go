package insurance

import (
	"context"
	"errors"
)

// Provider keeps people's insurance accounts. What it is told under a key it may be told again: the caller may have died
// before it heard the answer. Every call returns when ctx ends at the latest. Amounts are fen.
type Provider interface {
	// Balance is what is in the person's account; ErrUninsured for a person without one.
	Balance(ctx context.Context, personID string) (int64, error)
	// Reserve keeps so much of the person's account back under the key, or what there is when that is less, and returns how
	// much it keeps: of a key that it knows what it has kept, and nothing of one that was cancelled, be it before this
	// arrived. ErrUninsured for a person without an account.
	Reserve(ctx context.Context, personID, key string, amount int64) (reserved int64, err error)
	// Settle pays so much of what is kept under the key to the city, and lets go of the rest. Said again with less, the
	// difference goes back to the account; it never pays more than it did before, in whatever order it hears of it.
	Settle(ctx context.Context, key string, amount int64) error
	// Cancel lets go of all that is kept under the key, and of what a Reserve that arrives later would keep.
	Cancel(ctx context.Context, key string) error
}

// ErrUninsured is a provider's answer for a person who has no account.
var ErrUninsured = errors.New("the person has no insurance account")

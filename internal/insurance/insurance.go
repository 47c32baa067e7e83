// Package insurance reads the personal account of the health insurance (医保个人账户), which the insurance bureau keeps:
// the other one of the two cards in one. Nothing here waits for the bureau longer than a screen can.
package insurance

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"github.com/sony/gobreaker/v2"

	"citygraph/ent/db"
	"citygraph/internal/viewer"
)

// Provider keeps people's insurance accounts.
type Provider interface {
	// Balance is what is in the person's account, in fen; ErrUninsured for a person without one. It returns when ctx
	// ends at the latest.
	Balance(ctx context.Context, personID string) (int64, error)
}

// ErrUninsured is a provider's answer for a person who has no account.
var ErrUninsured = errors.New("the person has no insurance account")

// errLeft marks a question whose asker left first, which says nothing about the provider.
var errLeft = errors.New("the asker left")

const (
	strikes = 3                // failures in a row before the provider counts as down
	rest    = 10 * time.Second // for which it is left alone then, before one question tries it again
)

// Accounts reads insurance accounts.
type Accounts struct {
	provider Provider
	patience time.Duration
	breaker  *gobreaker.CircuitBreaker[int64]
}

// New reads from the provider, none of whose answers is waited for longer than patience. A nil provider has nobody
// insured.
func New(p Provider, patience time.Duration, log zerolog.Logger) *Accounts {
	return &Accounts{provider: p, patience: patience, breaker: gobreaker.NewCircuitBreaker[int64](gobreaker.Settings{
		Timeout:      rest,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= strikes },
		IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, ErrUninsured) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errLeft) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			log.Warn().Stringer("from", from).Stringer("to", to).Msg("insurance: how the provider answers has changed")
		},
	})}
}

// Balance is what is in the insurance account of the card's holder, in fen, for them alone: nil for everybody else,
// for a person without an account, and while the provider does not answer in time. It never fails, so that a card can be
// shown without it.
func (a *Accounts) Balance(ctx context.Context, c *db.CitizenCard) *int64 {
	if a.provider == nil || viewer.From(ctx).PersonID != c.PersonID {
		return nil
	}
	fen, err := a.breaker.Execute(func() (int64, error) {
		waiting, cancel := context.WithTimeout(ctx, a.patience)
		defer cancel()
		fen, err := a.provider.Balance(waiting, c.PersonID)
		if err != nil && ctx.Err() != nil {
			return 0, errLeft
		}
		return fen, err
	})
	if err != nil {
		return nil
	}
	return &fen
}

// Package insurance reads the personal account of the health insurance (医保个人账户), which the insurance bureau keeps,
// and has it pay its share of bills: the other one of the two cards in one. Nothing here waits for the bureau longer than a screen can.
package insurance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/sony/gobreaker/v2"

	"citygraph/ent/db"
	"citygraph/internal/viewer"
)

// errLeft marks a question whose asker left first, which says nothing about the provider.
var errLeft = errors.New("the asker left")

const (
	strikes = 3                // failures in a row before the provider counts as down
	rest    = 10 * time.Second // for which it is left alone then, before one question tries it again
)

// Accounts asks for insurance accounts, and has them pay.
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
	fen, err := a.ask(ctx, func(ctx context.Context) (int64, error) { return a.provider.Balance(ctx, c.PersonID) })
	if err != nil {
		return nil
	}
	return &fen
}

// Reserve has the bureau keep so much of the person's account back for a payment that is about to be made, and returns how
// much it keeps, in fen. It never fails: where the bureau does not answer in time that is nothing, and sure is false,
// since the bureau may keep something all the same. Amounts are fen.
func (a *Accounts) Reserve(ctx context.Context, personID, key string, amount int64) (reserved int64, sure bool) {
	if a.provider == nil {
		return 0, true
	}
	reserved, err := a.ask(ctx, func(ctx context.Context) (int64, error) {
		kept, err := a.provider.Reserve(ctx, personID, key, amount)
		if err == nil && (kept < 0 || kept > amount) {
			return 0, fmt.Errorf("insurance: %d fen are kept of %d", kept, amount)
		}
		return kept, err
	})
	if err != nil {
		return 0, errors.Is(err, ErrUninsured)
	}
	return reserved, true
}

// Answers reports whether the bureau is worth asking: one that is down is left alone, and so is none.
func (a *Accounts) Answers() bool {
	return a.provider != nil && a.breaker.State() != gobreaker.StateOpen
}

// jobPatience is how long a job waits for the bureau.
const jobPatience = 10 * time.Second

// Settle has the bureau pay so much of what it keeps under the key, in fen; see Provider. It is a job's, which comes again
// when it fails.
func (a *Accounts) Settle(ctx context.Context, key string, amount int64) error {
	ctx, cancel := context.WithTimeout(ctx, jobPatience)
	defer cancel()
	return a.provider.Settle(ctx, key, amount)
}

// Cancel has the bureau let go of what it keeps under the key. It is a job's, which comes again when it fails.
func (a *Accounts) Cancel(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, jobPatience)
	defer cancel()
	return a.provider.Cancel(ctx, key)
}

// ask puts a question that somebody waits for.
func (a *Accounts) ask(ctx context.Context, question func(context.Context) (int64, error)) (int64, error) {
	return a.breaker.Execute(func() (int64, error) {
		waiting, cancel := context.WithTimeout(ctx, a.patience)
		defer cancel()
		fen, err := question(waiting)
		if err != nil && ctx.Err() != nil {
			return 0, errLeft
		}
		return fen, err
	})
}

// Package idempotency makes a request take effect once, however often a phone in a lift sends it.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/idempotencyrecord"
	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Kept is how long an answer is remembered; the contract promises 24 hours.
const Kept = 48 * time.Hour

// Ledger remembers requests and their effects.
type Ledger struct {
	DB    *db.Client
	Store *store.Store
	Clock clock.Clock
}

// Request is what must take effect once.
type Request struct {
	Key       uuid.UUID
	Operation string // the mutation's name
	Input     any    // as the client sent it, less the key; compared by its JSON
	// Early may refuse what is new before it opens a transaction; nil never does. What it lets pass is decided inside.
	Early func(context.Context) error
}

// errTaken says another transaction has just committed the same key.
var errTaken = errors.New("idempotency key taken")

// Once runs do in one transaction and returns the id of the noun it made. Asked again with the same
// key and input it returns the first id without running do; with another input it returns
// IDEMPOTENCY_KEY_REUSED. A key belongs to the viewer. When do fails nothing is remembered.
func (l Ledger) Once(ctx context.Context, r Request, do func(context.Context) (string, error)) (string, error) {
	hash, err := r.hash()
	if err != nil {
		return "", err
	}
	if first, found, err := l.first(ctx, r, hash); found || err != nil {
		return first, err
	}
	if r.Early != nil {
		if err := r.Early(ctx); err != nil {
			return "", err
		}
	}
	var made string
	err = l.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "idempotency records are no client's to see or write")
		record, err := l.DB.IdempotencyRecord.Create().
			SetActorID(viewer.From(ctx).PersonID).SetKey(r.Key.String()).
			SetOperation(r.Operation).SetInputHash(hash).
			SetExpiresAt(l.Clock.Now().Add(Kept)).
			Save(system)
		if _, taken := store.IsUniqueViolation(err); taken {
			return errTaken
		}
		if err != nil {
			return fmt.Errorf("remember idempotency key: %w", err)
		}
		if made, err = do(ctx); err != nil {
			return err
		}
		return record.Update().SetResultID(made).Exec(system)
	})
	if errors.Is(err, errTaken) {
		// The winner has committed: its insert made ours wait.
		first, found, err := l.first(ctx, r, hash)
		if err == nil && !found {
			err = fault.New(fault.IdempotencyInProgress)
		}
		return first, err
	}
	return made, err
}

// first looks for an earlier request with the key.
func (l Ledger) first(ctx context.Context, r Request, hash string) (result string, found bool, err error) {
	record, err := l.DB.IdempotencyRecord.Query().
		Where(idempotencyrecord.ActorID(viewer.From(ctx).PersonID), idempotencyrecord.Key(r.Key.String())).
		Only(viewer.AsSystem(ctx, "look for the first answer"))
	switch {
	case db.IsNotFound(err):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("look up idempotency key: %w", err)
	case record.InputHash != hash:
		return "", true, fault.New(fault.IdempotencyKeyReused).At("idempotencyKey")
	default:
		return record.ResultID, true, nil
	}
}

// Sweep forgets what has expired and returns how many records that was.
func (l Ledger) Sweep(ctx context.Context) (int, error) {
	return l.DB.IdempotencyRecord.Delete().
		Where(idempotencyrecord.ExpiresAtLT(l.Clock.Now())).
		Exec(viewer.AsSystem(ctx, "forget expired idempotency keys"))
}

// Forget drops what is remembered of a person's requests, in the transaction of ctx.
func (l Ledger) Forget(ctx context.Context, actorID string) error {
	_, err := l.DB.IdempotencyRecord.Delete().Where(idempotencyrecord.ActorID(actorID)).
		Exec(viewer.AsSystem(ctx, "forget the requests of who is gone"))
	return err
}

func (r Request) hash() (string, error) {
	input, err := json.Marshal(r.Input)
	if err != nil {
		return "", fmt.Errorf("hash input of %s: %w", r.Operation, err)
	}
	sum := sha256.Sum256(append([]byte(r.Operation+"\x00"), input...))
	return hex.EncodeToString(sum[:]), nil
}

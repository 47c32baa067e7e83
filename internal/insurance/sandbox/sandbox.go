// Package sandbox is an insurance bureau for development: what an account has at first follows from whose it is, so that it
// is the same in every run. What it keeps and pays it remembers until the process ends.
package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"citygraph/internal/insurance"
)

// most is what no account has, in fen.
const most = 8_000_00

// Bureau insures about nine in ten people.
type Bureau struct {
	mu   sync.Mutex
	kept map[string]*claim // by key
}

// claim is what is kept, or was paid, under a key.
type claim struct {
	personID string
	fen      int64
}

// New is a bureau that has paid nothing yet.
func New() *Bureau { return &Bureau{kept: map[string]*claim{}} }

// Balance is a number between nothing and most that only the person's id decides, less what is kept and was paid.
func (b *Bureau) Balance(_ context.Context, personID string) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.balance(personID)
}

func (b *Bureau) balance(personID string) (int64, error) {
	sum := sha256.Sum256([]byte("insurance/" + personID))
	if sum[0] < 26 {
		return 0, insurance.ErrUninsured
	}
	fen := int64(binary.BigEndian.Uint32(sum[1:]) % most)
	for _, c := range b.kept {
		if c.personID == personID {
			fen -= c.fen
		}
	}
	return fen, nil
}

// Reserve keeps so much back under the key, or what there is.
func (b *Bureau) Reserve(_ context.Context, personID, key string, amount int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.kept[key]; known != nil {
		return known.fen, nil
	}
	has, err := b.balance(personID)
	if err != nil {
		return 0, err
	}
	b.kept[key] = &claim{personID, min(has, amount)}
	return min(has, amount), nil
}

// Settle pays so much of what is kept. A key that it does not know is one from before the process began.
func (b *Bureau) Settle(_ context.Context, key string, amount int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.kept[key]; known != nil {
		known.fen = min(known.fen, amount)
	}
	return nil
}

// Cancel lets go of what is kept.
func (b *Bureau) Cancel(_ context.Context, key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.kept[key]; known != nil {
		known.fen = 0
		return nil
	}
	b.kept[key] = &claim{}
	return nil
}

// Package sandbox is an insurance provider for development: its accounts have what follows from whose they are, so that
// they are the same in every run.
package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"citygraph/internal/insurance"
)

// most is what no account has, in fen.
const most = 8_000_00

// Provider insures about nine in ten people.
type Provider struct{}

// Balance is a number between nothing and most that only the person's id decides.
func (Provider) Balance(_ context.Context, personID string) (int64, error) {
	sum := sha256.Sum256([]byte("insurance/" + personID))
	if sum[0] < 26 {
		return 0, insurance.ErrUninsured
	}
	return int64(binary.BigEndian.Uint32(sum[1:]) % most), nil
}

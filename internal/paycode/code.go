// Package paycode makes the codes that a citizen shows to a gate, a till or a consulting room: short enough for
// any scanner, signed so that a gate without a network can check them with the published keys alone.
//
// The form of a code, 164 characters that fit the alphanumeric mode of a QR code (version 6-L or 7-M), is
// "HZ1:" and the Base32 of 100 bytes (RFC 4648, without padding):
//
//	 0      suite: 1 Ed25519, 2 SM2 with SM3
//	 1…4    key id: the first bytes of the SHA-256 thumbprint of the key (RFC 7638), its kid in hexadecimal
//	 5      purpose: 1 CLINIC, 2 SCENIC_SPOT, 3 TRANSIT, 4 TRANSIT_OFFLINE
//	 6…21   card: the ULID of its global id
//	22…25   issued at: Unix seconds, big endian; good for 60 s from then
//	26…35   nonce: the code is good once; of purpose 4 its first byte is how many hours the code is good instead
//	36…99   signature over "HZ1:" and bytes 0…35: of Ed25519, or r and s of SM2
package paycode

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"citygraph/internal/id"
)

const (
	// Life is how long a code is good after it was issued, unless it says otherwise.
	Life = 60 * time.Second
	// LongestLife is the most that a code for gates without a network can be good.
	LongestLife = 255 * time.Hour
	// skew is how far a gate's clock may be behind.
	skew = 5 * time.Second

	prefix        = "HZ1:"
	payloadSize   = 36
	signatureSize = 64
	size          = payloadSize + signatureSize // a multiple of five: no bit of the last character is left unsigned
)

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Claims are what a code says.
type Claims struct {
	Purpose  Purpose
	CardID   string
	IssuedAt time.Time // whole seconds
	Nonce    [10]byte
}

// ExpiresAt is when the code is good no more.
func (c Claims) ExpiresAt() time.Time {
	if c.Purpose == TransitOffline {
		return c.IssuedAt.Add(time.Duration(c.Nonce[0]) * time.Hour)
	}
	return c.IssuedAt.Add(Life)
}

// Key is what a transaction is posted for that the code pays: one ever has it.
func (c Claims) Key() string { return "pay code/" + c.CardID + "/" + hex.EncodeToString(c.Nonce[:]) }

// New returns the claims of a code for a card that is good from now on, for a minute.
func New(cardID string, purpose Purpose, now time.Time) (Claims, error) {
	c := Claims{Purpose: purpose, CardID: cardID, IssuedAt: now.Truncate(time.Second)}
	if !purpose.IsValid() || purpose == TransitOffline || !id.Is(cardID, id.CitizenCard) {
		return Claims{}, fmt.Errorf("pay code: purpose %q for %q", purpose, cardID)
	}
	_, _ = rand.Read(c.Nonce[:]) // which never fails
	return c, nil
}

// Series returns the claims of n codes of a batch, for gates without a network: always the same ones for the batch, so
// that they need not be kept. Their life is whole hours.
func Series(batchID, cardID string, n int, issuedAt time.Time, life time.Duration) ([]Claims, error) {
	if life < time.Hour || life > LongestLife || life%time.Hour != 0 || !id.Is(cardID, id.CitizenCard) {
		return nil, fmt.Errorf("pay code: a series for %q that lives %s", cardID, life)
	}
	series := make([]Claims, n)
	for i := range series {
		// Who guesses a nonce can do nothing with it: the signature makes the code.
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", batchID, i))
		sum[0] = byte(life / time.Hour)
		series[i] = Claims{Purpose: TransitOffline, CardID: cardID, IssuedAt: issuedAt.Truncate(time.Second), Nonce: [10]byte(sum[:])}
	}
	return series, nil
}

// Sign writes a code, signed by the ring's current key.
func (r *Ring) Sign(c Claims) (string, error) {
	card, err := ulid.ParseStrict(strings.TrimPrefix(c.CardID, string(id.CitizenCard)+"_"))
	if err != nil {
		return "", fmt.Errorf("pay code: card %q: %w", c.CardID, err)
	}
	key := r.keys[0]
	raw := make([]byte, 0, size)
	raw = append(raw, key.suite)
	raw = append(raw, key.id[:]...)
	raw = append(raw, numbers[c.Purpose])
	raw = append(raw, card[:]...)
	raw = binary.BigEndian.AppendUint32(raw, uint32(c.IssuedAt.Unix())) //nolint:gosec // until 2106
	raw = append(raw, c.Nonce[:]...)
	signature, err := key.sign(signed(raw))
	if err != nil {
		return "", fmt.Errorf("sign pay code: %w", err)
	}
	return prefix + encoding.EncodeToString(append(raw, signature...)), nil
}

// signed is what the signature of a payload is over.
func signed(payload []byte) []byte { return append([]byte(prefix), payload...) }

// Why a code is refused, as a gate without a network sees it.
var (
	ErrInvalid = errors.New("pay code: not signed by a key of this city")
	ErrEarly   = errors.New("pay code: issued in the future; the clock here is behind")
	ErrExpired = errors.New("pay code: expired")
	ErrPurpose = errors.New("pay code: for another purpose")
)

// Verify reads a code that one of the ring's keys has signed, for a purpose and an instant, as a gate does. Whether
// it was used before, and whether its card is still good, only the city knows. Returns ErrInvalid, ErrEarly, ErrExpired
// and ErrPurpose.
func (r *Ring) Verify(text string, purpose Purpose, now time.Time) (Claims, error) {
	c, err := r.Read(text)
	switch {
	case err != nil:
		return Claims{}, err
	case now.Before(c.IssuedAt.Add(-skew)):
		return Claims{}, ErrEarly
	case !now.Before(c.ExpiresAt()):
		return Claims{}, ErrExpired
	case c.Purpose != purpose:
		return Claims{}, ErrPurpose
	}
	return c, nil
}

// Read reads a code that one of the ring's keys has signed, good or not. Returns ErrInvalid.
func (r *Ring) Read(text string) (Claims, error) {
	c, err := r.read(text)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return c, nil
}

func (r *Ring) read(text string) (Claims, error) {
	body, ok := strings.CutPrefix(text, prefix)
	if !ok || len(body) != encoding.EncodedLen(size) {
		return Claims{}, fmt.Errorf("%d characters are no code", len(text))
	}
	raw, err := encoding.DecodeString(body)
	if err != nil {
		return Claims{}, fmt.Errorf("decode: %w", err)
	}
	if encoding.EncodeToString(raw) != body { // the decoder passes over line breaks
		return Claims{}, errors.New("not in the one form it has")
	}
	payload, signature := raw[:payloadSize], raw[payloadSize:]
	key := r.find(payload[0], [4]byte(payload[1:5]))
	if key == nil {
		return Claims{}, fmt.Errorf("no key %s of suite %d", hex.EncodeToString(payload[1:5]), payload[0])
	}
	if !key.verify(signed(payload), signature) {
		return Claims{}, fmt.Errorf("the signature is not that of key %s", hex.EncodeToString(key.id[:]))
	}
	purpose, ok := purposeOf(payload[5])
	if !ok {
		return Claims{}, fmt.Errorf("no purpose %d", payload[5])
	}
	return Claims{
		Purpose: purpose, CardID: string(id.CitizenCard) + "_" + ulid.ULID(payload[6:22]).String(),
		IssuedAt: time.Unix(int64(binary.BigEndian.Uint32(payload[22:26])), 0).UTC(), Nonce: [10]byte(payload[26:]),
	}, nil
}

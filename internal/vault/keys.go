package vault

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Keys are the key-encryption keys: a ring in the configuration, or a key management service. Wrapped
// keys are envelopes that name their key.
type Keys interface {
	// Current is the id of the key that wraps from now on.
	Current() string
	// Wrap wraps a data key under the key with the id.
	Wrap(keyID string, s Suite, dataKey, additional []byte) ([]byte, error)
	// Unwrap opens a wrapped data key. Returns ErrSealed.
	Unwrap(wrapped, additional []byte) ([]byte, error)
}

// Ring is a list of key-encryption keys; the first is current, the others only open.
type Ring struct {
	current string
	keys    map[string][]byte
}

// keySize is the size of a key-encryption key in bytes.
const keySize = 32

var errRing = errors.New("vault: a key ring is a list of id:base64, each key 32 bytes, such as 2026:$(openssl rand -base64 32)")

// ParseRing reads a ring from `id:base64,id:base64`. The keys are not repeated in the error.
func ParseRing(text string) (*Ring, error) {
	r := &Ring{keys: map[string][]byte{}}
	for entry := range strings.SplitSeq(text, ",") {
		id, encoded, _ := strings.Cut(strings.TrimSpace(entry), ":")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(key) != keySize || id == "" || len(id) > 64 {
			return nil, errRing
		}
		if _, twice := r.keys[id]; twice {
			return nil, fmt.Errorf("vault: the key ring has two keys called %q", id)
		}
		r.keys[id] = key
		if r.current == "" {
			r.current = id
		}
	}
	return r, nil
}

// Current implements Keys.
func (r *Ring) Current() string { return r.current }

// Wrap implements Keys.
func (r *Ring) Wrap(keyID string, s Suite, dataKey, additional []byte) ([]byte, error) {
	key, ok := r.keys[keyID]
	if !ok {
		return nil, fmt.Errorf("vault: no key %q in the ring", keyID)
	}
	return seal(s, keyID, key, dataKey, additional)
}

// Unwrap implements Keys.
func (r *Ring) Unwrap(wrapped, additional []byte) ([]byte, error) {
	e, err := parse(wrapped)
	if err != nil {
		return nil, err
	}
	key, ok := r.keys[e.key]
	if !ok { // for the operator, who may have taken a key away too early
		return nil, fmt.Errorf("%w: no key %q in the ring", ErrSealed, e.key)
	}
	return e.open(key, additional)
}

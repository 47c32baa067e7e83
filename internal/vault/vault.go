// Package vault seals personal values so that the database alone gives nobody away. A value is sealed
// under a data key of its person; the data key is wrapped under a key-encryption key that never reaches
// the database. Without the wrapped data key nothing sealed under it can be opened again.
package vault

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Place names the cell a sealed value stands in. A value copied to another cell does not open.
type Place struct{ Table, Column, Row string }

// additional is the data an AEAD binds the value to; no name holds a NUL.
func (p Place) additional() []byte { return []byte(p.Table + "\x00" + p.Column + "\x00" + p.Row) }

// ErrSealed is all that is said of a value that does not open: whether it was changed, moved or sealed
// under a lost key is nobody's business.
var ErrSealed = errors.New("vault: the value does not open")

// Vault seals under the current suite and key, and opens whatever its keys have sealed.
type Vault struct {
	keys  Keys
	suite Suite
	index []byte // the key of blind indexes, which never wraps anything
}

// minIndexKey is the fewest bytes of a blind index key: the output size of SHA-256.
const minIndexKey = 32

// New returns a vault that seals new values by the suite.
func New(keys Keys, suite Suite, indexKey []byte) (*Vault, error) {
	if suites[suite] == nil {
		return nil, fmt.Errorf("vault: no suite %d", suite)
	}
	if len(indexKey) < minIndexKey {
		return nil, fmt.Errorf("vault: the index key has %d bytes, and needs %d", len(indexKey), minIndexKey)
	}
	return &Vault{keys: keys, suite: suite, index: indexKey}, nil
}

// DataKey is what seals the values of one person. It is kept wrapped, and unwrapped only in memory.
type DataKey struct {
	id  string
	key []byte
}

// NewDataKey makes a data key, and its wrapped form to keep at the place.
func (v *Vault) NewDataKey(at Place) (DataKey, []byte, error) {
	k := DataKey{id: at.Row, key: make([]byte, dataKeySize)}
	if _, err := rand.Read(k.key); err != nil {
		return DataKey{}, nil, fmt.Errorf("vault: make data key: %w", err)
	}
	kek := v.keys.Current()
	wrapped, err := v.keys.Wrap(kek, v.suite, k.key, at.additional())
	return k, wrapped, err
}

// dataKeySize is enough for every suite; each derives what it needs.
const dataKeySize = 32

// Unwrap opens a data key kept at the place.
func (v *Vault) Unwrap(at Place, wrapped []byte) (DataKey, error) {
	key, err := v.keys.Unwrap(wrapped, at.additional())
	return DataKey{id: at.Row, key: key}, err
}

// Rewrap wraps a data key kept at the place under the current key-encryption key and suite. What is sealed
// under the data key stays as it is.
func (v *Vault) Rewrap(at Place, wrapped []byte) ([]byte, error) {
	k, err := v.Unwrap(at, wrapped)
	if err != nil {
		return nil, err
	}
	return v.keys.Wrap(v.keys.Current(), v.suite, k.key, at.additional())
}

// Current reports whether a wrapped key or a sealed value needs no rotation: it is of the current suite,
// and, for a wrapped key, of the current key.
func (v *Vault) Current(wrapped []byte) bool {
	e, err := parse(wrapped)
	return err == nil && e.suite == v.suite && e.key == v.keys.Current()
}

// Seal seals a value for its place.
func (v *Vault) Seal(k DataKey, at Place, plain []byte) ([]byte, error) {
	return seal(v.suite, k.id, k.key, plain, at.additional())
}

// Open opens a value at its place. Returns ErrSealed.
func (v *Vault) Open(k DataKey, at Place, sealed []byte) ([]byte, error) {
	e, err := parse(sealed)
	if err != nil || e.key != k.id {
		return nil, ErrSealed
	}
	return e.open(k.key, at.additional())
}

// BlindIndex returns what stands in the database for a value that rows are looked up by: equal for equal
// values of one kind, and telling nothing to whoever lacks the key.
func (v *Vault) BlindIndex(kind, value string) string {
	mac := hmac.New(sha256.New, v.index)
	mac.Write([]byte(kind + "\x00" + value))
	return hex.EncodeToString(mac.Sum(nil))
}

// seal makes an envelope: suite | length of key id | key id | nonce | ciphertext.
func seal(s Suite, keyID string, key, plain, additional []byte) ([]byte, error) {
	if len(keyID) == 0 || len(keyID) > 255 {
		return nil, fmt.Errorf("vault: a key id has 1 to 255 bytes, not %d", len(keyID))
	}
	aead, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 2+len(keyID)+aead.NonceSize()+len(plain)+aead.Overhead())
	out = append(append(out, byte(s), byte(len(keyID))), keyID...) //nolint:gosec // at most 255
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("vault: make nonce: %w", err)
	}
	// The head is bound too: a value that claims another suite or key does not open.
	bound := append(append([]byte{}, out...), additional...)
	return aead.Seal(append(out, nonce...), nonce, plain, bound), nil
}

type envelope struct {
	suite Suite
	key   string
	head  []byte
	body  []byte // nonce and ciphertext
}

func parse(sealed []byte) (envelope, error) {
	if len(sealed) < 2 || len(sealed) < 2+int(sealed[1]) {
		return envelope{}, ErrSealed
	}
	end := 2 + int(sealed[1])
	e := envelope{suite: Suite(sealed[0]), key: string(sealed[2:end]), head: sealed[:end], body: sealed[end:]}
	if suites[e.suite] == nil || e.key == "" {
		return envelope{}, ErrSealed
	}
	return e, nil
}

func (e envelope) open(key, additional []byte) ([]byte, error) {
	aead, err := e.suite.aead(key)
	if err != nil {
		return nil, err
	}
	if len(e.body) < aead.NonceSize()+aead.Overhead() {
		return nil, ErrSealed
	}
	bound := append(append([]byte{}, e.head...), additional...)
	plain, err := aead.Open(nil, e.body[:aead.NonceSize()], e.body[aead.NonceSize():], bound)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

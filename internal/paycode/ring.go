package paycode

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"
)

// Ring is the keys that sign codes: the first does, all are published and verify.
type Ring struct{ keys []*key }

// key is a key of either suite. A gate's has no private half.
type key struct {
	suite  byte
	id     [4]byte
	jwk    jwk
	sign   func(message []byte) ([]byte, error)
	verify func(message, signature []byte) bool
}

const (
	suiteEd25519 byte = 1
	suiteSM2     byte = 2

	secretSize = 32
)

var errRing = errors.New("pay code: the keys are a list of suite:base64, suite ed25519 or sm2 and 32 bytes each, such as ed25519:$(openssl rand -base64 32)")

// ParseRing reads keys from `suite:base64,suite:base64`. The keys are not repeated in the error.
func ParseRing(text string) (*Ring, error) {
	r := &Ring{}
	for entry := range strings.SplitSeq(text, ",") {
		suite, encoded, _ := strings.Cut(strings.TrimSpace(entry), ":")
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(secret) != secretSize {
			return nil, errRing
		}
		var k *key
		switch suite {
		case "ed25519":
			k = newEd25519(secret)
		case "sm2":
			if k, err = newSM2(secret); err != nil {
				return nil, errRing
			}
		default:
			return nil, errRing
		}
		if r.find(k.suite, k.id) != nil {
			return nil, errors.New("pay code: a key is in the list twice")
		}
		r.keys = append(r.keys, k)
	}
	return r, nil
}

// NewRing is the ring of one Ed25519 key, from 32 secret bytes.
func NewRing(seed []byte) *Ring { return &Ring{keys: []*key{newEd25519(seed)}} }

func (r *Ring) find(suite byte, id [4]byte) *key {
	for _, k := range r.keys {
		if k.suite == suite && k.id == id {
			return k
		}
	}
	return nil
}

func newEd25519(seed []byte) *key {
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	k := &key{
		suite: suiteEd25519, jwk: jwk{Type: "OKP", Curve: "Ed25519", Algorithm: "EdDSA", X: base64.RawURLEncoding.EncodeToString(public)},
		sign:   func(message []byte) ([]byte, error) { return ed25519.Sign(private, message), nil },
		verify: func(message, signature []byte) bool { return ed25519.Verify(public, message, signature) },
	}
	k.name()
	return k
}

func newSM2(scalar []byte) (*key, error) {
	private, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	public := &private.PublicKey
	exchange, err := sm2.PublicKeyToECDH(public)
	if err != nil {
		return nil, err
	}
	point := exchange.Bytes()[1:] // after what says that it is not compressed
	k := &key{
		suite: suiteSM2, jwk: jwk{
			Type: "EC", Curve: "SM2", Algorithm: "SM2",
			X: base64.RawURLEncoding.EncodeToString(point[:secretSize]), Y: base64.RawURLEncoding.EncodeToString(point[secretSize:]),
		},
		sign: func(message []byte) ([]byte, error) {
			r, s, err := sm2.SignWithSM2(rand.Reader, &private.PrivateKey, nil, message)
			if err != nil {
				return nil, err
			}
			signature := make([]byte, signatureSize)
			r.FillBytes(signature[:signatureSize/2])
			s.FillBytes(signature[signatureSize/2:])
			return signature, nil
		},
		verify: func(message, signature []byte) bool {
			r, s := new(big.Int).SetBytes(signature[:signatureSize/2]), new(big.Int).SetBytes(signature[signatureSize/2:])
			return sm2.VerifyWithSM2(public, nil, message, r, s)
		},
	}
	k.name()
	return k, nil
}

// jwk is a key as it is published (RFC 7517, RFC 8037). No document registers SM2; curve and algorithm are called
// by its name.
type jwk struct {
	Curve     string `json:"crv"`
	Type      string `json:"kty"`
	X         string `json:"x"`
	Y         string `json:"y,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	ID        string `json:"kid,omitempty"`
}

// name gives the key its id: the beginning of its thumbprint, which is over crv, kty, x and y in this order.
func (k *key) name() {
	members, _ := json.Marshal(jwk{Curve: k.jwk.Curve, Type: k.jwk.Type, X: k.jwk.X, Y: k.jwk.Y}) // of texts, which cannot fail
	sum := sha256.Sum256(members)
	k.id = [4]byte(sum[:])
	k.jwk.ID, k.jwk.Use = hex.EncodeToString(k.id[:]), "sig"
}

// KeySet is the public halves of all keys, as a JWK set.
func (r *Ring) KeySet() ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{make([]jwk, len(r.keys))}
	for i, k := range r.keys {
		set.Keys[i] = k.jwk
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode the key set: %w", err)
	}
	return encoded, nil
}

package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// Suite is an authenticated cipher. Its number stands in every sealed value and never changes.
type Suite byte

// The suites. SM4 is the block cipher of GB/T 32907-2016, for cities that must use national algorithms.
const (
	AES256GCM Suite = 1
	SM4GCM    Suite = 2
)

var suites = map[Suite]*struct {
	name    string
	keySize int // bytes
	block   func(key []byte) (cipher.Block, error)
}{
	AES256GCM: {"AES-256-GCM", 32, aes.NewCipher},
	SM4GCM:    {"SM4-GCM", sm4.BlockSize, sm4.NewCipher},
}

// SuiteNamed returns the suite of a name: AES-256-GCM or SM4-GCM.
func SuiteNamed(name string) (Suite, error) {
	for s, def := range suites {
		if def.name == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("vault: no suite is called %q", name)
}

// aead is the suite under a key derived for it alone, so that one key may serve several suites.
func (s Suite) aead(key []byte) (cipher.AEAD, error) {
	def := suites[s]
	derived, err := hkdf.Key(sha256.New, key, nil, "citygraph "+def.name, def.keySize)
	if err != nil {
		return nil, fmt.Errorf("vault: derive key: %w", err)
	}
	block, err := def.block(derived)
	if err != nil {
		return nil, fmt.Errorf("vault: %s: %w", def.name, err)
	}
	return cipher.NewGCM(block)
}

// Command verify checks a pay code as a gate without a network does: verify CODE PURPOSE-NUMBER <KEYS.json
package main

import (
	"crypto/ed25519"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func verify(keySet []byte, code, purpose string, now time.Time) (card string, err error) {
	var set struct {
		Keys []struct{ Kid, Crv, X string }
	}
	if err := json.Unmarshal(keySet, &set); err != nil {
		return "", err
	}
	body, ok := strings.CutPrefix(code, "HZ1:")
	raw, err := base32.StdEncoding.DecodeString(body)
	if !ok || err != nil || len(raw) != 100 || len(body) != 160 || raw[0] != 1 {
		return "", errors.New("no code")
	}
	for _, key := range set.Keys {
		public, _ := base64.RawURLEncoding.DecodeString(key.X)
		if key.Crv != "Ed25519" || key.Kid != hex.EncodeToString(raw[1:5]) || !ed25519.Verify(public, []byte("HZ1:"+string(raw[:36])), raw[36:]) {
			continue
		}
		life := int64(60)
		if raw[5] == 4 {
			life = 3600 * int64(raw[26])
		}
		if age := now.Unix() - int64(binary.BigEndian.Uint32(raw[22:26])); age < -5 || age >= life || fmt.Sprint(raw[5]) != purpose {
			return "", errors.New("expired, or for another purpose")
		}
		return hex.EncodeToString(raw[6:22]), nil
	}
	return "", errors.New("not signed by the city")
}

func main() {
	keySet, err := io.ReadAll(os.Stdin)
	card := ""
	if err == nil {
		card, err = verify(keySet, os.Args[1], os.Args[2], time.Now())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, card)
}

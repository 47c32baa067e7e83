package paycode_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"citygraph/internal/id"
	"citygraph/internal/paycode"
)

// secret is an entry of a ring.
func secret(suite, letter string) string {
	return suite + ":" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(letter), 32))
}

func ringOf(t testing.TB, entries ...string) *paycode.Ring {
	t.Helper()
	ring, err := paycode.ParseRing(strings.Join(entries, ","))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func code(t testing.TB, ring *paycode.Ring, cardID string) string {
	t.Helper()
	claims, err := paycode.New(cardID, paycode.Clinic, noon)
	if err != nil {
		t.Fatal(err)
	}
	text, err := ring.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestACodeSaysWhatWasSigned(t *testing.T) {
	for _, suite := range []string{"ed25519", "sm2"} {
		t.Run(suite, func(t *testing.T) {
			ring, cardID := ringOf(t, secret(suite, "a"), secret("ed25519", "b")), id.New(id.CitizenCard)
			text := code(t, ring, cardID)
			if len(text) != 164 || strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:") != "" {
				t.Errorf("%q does not fit the alphanumeric mode in 164 characters", text)
			}
			got, err := ring.Verify(text, paycode.Clinic, noon.Add(59*time.Second))
			if err != nil || got.CardID != cardID || got.Purpose != paycode.Clinic || !got.IssuedAt.Equal(noon) {
				t.Errorf("got %+v, %v", got, err)
			}
			for _, refused := range []struct {
				purpose paycode.Purpose
				at      time.Time
				want    error
			}{
				{paycode.ScenicSpot, noon, paycode.ErrPurpose},
				{paycode.Clinic, noon.Add(paycode.Life), paycode.ErrExpired},
				{paycode.Clinic, noon.Add(-6 * time.Second), paycode.ErrEarly},
			} {
				if _, err := ring.Verify(text, refused.purpose, refused.at); !errors.Is(err, refused.want) {
					t.Errorf("for %s at %s: %v, want %v", refused.purpose, refused.at, err, refused.want)
				}
			}
			if _, err := ringOf(t, secret(suite, "c")).Verify(text, paycode.Clinic, noon); !errors.Is(err, paycode.ErrInvalid) {
				t.Errorf("another city takes it: %v", err)
			}
			if _, err := ringOf(t, secret("ed25519", "b"), secret(suite, "a")).Verify(text, paycode.Clinic, noon); err != nil {
				t.Errorf("after a rotation: %v", err)
			}
		})
	}
}

// No bit of a code is without meaning: not of its characters, and not of its bytes.
func TestNoBitMayFlip(t *testing.T) {
	for _, suite := range []string{"ed25519", "sm2"} {
		t.Run(suite, func(t *testing.T) {
			ring := ringOf(t, secret(suite, "a"))
			text := code(t, ring, id.New(id.CitizenCard))
			refused := func(what string, i int, flipped string) {
				if _, err := ring.Verify(flipped, paycode.Clinic, noon); !errors.Is(err, paycode.ErrInvalid) {
					t.Errorf("%s %d flipped: %v", what, i, err)
				}
			}
			for i := range len(text) * 8 {
				flipped := []byte(text)
				flipped[i/8] ^= 1 << (i % 8)
				refused("bit of the text", i, string(flipped))
			}
			raw, err := base32.StdEncoding.DecodeString(text[4:])
			if err != nil || len(raw) != 100 {
				t.Fatalf("%d bytes, %v", len(raw), err)
			}
			for i := range len(raw) * 8 {
				flipped := bytes.Clone(raw)
				flipped[i/8] ^= 1 << (i % 8)
				refused("bit of the bytes", i, text[:4]+base32.StdEncoding.EncodeToString(flipped))
			}
		})
	}
}

func TestTwoCodesOfASecondDiffer(t *testing.T) {
	ring, cardID := ringOf(t, secret("ed25519", "a")), id.New(id.CitizenCard)
	if first := code(t, ring, cardID); first == code(t, ring, cardID) {
		t.Error("a code can be told in advance")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		cardID  string
		purpose paycode.Purpose
	}{{id.New(id.Person), paycode.Clinic}, {"card_x", paycode.Clinic}, {id.New(id.CitizenCard), "CINEMA"}, {id.New(id.CitizenCard), ""}} {
		if _, err := paycode.New(c.cardID, c.purpose, noon); err == nil {
			t.Errorf("a code for %q at %q", c.cardID, c.purpose)
		}
	}
}

func TestParseRingRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no suite": "hunter2", "another suite": secret("rsa", "a"), "not base64": "ed25519:hunter2!",
		"too short": "ed25519:aHVudGVyMg==", "twice": secret("sm2", "a") + "," + secret("sm2", "a"), "no scalar": secret("sm2", "\xff"),
		"zero": secret("sm2", "\x00"), "a comma too many": secret("sm2", "a") + ",",
	} {
		if _, err := paycode.ParseRing(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	ring := ringOf(f, secret("ed25519", "a"), secret("sm2", "b"))
	f.Add(code(f, ring, id.New(id.CitizenCard)))
	f.Add("HZ1:")
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := ring.Verify(text, paycode.Clinic, noon)
		if err == nil && !id.Is(claims.CardID, id.CitizenCard) {
			t.Errorf("%q is taken for %+v", text, claims)
		}
	})
}

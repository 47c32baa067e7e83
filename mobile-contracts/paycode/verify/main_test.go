package main

import (
	"bytes"
	"testing"
	"time"

	"citygraph/internal/id"
	"citygraph/internal/paycode"
)

// What the city signs a gate takes with the published keys alone, for its purpose and minute, and not when any bit
// of it is another.
func TestVerify(t *testing.T) {
	ring := paycode.NewRing(bytes.Repeat([]byte("k"), 32))
	keySet, err := ring.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claims, err := paycode.New(id.New(id.CitizenCard), paycode.Clinic, now)
	if err != nil {
		t.Fatal(err)
	}
	code, err := ring.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	if card, err := verify(keySet, code, "1", now); err != nil || len(card) != 32 {
		t.Errorf("got %q, %v", card, err)
	}
	series, err := paycode.Series("batch", id.New(id.CitizenCard), 1, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := ring.Sign(series[0])
	if err != nil {
		t.Fatal(err)
	}
	if card, err := verify(keySet, kept, "4", now.Add(23*time.Hour)); err != nil || len(card) != 32 {
		t.Errorf("of a batch got %q, %v", card, err)
	}
	for name, refused := range map[string]func() (string, error){
		"a minute later":   func() (string, error) { return verify(keySet, code, "1", claims.ExpiresAt()) },
		"before its time":  func() (string, error) { return verify(keySet, code, "1", claims.IssuedAt.Add(-6*time.Second)) },
		"kept for a day":   func() (string, error) { return verify(keySet, kept, "4", series[0].ExpiresAt()) },
		"kept, at a till":  func() (string, error) { return verify(keySet, kept, "1", now) },
		"at a gate":        func() (string, error) { return verify(keySet, code, "2", now) },
		"of another city":  func() (string, error) { return verify([]byte(`{"keys":[]}`), code, "1", now) },
		"with a character": func() (string, error) { return verify(keySet, code+"A", "1", now) },
	} {
		if card, err := refused(); err == nil {
			t.Errorf("%s it is taken, for %s", name, card)
		}
	}
	for i := range len(code) * 8 {
		flipped := []byte(code)
		flipped[i/8] ^= 1 << (i % 8)
		if card, err := verify(keySet, string(flipped), "1", now); err == nil {
			t.Errorf("bit %d flipped, it is taken for %s", i, card)
		}
	}
}

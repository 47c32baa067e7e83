package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"citygraph/internal/vault"
)

var (
	keyAt   = vault.Place{Table: "personal_data", Column: "data_key", Row: "personal_1"}
	valueAt = vault.Place{Table: "personal_data", Column: "sealed", Row: "personal_1"}
)

func encoded(fill string) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(fill), 32))
}

func ring(t testing.TB, text string) *vault.Ring {
	t.Helper()
	r, err := vault.ParseRing(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, keys string, s vault.Suite) *vault.Vault {
	t.Helper()
	v, err := vault.New(ring(t, keys), s, bytes.Repeat([]byte("i"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sealed(t testing.TB, v *vault.Vault, plain string) (wrapped, value []byte) {
	t.Helper()
	k, wrapped, err := v.NewDataKey(keyAt)
	if err != nil {
		t.Fatal(err)
	}
	value, err = v.Seal(k, valueAt, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return wrapped, value
}

func unsealed(v *vault.Vault, keyAt, valueAt vault.Place, wrapped, value []byte) (string, error) {
	k, err := v.Unwrap(keyAt, wrapped)
	if err != nil {
		return "", err
	}
	plain, err := v.Open(k, valueAt, value)
	return string(plain), err
}

func TestEverySuiteOpensWhatAnySealed(t *testing.T) {
	const secret = "330106198604121028"
	for _, s := range []vault.Suite{vault.AES256GCM, vault.SM4GCM} {
		wrapped, value := sealed(t, open(t, "a:"+encoded("a"), s), secret)
		if bytes.Contains(value, []byte(secret)) || bytes.Contains(wrapped, []byte(secret)) {
			t.Fatal("the value stands in clear")
		}
		for _, now := range []vault.Suite{vault.AES256GCM, vault.SM4GCM} {
			v := open(t, "b:"+encoded("b")+",a:"+encoded("a"), now)
			got, err := unsealed(v, keyAt, valueAt, wrapped, value)
			if err != nil || got != secret {
				t.Errorf("sealed by %d, opened under %d: %q, %v", s, now, got, err)
			}
			if v.Current(wrapped) {
				t.Error("a key wrapped under the last key needs no rotation")
			}
		}
	}
}

// Any bit of an envelope, and any word of its place, is bound to the value.
func TestNothingChangedOpens(t *testing.T) {
	v := open(t, "a:"+encoded("a"), vault.AES256GCM)
	wrapped, value := sealed(t, v, "secret")
	for i := range value {
		for bit := range 8 {
			forged := bytes.Clone(value)
			forged[i] ^= 1 << bit
			if got, err := unsealed(v, keyAt, valueAt, wrapped, forged); !errors.Is(err, vault.ErrSealed) || got != "" {
				t.Fatalf("bit %d of byte %d changed: %q, %v", bit, i, got, err)
			}
		}
	}
	for i := range wrapped {
		forged := bytes.Clone(wrapped)
		forged[i] ^= 0x80
		if _, err := unsealed(v, keyAt, valueAt, forged, value); !errors.Is(err, vault.ErrSealed) {
			t.Fatalf("byte %d of the wrapped key changed: %v", i, err)
		}
	}
	for _, elsewhere := range []vault.Place{
		{Table: "people", Column: "sealed", Row: "personal_1"}, {Table: "personal_data", Column: "data_key", Row: "personal_1"},
		{Table: "personal_data", Column: "sealed", Row: "personal_2"}, {},
	} {
		if _, err := unsealed(v, keyAt, elsewhere, wrapped, value); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("opens at %+v: %v", elsewhere, err)
		}
	}
	if _, err := unsealed(open(t, "a:"+encoded("x"), vault.AES256GCM), keyAt, valueAt, wrapped, value); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("opens with another ring: %v", err)
	}
	other, _ := sealed(t, v, "secret")
	if _, err := unsealed(v, keyAt, valueAt, other, value); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("opens with another data key: %v", err)
	}
}

func TestTheSameValueNeverSealsAlike(t *testing.T) {
	v := open(t, "a:"+encoded("a"), vault.SM4GCM)
	_, one := sealed(t, v, "secret")
	_, two := sealed(t, v, "secret")
	if bytes.Equal(one, two) {
		t.Error("equal values seal alike")
	}
}

func TestBlindIndex(t *testing.T) {
	v := open(t, "a:"+encoded("a"), vault.AES256GCM)
	other, err := vault.New(ring(t, "a:"+encoded("a")), vault.AES256GCM, bytes.Repeat([]byte("j"), 32))
	if err != nil {
		t.Fatal(err)
	}
	index := v.BlindIndex("id number", "330106198604121028")
	for what, same := range map[string]bool{
		v.BlindIndex("id number", "330106198604121028"):                                        true,
		v.BlindIndex("phone", "330106198604121028"):                                            false,
		v.BlindIndex("id number", "330106198604121029"):                                        false,
		other.BlindIndex("id number", "330106198604121028"):                                    false,
		open(t, "b:"+encoded("b"), vault.SM4GCM).BlindIndex("id number", "330106198604121028"): true,
	} {
		if (what == index) != same {
			t.Errorf("%s and %s: want equal %v", what, index, same)
		}
	}
	if strings.Contains(index, "330106") {
		t.Error("the index tells the value")
	}
}

func TestBadRings(t *testing.T) {
	for _, text := range []string{
		"", "a", "a:", ":" + encoded("a"), "a:" + encoded("a") + ",", "a:not base64!",
		"a:" + base64.StdEncoding.EncodeToString([]byte("short")), "a:" + encoded("a") + ",a:" + encoded("b"),
	} {
		if r, err := vault.ParseRing(text); err == nil {
			t.Errorf("%q makes %v", text, r)
		} else if strings.Contains(err.Error(), encoded("a")) {
			t.Errorf("the error repeats a key: %v", err)
		}
	}
	if _, err := vault.New(ring(t, "a:"+encoded("a")), vault.AES256GCM, []byte("short")); err == nil {
		t.Error("a short index key is taken")
	}
	if _, err := vault.New(ring(t, "a:"+encoded("a")), 9, bytes.Repeat([]byte("i"), 32)); err == nil {
		t.Error("an unknown suite is taken")
	}
}

func FuzzOpen(f *testing.F) {
	v := open(f, "a:"+encoded("a"), vault.AES256GCM)
	k, wrapped, err := v.NewDataKey(keyAt)
	if err != nil {
		f.Fatal(err)
	}
	value, err := v.Seal(k, valueAt, []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value)
	f.Add(wrapped)
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, forged []byte) {
		if _, err := v.Open(k, valueAt, forged); err == nil && !bytes.Equal(forged, value) {
			t.Error("a forged value opens")
		}
		_, _ = v.Unwrap(keyAt, forged)
		_ = v.Current(forged)
	})
}

package scalar_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"citygraph/graph/scalar"
	"citygraph/internal/fault"
)

// signed is a cursor as the server with the key hands it out.
func signed(t testing.TB, ctx context.Context, c scalar.Cursor) string {
	t.Helper()
	var out bytes.Buffer
	if err := scalar.MarshalCursor(c).MarshalGQLContext(ctx, &out); err != nil {
		t.Fatal(err)
	}
	var s string
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		t.Fatalf("%s is no JSON string: %v", &out, err)
	}
	return s
}

func withKey(t testing.TB, key string) context.Context {
	t.Helper()
	return scalar.WithCursorKey(context.Background(), []byte(key))
}

func TestCursorComesBackAsItWas(t *testing.T) {
	ctx := withKey(t, "key of this city")
	for _, want := range []scalar.Cursor{
		{ID: "case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"},
		{ID: "notice_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB", Value: int64(42)},
		{ID: "x", Value: "西湖"},
	} {
		s := signed(t, ctx, want)
		got, err := scalar.UnmarshalCursor(ctx, s)
		if err != nil {
			t.Fatalf("%+v: %v", want, err)
		}
		if got.ID != want.ID || signed(t, ctx, got) != s {
			t.Errorf("%+v comes back as %+v: %s", want, got, cmp.Diff(want, got))
		}
		if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/") != "" {
			t.Errorf("%s has characters a URL or a JSON string must escape", s)
		}
	}
}

func TestForgedCursorsAreRefused(t *testing.T) {
	ctx := withKey(t, "key of this city")
	position := scalar.Cursor{ID: "case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"}
	good := signed(t, ctx, position)
	flipped := []byte(good)
	flipped[len(flipped)-3] ^= 1
	var bare bytes.Buffer
	position.MarshalGQL(&bare)
	for name, forged := range map[string]any{
		"nothing":           "",
		"the tag alone":     good[:12],
		"no tag":            strings.Trim(bare.String(), `"`),
		"an empty tag":      base64.RawURLEncoding.EncodeToString(make([]byte, 9)) + good[12:],
		"another tag":       "AAAAAAAAAAAA" + good[12:],
		"a changed place":   string(flipped),
		"a longer place":    good + "AA",
		"a shorter place":   good[:len(good)-1],
		"not base64":        strings.Repeat("!", 40),
		"long":              strings.Repeat("A", 1<<20),
		"of another key":    signed(t, withKey(t, "key of another city"), position),
		"of no key":         signed(t, context.Background(), position),
		"not a string":      42,
		"null":              nil,
		"a list":            []any{good},
		"the raw position":  bare.String(),
		"padded":            good + "==",
		"with a line break": good + "\n",
	} {
		got, err := scalar.UnmarshalCursor(ctx, forged)
		if fault.CodeOf(err) != fault.BadUserInput || got.ID != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	ctx := withKey(f, "key of this city")
	good := signed(f, ctx, scalar.Cursor{ID: "case_01J9ZQ4M1W6Y8Q3V5T7R2N0KXB"})
	f.Add(good)
	f.Add(good[:20])
	f.Add("AAAAAAAAAAAA" + good[12:])
	f.Fuzz(func(t *testing.T, s string) {
		c, err := scalar.UnmarshalCursor(ctx, s)
		switch {
		case err == nil && s != good:
			t.Errorf("%q passes as %+v", s, c)
		case err != nil && fault.CodeOf(err) != fault.BadUserInput:
			t.Errorf("%q is answered %v", s, err)
		}
	})
}

package scalar_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"citygraph/graph/scalar"
)

func written(m graphql.Marshaler) string {
	var out bytes.Buffer
	m.MarshalGQL(&out)
	return out.String()
}

func TestWholeNumbers(t *testing.T) {
	for _, tt := range []struct {
		in   any
		want int64
		ok   bool
	}{
		{int64(0), 0, true},
		{int64(math.MaxInt64), math.MaxInt64, true},
		{7, 7, true},
		{json.Number("9223372036854775807"), math.MaxInt64, true},
		{json.Number("-9223372036854775808"), math.MinInt64, true},
		{json.Number("9223372036854775808"), 0, false}, // 2^63
		{json.Number("-9223372036854775809"), 0, false},
		{json.Number("1.0"), 0, false},
		{json.Number("1e3"), 0, false},
		{json.Number(""), 0, false},
		{1.0, 0, false},
		{math.Inf(1), 0, false},
		{"7", 0, false},
		{true, 0, false},
		{nil, 0, false},
		{[]any{int64(7)}, 0, false},
		{map[string]any{"fen": int64(7)}, 0, false},
	} {
		for name, read := range map[string]func(any) (int64, error){"Int64": scalar.UnmarshalInt64, "Fen": scalar.UnmarshalFen} {
			got, err := read(tt.in)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("%s reads %T %v as %d, %v", name, tt.in, tt.in, got, err)
			}
			if err != nil && strings.Contains(err.Error(), "922337203685477580") {
				t.Errorf("%s repeats its input: %v", name, err)
			}
		}
	}
	for _, n := range []int64{0, -1, 123_45, math.MaxInt64, math.MinInt64} {
		if a, b := written(scalar.MarshalFen(n)), written(scalar.MarshalInt64(n)); a != b {
			t.Errorf("%d is written %s and %s", n, a, b)
		}
		back, err := scalar.UnmarshalFen(json.Number(written(scalar.MarshalFen(n))))
		if err != nil || back != n {
			t.Errorf("%d comes back as %d, %v", n, back, err)
		}
	}
}

func TestDateTimeNeedsItsOffset(t *testing.T) {
	noon := time.Date(2025, 6, 1, 4, 0, 0, 0, time.UTC)
	for in, ok := range map[string]bool{
		"2025-06-01T12:00:00+08:00":  true,
		"2025-06-01T04:00:00Z":       true,
		"2025-06-01T04:00:00.000Z":   true,
		"2025-05-31T23:00:00-05:00":  true,
		"2025-06-01T12:00:00":        false,
		"2025-06-01":                 false,
		"2025-06-01 12:00:00+08:00":  false,
		"2025-06-01T12:00:00+0800":   false,
		"2025-06-01T4:00:00Z":        false,
		"2025-06-01T04:00:00,5Z":     false,
		"2025-06-31T04:00:00Z":       false,
		"2025-06-01T24:00:00Z":       false,
		"2025-06-01T04:00:00+24:00":  false,
		"":                           false,
		"now":                        false,
		" 2025-06-01T04:00:00Z":      false,
		"2025-06-01T04:00:00Z\x00":   false,
		"٢٠٢٥-06-01T04:00:00Z":       false,
		strings.Repeat("2", 100_000): false,
	} {
		got, err := scalar.UnmarshalDateTime(in)
		if (err == nil) != ok || ok && !got.Equal(noon) {
			t.Errorf("%.40q is read as %s, %v", in, got, err)
		}
		if err != nil && len(err.Error()) > 60 {
			t.Errorf("%.40q is repeated: %.80v", in, err)
		}
	}
	for _, in := range []any{nil, 1748750400, json.Number("1748750400"), noon, true} {
		if got, err := scalar.UnmarshalDateTime(in); err == nil {
			t.Errorf("%T is read as %s", in, got)
		}
	}
}

func TestDateTimeIsWrittenInUTC(t *testing.T) {
	shanghai := time.FixedZone("", 8*60*60)
	for want, at := range map[string]time.Time{
		`"2025-06-01T04:00:00Z"`:        time.Date(2025, 6, 1, 12, 0, 0, 0, shanghai),
		`"2025-06-01T04:00:00.25Z"`:     time.Date(2025, 6, 1, 12, 0, 0, 250_000_000, shanghai),
		`"2025-06-01T04:00:00.000001Z"`: time.Date(2025, 6, 1, 4, 0, 0, 1_999, time.UTC), // what the databases keep
	} {
		if got := written(scalar.MarshalDateTime(at)); got != want {
			t.Errorf("%s is written %s", at, got)
		}
	}
}

func TestUUIDHasOneForm(t *testing.T) {
	const canonical = "8c4f6a1e-1d2b-4c3a-9f00-0123456789ab"
	want := uuid.MustParse(canonical)
	for in, ok := range map[string]bool{
		canonical:                               true,
		strings.ToUpper(canonical):              true,
		strings.ReplaceAll(canonical, "-", ""):  false,
		"{" + canonical + "}":                   false,
		"urn:uuid:" + canonical:                 false,
		canonical + "0":                         false,
		canonical[1:]:                           false,
		strings.ReplaceAll(canonical, "-", "_"): false,
		strings.Replace(canonical, "8", "g", 1): false,
		"":                                      false,
		strings.Repeat("-", 36):                 false,
		strings.Repeat("é", 18):                 false,
	} {
		got, err := scalar.UnmarshalUUID(in)
		if (err == nil) != ok || ok && got != want || !ok && got != uuid.Nil {
			t.Errorf("%q is read as %s, %v", in, got, err)
		}
	}
	for _, in := range []any{nil, 1, want, []byte(canonical)} {
		if got, err := scalar.UnmarshalUUID(in); err == nil {
			t.Errorf("%T is read as %s", in, got)
		}
	}
	if got := written(scalar.MarshalUUID(want)); got != `"`+canonical+`"` {
		t.Errorf("written as %s", got)
	}
}

func FuzzScalars(f *testing.F) {
	for _, s := range []string{"", "7", "-0", "1e9", "2025-06-01T12:00:00+08:00", "8c4f6a1e-1d2b-4c3a-9f00-0123456789ab"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := scalar.UnmarshalFen(json.Number(s)); err == nil {
			if back, err := scalar.UnmarshalFen(json.Number(written(scalar.MarshalFen(n)))); err != nil || back != n {
				t.Errorf("%q: %d comes back as %d, %v", s, n, back, err)
			}
		}
		if at, err := scalar.UnmarshalDateTime(s); err == nil {
			var text string
			if err := json.Unmarshal([]byte(written(scalar.MarshalDateTime(at))), &text); err != nil {
				t.Fatalf("%q is written as no string: %v", s, err)
			}
			back, err := scalar.UnmarshalDateTime(text)
			if year := at.UTC().Year(); year >= 0 && year <= 9999 && (err != nil || !back.Equal(at.Truncate(time.Microsecond))) {
				t.Errorf("%q: %s comes back as %s, %v", s, at, back, err)
			}
		}
		if u, err := scalar.UnmarshalUUID(s); err == nil && written(scalar.MarshalUUID(u)) != `"`+strings.ToLower(s)+`"` {
			t.Errorf("%q is written %s", s, written(scalar.MarshalUUID(u)))
		}
	})
}

package firebase

import (
	"net/http"
	"testing"
	"time"
)

func TestFreshness(t *testing.T) {
	for _, tc := range []struct {
		control, age string
		want         time.Duration
	}{
		{"public, max-age=19302, must-revalidate, no-transform", "", 19302 * time.Second},
		{"Max-Age=7200", "1200", 6000 * time.Second},
		{"max-age=30", "", minAge},
		{"max-age=600", "900", minAge},
		{"max-age=99999999", "", maxAge},
		{"no-store", "", defaultAge},
		{"max-age=-5", "", defaultAge},
		{"max-age=99999999999999999999", "", defaultAge},
		{"", "nonsense", defaultAge},
	} {
		got := freshness(http.Header{"Cache-Control": {tc.control}, "Age": {tc.age}})
		if got != tc.want {
			t.Errorf("Cache-Control %q, Age %q: %v, want %v", tc.control, tc.age, got, tc.want)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kid":"a","kty":"RSA","alg":"RS256","use":"sig","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":"-----BEGIN CERTIFICATE-----"}`))
	f.Add([]byte(`{"a":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err == nil && len(keys) == 0 {
			t.Error("an empty set was accepted: it would replace a good one")
		}
		for kid, key := range keys {
			if kid == "" || key.N.BitLen() < minModulusBits {
				t.Errorf("key %q of %d bits was accepted", kid, key.N.BitLen())
			}
		}
	})
}

package firebase_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
)

const project = "citygraph-test"

// inProcess answers requests from a handler without a socket, so that synctest's clock can run.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

func verifier(t *testing.T, keys *jwksfake.Server, path string) *firebase.Verifier {
	t.Helper()
	v, err := firebase.New(firebase.Options{
		ProjectID:  project,
		KeysURL:    "http://keys.test" + path,
		HTTPClient: &http.Client{Transport: inProcess{keys.Handler()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func TestVerifyReturnsTheClaims(t *testing.T) {
	for _, path := range []string{jwksfake.JWKPath, jwksfake.X509Path} {
		keys := jwksfake.New(project, clock.System{})
		signedIn := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
		token := keys.Mint(map[string]any{"auth_time": signedIn.Unix(), "email": "lin@example.com", "email_verified": true})

		got, err := verifier(t, keys, path).Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		want := firebase.Claims{
			UID: "uid-1", Phone: "+8613800000001", Email: "lin@example.com", EmailVerified: true,
			SignInProvider: "phone", AuthTime: signedIn, IssuedAt: got.IssuedAt, ExpiresAt: got.IssuedAt.Add(time.Hour),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", path, diff)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	keys := jwksfake.New(project, clock.System{})
	v := verifier(t, keys, jwksfake.JWKPath)
	kid, key := keys.SigningKey()
	now := time.Now().Unix()

	sign := func(method jwt.SigningMethod, key any, header map[string]any) string {
		token := jwt.NewWithClaims(method, keys.Claims(nil))
		token.Header["kid"] = kid
		for name, value := range header {
			token.Header[name] = value
		}
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	genuine := keys.Mint(nil)
	part := strings.Split(genuine, ".")
	richer := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"somebody-else"}`))

	for name, token := range map[string]string{
		"empty":                       "",
		"not a token":                 "a.b.c",
		"two parts":                   part[0] + "." + part[1],
		"four parts":                  genuine + ".x",
		"signature cut off":           part[0] + "." + part[1] + ".",
		"payload exchanged":           part[0] + "." + richer + "." + part[2],
		"over 4 KB":                   keys.Mint(map[string]any{"padding": strings.Repeat("x", 4096)}),
		"alg none":                    sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"HS256 with the public PEM":   sign(jwt.SigningMethodHS256, publicPEM, nil),
		"HS256 with the modulus":      sign(jwt.SigningMethodHS256, key.N.Bytes(), nil),
		"HS256 with an empty key":     sign(jwt.SigningMethodHS256, []byte{}, nil),
		"RS512 by the right key":      sign(jwt.SigningMethodRS512, key, nil),
		"PS256 by the right key":      sign(jwt.SigningMethodPS256, key, nil),
		"another key under our kid":   sign(jwt.SigningMethodRS256, other, nil),
		"no kid":                      sign(jwt.SigningMethodRS256, key, map[string]any{"kid": ""}),
		"kid is a number":             sign(jwt.SigningMethodRS256, key, map[string]any{"kid": 1}),
		"kid is a path":               sign(jwt.SigningMethodRS256, key, map[string]any{"kid": "../../dev/null"}),
		"kid is unknown":              sign(jwt.SigningMethodRS256, other, map[string]any{"kid": "key-99"}),
		"kid is huge":                 sign(jwt.SigningMethodRS256, key, map[string]any{"kid": strings.Repeat("k", 200)}),
		"jku":                         sign(jwt.SigningMethodRS256, key, map[string]any{"jku": "https://evil.test/keys"}),
		"jwk":                         sign(jwt.SigningMethodRS256, key, map[string]any{"jwk": map[string]any{"kty": "RSA"}}),
		"x5u":                         sign(jwt.SigningMethodRS256, key, map[string]any{"x5u": "https://evil.test/cert"}),
		"crit":                        sign(jwt.SigningMethodRS256, key, map[string]any{"crit": []string{"b64"}}),
		"another project's audience":  keys.Mint(map[string]any{"aud": "another"}),
		"two audiences":               keys.Mint(map[string]any{"aud": []string{project, "another"}}),
		"no audience":                 keys.Mint(map[string]any{"aud": nil}),
		"another project's issuer":    keys.Mint(map[string]any{"iss": "https://securetoken.google.com/another"}),
		"session cookie issuer":       keys.Mint(map[string]any{"iss": "https://session.firebase.google.com/" + project}),
		"no issuer":                   keys.Mint(map[string]any{"iss": nil}),
		"no subject":                  keys.Mint(map[string]any{"sub": nil}),
		"empty subject":               keys.Mint(map[string]any{"sub": ""}),
		"subject of 129 characters":   keys.Mint(map[string]any{"sub": strings.Repeat("u", 129)}),
		"subject is a number":         keys.Mint(map[string]any{"sub": 7}),
		"expired":                     keys.Mint(map[string]any{"exp": now - 31}),
		"no expiry":                   keys.Mint(map[string]any{"exp": nil}),
		"issued in the future":        keys.Mint(map[string]any{"iat": now + 60}),
		"no issue time":               keys.Mint(map[string]any{"iat": nil}),
		"signed in in the future":     keys.Mint(map[string]any{"auth_time": now + 60}),
		"no sign-in time":             keys.Mint(map[string]any{"auth_time": nil}),
		"not valid yet":               keys.Mint(map[string]any{"nbf": now + 60}),
		"expiry is not a number":      keys.Mint(map[string]any{"exp": "tomorrow"}),
		"trailing bits in signature":  genuine[:len(genuine)-1] + nextInAlphabet(genuine[len(genuine)-1]),
		"padding after the signature": genuine + "==",
		"a line break at the end":     genuine + "\n",
		"a return in the signature":   genuine[:len(genuine)-9] + "\r" + genuine[len(genuine)-9:],
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := v.Verify(t.Context(), token)
			if fault.CodeOf(err) != fault.Unauthenticated {
				t.Fatalf("got %+v, %v; want UNAUTHENTICATED", claims, err)
			}
			if token != "" && strings.Contains(err.Error(), token) {
				t.Errorf("the error carries the token: %v", err)
			}
		})
	}
	if _, err := v.Verify(t.Context(), genuine); err != nil {
		t.Errorf("the genuine token: %v", err)
	}
}

// nextInAlphabet changes only the unused low bits of a signature's last base64 digit.
func nextInAlphabet(digit byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, digit)^1])
}

func TestVerifyAllowsSmallSkew(t *testing.T) {
	keys := jwksfake.New(project, clock.System{})
	v := verifier(t, keys, jwksfake.JWKPath)
	now := time.Now().Unix()
	for name, changes := range map[string]map[string]any{
		"just expired":               {"exp": now - 10},
		"issued by a fast clock":     {"iat": now + 10, "auth_time": now + 10},
		"subject of 128 characters":  {"sub": strings.Repeat("u", 128)},
		"subject in 128 wide runes":  {"sub": strings.Repeat("杭", 128)},
		"a signed-in e-mail account": {"phone_number": nil, "firebase": map[string]any{"sign_in_provider": "password"}},
	} {
		if _, err := v.Verify(t.Context(), keys.Mint(changes)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmulatorTokens(t *testing.T) {
	keys := jwksfake.New(project, clock.System{})
	unsigned := func(changes map[string]any) string {
		text, err := jwt.NewWithClaims(jwt.SigningMethodNone, keys.Claims(changes)).SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	v, err := firebase.New(firebase.Options{ProjectID: project, Emulator: true})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()

	if got, err := v.Verify(t.Context(), unsigned(nil)); err != nil || got.UID != "uid-1" {
		t.Errorf("an emulator token: %+v, %v", got, err)
	}
	for name, token := range map[string]string{
		"signed token":    keys.Mint(nil),
		"another project": unsigned(map[string]any{"aud": "another"}),
		"expired":         unsigned(map[string]any{"exp": time.Now().Unix() - 60}),
	} {
		if _, err := v.Verify(t.Context(), token); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("%s: got %v, want UNAUTHENTICATED", name, err)
		}
	}
}

func TestNewNeedsAProject(t *testing.T) {
	if _, err := firebase.New(firebase.Options{}); err == nil {
		t.Error("a verifier without a project would accept everybody's tokens")
	}
}

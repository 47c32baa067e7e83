package identity_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/identity"
)

// forge signs claims of an attacker's choice.
func forge(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// loose turns a bit of a token's last character that no byte of the signature needs.
func loose(last byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, last)^1])
}

func TestForgedAccessTokens(t *testing.T) {
	h := open(t)
	good := h.signIn(t, "chenjing")
	mine, victim := h.viewer(t, good.AccessToken), h.viewer(t, h.signIn(t, "fanglei").AccessToken)
	parts := strings.Split(good.AccessToken, ".")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte("k"), 32) // the key itself, which signs nothing: the derived one does
	claims := func(change jwt.MapClaims) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "citygraph", "sub": victim.PersonID, "sid": victim.SessionID, "exp": h.clock.Now().Add(time.Hour).Unix()}
		for name, value := range change {
			c[name] = value
		}
		return c
	}
	other := h.Mint
	other.Key = bytes.Repeat([]byte("x"), 32)
	elsewhere := *h.Accounts
	elsewhere.Mint = other
	foreign, err := elsewhere.SignInForDevelopment(t.Context(), "chenjing")
	if err != nil {
		t.Fatal(err)
	}
	h.asked = nil

	for name, token := range map[string]string{
		"nothing":                 "",
		"a word":                  "admin",
		"alg none":                forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)),
		"alg none, old signature": strings.TrimSuffix(forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)), ".") + "." + parts[2],
		"no signature":            parts[0] + "." + parts[1] + ".",
		"two parts":               parts[0] + "." + parts[1],
		"the root key":            forge(t, jwt.SigningMethodHS256, key, claims(nil)),
		"another key":             foreign.AccessToken,
		"an empty key":            forge(t, jwt.SigningMethodHS256, []byte{}, claims(nil)),
		"another algorithm":       forge(t, jwt.SigningMethodHS512, key, claims(nil)),
		"RS256 of ours":           forge(t, jwt.SigningMethodRS256, rsaKey, claims(nil)),
		"another issuer":          forge(t, jwt.SigningMethodHS256, key, claims(jwt.MapClaims{"iss": "https://securetoken.google.com/citygraph"})),
		"two issuers":             forge(t, jwt.SigningMethodHS256, key, claims(jwt.MapClaims{"iss": []string{"citygraph", "x"}})),
		"no issuer":               forge(t, jwt.SigningMethodHS256, key, jwt.MapClaims{"sid": victim.SessionID}),
		"other claims":            parts[0] + "." + strings.Split(forge(t, jwt.SigningMethodHS256, key, claims(nil)), ".")[1] + "." + parts[2],
		"a changed last byte":     good.AccessToken[:len(good.AccessToken)-2] + "AA",
		"doubled":                 good.AccessToken + "." + parts[2],
		"a refresh token":         good.RefreshToken,
		"a session's id":          mine.SessionID,
		"a person's id":           mine.PersonID,
		"a padded one":            good.AccessToken + "=",
		"with a space":            " " + good.AccessToken,
		"with a line break":       good.AccessToken + "\n",
		"with a loose bit":        good.AccessToken[:len(good.AccessToken)-1] + loose(good.AccessToken[len(good.AccessToken)-1]),
		"long":                    strings.Repeat("a", 1<<20) + "." + parts[1] + "." + parts[2],
	} {
		proof, err := h.Authenticate(t.Context(), token)
		if fault.CodeOf(err) != fault.Unauthenticated || proof != nil {
			t.Errorf("%s: %+v, %v", name, proof, err)
		}
	}
	for _, token := range h.asked {
		if token == good.AccessToken || token == foreign.AccessToken || strings.HasPrefix(token, "firebase:") {
			t.Errorf("a token of this issuer was shown to Firebase: %.40s", token)
		}
	}
	if got := h.viewer(t, good.AccessToken); got.PersonID != mine.PersonID {
		t.Errorf("the good token stands for %s", got.PersonID)
	}
}

// What is not a token of ours is Firebase's to judge, and nobody's without Firebase.
func TestOtherTokensGoToFirebase(t *testing.T) {
	h := open(t)
	if v := h.viewer(t, "firebase:uid-1"); !v.SignedIn() || v.SessionID != "" {
		t.Errorf("a Firebase user is %+v", v)
	}
	h.FirebaseUser = nil
	_, err := h.Authenticate(t.Context(), "firebase:uid-1")
	code(t, err, fault.Unauthenticated)
	_, err = h.SignInWithFirebase(t.Context(), "firebase:uid-1")
	code(t, err, fault.Forbidden)
}

func TestOurTokensAreNoFirebaseTokens(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	for _, token := range []string{tokens.AccessToken, tokens.RefreshToken} {
		if got, err := h.SignInWithFirebase(t.Context(), token); fault.CodeOf(err) != fault.Unauthenticated || got != nil {
			t.Errorf("opens %+v, %v", got, err)
		}
	}
}

func TestAccessTokensEnd(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	proof, err := h.Authenticate(t.Context(), tokens.AccessToken)
	if err != nil || !proof.ExpiresAt.Equal(tokens.AccessTokenExpiresAt) {
		t.Fatalf("proof until %v, the client was told %v: %v", proof, tokens.AccessTokenExpiresAt, err)
	}
	h.clock.Turn(accessTTL - 2*time.Second)
	h.viewer(t, tokens.AccessToken)
	h.clock.Turn(3 * time.Second)
	_, err = h.Authenticate(t.Context(), tokens.AccessToken)
	code(t, err, fault.Unauthenticated)
	if _, err := h.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Errorf("an ended access token took its session with it: %v", err)
	}
}

func TestForgedRefreshTokens(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	session := h.viewer(t, tokens.AccessToken).SessionID
	victim := h.viewer(t, h.signIn(t, "fanglei").AccessToken).SessionID
	seal := tokens.RefreshToken[strings.LastIndexByte(tokens.RefreshToken, '.')+1:]
	if tokens.RefreshToken != session+".1."+seal {
		t.Fatalf("a refresh token has another form by now: %s", tokens.RefreshToken)
	}
	for name, token := range map[string]string{
		"nothing":            "",
		"dots":               "..",
		"the seal alone":     seal,
		"no seal":            session + ".1.",
		"another session":    victim + ".1." + seal,
		"a new session":      id.New(id.Session) + ".1." + seal,
		"a later generation": session + ".2." + seal,
		"generation 01":      session + ".01." + seal,
		"no generation":      session + "." + seal,
		"a moved dot":        session + "1.." + seal,
		"an extra part":      session + ".1.0." + seal,
		"a changed seal":     session + ".1." + strings.Repeat("A", len(seal)),
		"a longer seal":      session + ".1." + seal + "A",
		"a shorter seal":     session + ".1." + seal[:len(seal)-1],
		"a padded seal":      session + ".1." + seal + "=",
		"an access token":    tokens.AccessToken,
		"oversize":           strings.Repeat("s", 1<<20) + ".1." + seal,
		"with a NUL":         session + ".1\x00." + seal,
	} {
		got, err := h.Refresh(t.Context(), token)
		if fault.CodeOf(err) != fault.Unauthenticated || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		safe(t, err, seal, session)
	}
	// None of that has spent the good one.
	if _, err := h.Refresh(t.Context(), tokens.RefreshToken); err != nil {
		t.Errorf("the good token is refused: %v", err)
	}
}

func TestTokensOfAnotherKeyAreStrangers(t *testing.T) {
	h := open(t)
	tokens := h.signIn(t, "chenjing")
	elsewhere := *h.Accounts
	elsewhere.Mint = identity.Mint{Key: bytes.Repeat([]byte("x"), 32), Clock: h.clock, AccessTTL: accessTTL, RefreshTTL: refreshTTL}
	_, err := elsewhere.Authenticate(t.Context(), tokens.AccessToken)
	code(t, err, fault.Unauthenticated)
	_, err = elsewhere.Refresh(t.Context(), tokens.RefreshToken)
	code(t, err, fault.Unauthenticated)
}

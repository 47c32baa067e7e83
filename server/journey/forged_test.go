package journey_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"citygraph/internal/clock"
	"citygraph/internal/fake/jwksfake"
	"citygraph/internal/wechat"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

// forge is what an attacker has: two genuine tokens of their own, every public key, a Firebase project of their own,
// and a server to which a header may lead.
type forge struct {
	t       *testing.T
	city    *citytest.City
	google  *jwksfake.Server
	project *jwksfake.Server // the attacker's own
	own     *rsa.PrivateKey
	lair    string // the attacker's server
	led     atomic.Int64
	nothing citytest.Answer // to a bearer that is no token
	refused citytest.Answer // to a sign-in with what is no token
}

func openForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{t: t, project: jwksfake.New("another-project", clock.System{})}
	var option citytest.Option
	f.google, option = withFirebase(t)
	f.city = citytest.Start(t, option, func(o *wiring.Options) { o.WechatAPI = wechat.Sandbox{} })
	lair := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.led.Add(1)
		f.project.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(lair.Close)
	f.lair = lair.URL
	var err error
	if f.own, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	f.nothing = f.city.With(t, "no.token.atall").Do("HomeScreen", nil)
	f.refused = signInWithFirebase(f.city.Visitor(t), "no.token.atall")
	return f
}

// opensNothing tries a token as bearer and for a session: both answer as to what is no token at all. A token that
// cannot be in a header is tried for a session alone.
func (f *forge) opensNothing(name, token string) {
	f.t.Helper()
	if !strings.ContainsAny(token, "\n\r\x00") && strings.TrimSpace(token) == token && len(token) < 10_000 {
		got := f.city.With(f.t, token).Do("HomeScreen", nil)
		if got.Status != http.StatusUnauthorized || !bytes.Equal(got.Body, f.nothing.Body) || got.Code() != "UNAUTHENTICATED" {
			f.t.Errorf("%s: as bearer %d %.300s", name, got.Status, got.Body)
		}
	}
	got := signInWithFirebase(f.city.Visitor(f.t), token)
	if got.Code() != "UNAUTHENTICATED" || !bytes.Equal(got.Body, f.refused.Body) {
		f.t.Errorf("%s: for a session %d %.300s", name, got.Status, got.Body)
	}
}

// sign makes a token with a header and claims of the attacker's choice.
func (f *forge) sign(method jwt.SigningMethod, key any, claims jwt.MapClaims, header map[string]any) string {
	f.t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(key)
	if err != nil {
		f.t.Fatal(err)
	}
	return text
}

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// jwk is a public key as a header carries it.
func jwk(kid string, key *rsa.PublicKey) map[string]any {
	return map[string]any{"kty": "RSA", "alg": "RS256", "kid": kid, "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes())}
}

func TestForgedFirebaseTokensOpenNothing(t *testing.T) {
	f := openForge(t)
	kid, key := f.google.SigningKey()
	theirKid, theirKey := f.project.SigningKey()
	good := f.google.Claims(user("uid-victim"))
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	publicPKCS1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})
	published, err := json.Marshal(jwk(kid, &key.PublicKey))
	if err != nil {
		t.Fatal(err)
	}

	for name, secret := range map[string][]byte{
		"PEM": publicPEM, "PEM without its line end": bytes.TrimSpace(publicPEM), "PKCS 1": publicPKCS1, "DER": der,
		"modulus": key.N.Bytes(), "JWK": published, "kid": []byte(kid), "nothing": {},
	} {
		for _, method := range []*jwt.SigningMethodHMAC{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
			f.opensNothing(method.Alg()+" with the public key as secret: "+name, f.sign(method, secret, good, map[string]any{"kid": kid}))
		}
	}
	genuine := f.google.Mint(user("uid-attacker"))
	signature := genuine[strings.LastIndexByte(genuine, '.')+1:]
	claims, err := json.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "RS256 ", "rs256", "HS256", "ES256", "EdDSA", "RS384", "dir"} {
		for _, end := range []string{"", signature} {
			f.opensNothing(fmt.Sprintf("alg %q signed %.3q", alg, end), part(fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"JWT"}`, alg, kid))+"."+part(string(claims))+"."+end)
		}
	}
	for _, header := range []string{
		`{"alg":"none","alg":"RS256","kid":"` + kid + `"}`, `{"alg":"RS256","alg":"none","kid":"` + kid + `"}`,
		`{"Alg":"none","kid":"` + kid + `"}`, `{"alg":["none"],"kid":"` + kid + `"}`, `{"alg":null}`, `[]`, `null`, `""`, `{`,
		`{"alg":"RS256","kid":"` + kid + `","b64":false,"crit":["b64"]}`, `{"alg":"RS256","kid":"` + kid + `","zip":"DEF"}`,
	} {
		for _, end := range []string{"", signature} {
			f.opensNothing("header "+header, part(header)+"."+part(string(claims))+"."+end)
		}
	}
	for name, forgedKid := range map[string]any{
		"ours": kid, "their own": theirKid, "empty": "", "a path": "../../../../dev/null", "a URL": f.lair + jwksfake.JWKPath, "SQL": "x' UNION SELECT 'key",
		"a command": "|/bin/true", "a NUL": "a\x00b", "a number": 1, "null": nil, "a list": []string{kid}, "huge": strings.Repeat("k", 3000),
	} {
		f.opensNothing("kid is "+name, f.sign(jwt.SigningMethodRS256, f.own, good, map[string]any{"kid": forgedKid}))
		f.opensNothing("kid is "+name+", by another project's key", f.sign(jwt.SigningMethodRS256, theirKey, good, map[string]any{"kid": forgedKid}))
	}
	for name, value := range map[string]any{
		"jku": f.lair + jwksfake.JWKPath, "x5u": f.lair + jwksfake.X509Path, "jwk": jwk("mine", &f.own.PublicKey),
		"x5c": []string{base64.StdEncoding.EncodeToString(der)}, "crit": []string{"exp"}, "iss": f.lair,
	} {
		f.opensNothing("header "+name, f.sign(jwt.SigningMethodRS256, f.own, good, map[string]any{"kid": "mine", name: value}))
		f.opensNothing("header "+name+" under our kid", f.sign(jwt.SigningMethodRS256, f.own, good, map[string]any{"kid": kid, name: value}))
		if name != "iss" {
			f.opensNothing("header "+name+" though genuine", f.sign(jwt.SigningMethodRS256, key, good, map[string]any{"kid": kid, name: value}))
		}
	}
	now := time.Now().Unix()
	for name, changes := range map[string]map[string]any{
		"another project":        {"aud": "another-project", "iss": "https://securetoken.google.com/another-project"},
		"another audience":       {"aud": "another-project"},
		"our audience and more":  {"aud": []string{"citygraph-test", "another-project"}},
		"an audience like ours":  {"aud": "citygraph-test "},
		"another issuer":         {"iss": f.lair + "/citygraph-test"},
		"Google, not Firebase":   {"iss": "https://accounts.google.com"},
		"a session cookie":       {"iss": "https://session.firebase.google.com/citygraph-test"},
		"our own issuer":         {"iss": "citygraph"},
		"expired":                {"iat": now - 7200, "auth_time": now - 7200, "exp": now - 3600},
		"without end":            {"exp": nil},
		"with an endless end":    {"exp": 1e300},
		"not valid yet":          {"nbf": now + 3600},
		"of tomorrow":            {"iat": now + 86400, "exp": now + 90000},
		"signed in tomorrow":     {"auth_time": now + 86400},
		"nobody's":               {"sub": nil},
		"nobody's in particular": {"sub": ""},
		"several people's":       {"sub": []string{"uid-1", "uid-2"}},
		"a long name's":          {"sub": strings.Repeat("u", 129)},
		"oversized":              {"padding": strings.Repeat("x", 5000)},
		"hugely oversized":       {"padding": strings.Repeat("x", 20_000)},
	} {
		f.opensNothing(name, f.google.Mint(changes))
	}
	for _, alg := range []jwt.SigningMethod{jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256} {
		f.opensNothing(alg.Alg()+" by the right key", f.sign(alg, key, good, map[string]any{"kid": kid}))
	}
	f.opensNothing("another project's token", f.project.Mint(nil))
	if n := f.led.Load(); n != 0 {
		t.Errorf("tokens led the city to an attacker's server %d times", n)
	}
	f.altered(genuine)
	if me(t, f.city.With(t, genuine)) == "" {
		t.Error("the genuine token is nobody's")
	}
}

// altered tries a genuine token with every bit of its signature turned, every character before it replaced, and
// written in every other way that some decoder would take for the same.
func (f *forge) altered(genuine string) {
	f.t.Helper()
	dot := strings.LastIndexByte(genuine, '.')
	signature, err := base64.RawURLEncoding.DecodeString(genuine[dot+1:])
	if err != nil {
		f.t.Fatal(err)
	}
	for bit := range len(signature) * 8 {
		signature[bit/8] ^= 1 << (bit % 8)
		f.refusesBearer(fmt.Sprintf("bit %d turned", bit), genuine[:dot+1]+base64.RawURLEncoding.EncodeToString(signature))
		signature[bit/8] ^= 1 << (bit % 8)
	}
	for i := range dot {
		other := byte('A')
		if genuine[i] == 'A' {
			other = 'B'
		}
		f.refusesBearer(fmt.Sprintf("character %d replaced", i), genuine[:i]+string(other)+genuine[i+1:])
	}
	middle := dot + (len(genuine)-dot)/2
	for name, token := range map[string]string{
		"a line break in the signature": genuine[:middle] + "\n" + genuine[middle:],
		"a return in the signature":     genuine[:middle] + "\r" + genuine[middle:],
		"a line break at the end":       genuine + "\n",
		"a line break at the beginning": "\n" + genuine,
		"a line break in the claims":    genuine[:dot-10] + "\n" + genuine[dot-10:],
		"a blank in the signature":      genuine[:middle] + " " + genuine[middle:],
		"a blank at the end":            genuine + " \t",
		"padding":                       genuine + "=",
		"full padding":                  genuine + "==",
		"padded parts":                  strings.ReplaceAll(genuine, ".", "=."),
		"the other alphabet":            genuine[:dot+1] + base64.RawStdEncoding.EncodeToString(signature[:len(signature)-1]) + "+/",
		"loose bits at the end":         genuine[:len(genuine)-1] + string(genuine[len(genuine)-1]+1),
		"a dot more":                    genuine + ".",
		"a dot before":                  "." + genuine,
		"a part more":                   genuine + genuine[dot:],
		"a part less":                   genuine[:dot],
		"no signature":                  genuine[:dot+1],
		"half a signature":              genuine[:middle],
		"the scheme twice":              "Bearer " + genuine,
		"in quotes":                     `"` + genuine + `"`,
		"a NUL at the end":              genuine + "\x00",
	} {
		f.opensNothing(name, token)
	}
}

// refusesBearer is for tokens by the thousand.
func (f *forge) refusesBearer(name, token string) {
	f.t.Helper()
	if got := f.city.With(f.t, token).Do("HomeScreen", nil); !bytes.Equal(got.Body, f.nothing.Body) {
		f.t.Errorf("%s: %d %.300s", name, got.Status, got.Body)
	}
}

// A session's access token is neither to be forged nor of use in the place of Google's, and no token of one kind is
// taken for another.
func TestForgedAccessTokensOpenNothing(t *testing.T) {
	f := openForge(t)
	attacker := byWechat(t, f.city, "dev:attacker")
	victim := byWechat(t, f.city, "dev:victim")
	tokens, err := f.city.Accounts.SignInWithWechat(t.Context(), "dev:attacker")
	if err != nil {
		t.Fatal(err)
	}
	claimsOf := func(token string) jwt.MapClaims {
		claims := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
			t.Fatal(err)
		}
		return claims
	}
	good := claimsOf(victim.Token)
	_, googleKey := f.google.SigningKey()
	root := bytes.Repeat([]byte("k"), 32) // as citytest has it
	derived := func(purpose string) []byte {
		mac := hmac.New(sha256.New, root)
		mac.Write([]byte("citygraph " + purpose + " token"))
		return mac.Sum(nil)
	}
	if me(t, f.city.With(t, f.sign(jwt.SigningMethodHS256, derived("access"), good, nil))) == "" {
		t.Fatal("the key is made otherwise by now, and what follows proves nothing")
	}
	with := func(name string, value any) jwt.MapClaims {
		changed := claimsOf(victim.Token)
		changed[name] = value
		if value == nil {
			delete(changed, name)
		}
		return changed
	}
	for name, token := range map[string]string{
		"alg none":                   f.sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good, nil),
		"RS256 by Google's key":      f.sign(jwt.SigningMethodRS256, googleKey, good, nil),
		"RS256 by one's own":         f.sign(jwt.SigningMethodRS256, f.own, good, map[string]any{"jwk": jwk("mine", &f.own.PublicKey)}),
		"a jku":                      f.sign(jwt.SigningMethodRS256, f.own, good, map[string]any{"jku": f.lair + jwksfake.JWKPath}),
		"HS384 by the right key":     f.sign(jwt.SigningMethodHS384, derived("access"), good, nil),
		"HS512 by the right key":     f.sign(jwt.SigningMethodHS512, derived("access"), good, nil),
		"the root key":               f.sign(jwt.SigningMethodHS256, root, good, nil),
		"the key of refresh tokens":  f.sign(jwt.SigningMethodHS256, derived("refresh"), good, nil),
		"an empty key":               f.sign(jwt.SigningMethodHS256, []byte{}, good, nil),
		"expired":                    f.sign(jwt.SigningMethodHS256, derived("access"), with("exp", time.Now().Unix()-1), nil),
		"without end":                f.sign(jwt.SigningMethodHS256, derived("access"), with("exp", nil), nil),
		"not valid yet":              f.sign(jwt.SigningMethodHS256, derived("access"), with("nbf", time.Now().Unix()+3600), nil),
		"without a session":          f.sign(jwt.SigningMethodHS256, derived("access"), with("sid", nil), nil),
		"of no session":              f.sign(jwt.SigningMethodHS256, derived("access"), with("sid", "session_01J00000000000000000000000"), nil),
		"Google's name":              f.sign(jwt.SigningMethodHS256, derived("access"), with("iss", "https://securetoken.google.com/citygraph-test"), nil),
		"the session's id":           fmt.Sprint(good["sid"]),
		"a refresh token":            tokens.RefreshToken,
		"the attacker's, of another": attacker.Token[:strings.LastIndexByte(attacker.Token, '.')] + victim.Token[strings.LastIndexByte(victim.Token, '.'):],
		"Google's with our issuer":   f.google.Mint(map[string]any{"iss": "citygraph", "sid": good["sid"]}),
		"Google's with two issuers":  f.google.Mint(map[string]any{"iss": []string{"citygraph", "https://securetoken.google.com/citygraph-test"}}),
		"oversized":                  attacker.Token[:strings.LastIndexByte(attacker.Token, '.')] + "." + strings.Repeat("A", 9000),
	} {
		f.opensNothing(name, token)
	}
	// Each is good in its own place only.
	if got := signInWithFirebase(f.city.Visitor(t), attacker.Token); !bytes.Equal(got.Body, f.refused.Body) {
		t.Errorf("a mini-program's token is taken for Google's: %s", got.Body)
	}
	nothing := refresh(f.city.Visitor(t), "no.token.atall")
	for name, token := range map[string]string{"an access token": attacker.Token, "an ID token": f.google.Mint(nil)} {
		if got := refresh(f.city.Visitor(t), token); got.Code() != "UNAUTHENTICATED" || !bytes.Equal(got.Body, nothing.Body) {
			t.Errorf("%s refreshes: %s", name, got.Body)
		}
	}
	if n := f.led.Load(); n != 0 {
		t.Errorf("tokens led the city to an attacker's server %d times", n)
	}
	dot := strings.LastIndexByte(attacker.Token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(attacker.Token[dot+1:])
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(signature) * 8 {
		signature[bit/8] ^= 1 << (bit % 8)
		f.refusesBearer(fmt.Sprintf("bit %d turned", bit), attacker.Token[:dot+1]+base64.RawURLEncoding.EncodeToString(signature))
		signature[bit/8] ^= 1 << (bit % 8)
	}
	for i := range 4 {
		loose := attacker.Token[:len(attacker.Token)-1] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[looseBits(attacker.Token, i)])
		if loose != attacker.Token {
			f.refusesBearer("loose bits at the end", loose)
		}
	}
	if me(t, attacker) == "" || me(t, victim) == "" {
		t.Error("the genuine tokens are nobody's")
	}
}

// looseBits is the place in the alphabet of a token's last character with its two unused bits set to i.
func looseBits(token string, i int) int {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return strings.IndexByte(alphabet, token[len(token)-1])&^3 | i
}

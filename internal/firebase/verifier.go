// Package firebase verifies the Firebase ID tokens with which the citizen app signs in.
package firebase

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/rs/zerolog"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
)

// DefaultKeysURL is where Google publishes the keys that sign ID tokens, as a JWK set.
const DefaultKeysURL = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"

const (
	issuerPrefix  = "https://securetoken.google.com/"
	maxTokenBytes = 4096
	maxKeyIDBytes = 128
	leeway        = 30 * time.Second
)

// Options say whose tokens are accepted and where the keys come from.
type Options struct {
	ProjectID  string         // the Firebase project; required
	KeysURL    string         // a JWK set or a map of key id to x509 PEM; DefaultKeysURL when empty
	HTTPClient *http.Client   // http.DefaultClient when nil; every fetch has its own deadline
	Clock      clock.Clock    // clock.System when nil
	Log        zerolog.Logger // told of failing key fetches

	// Emulator accepts the unsigned tokens of the Firebase Auth emulator and nothing else. Anybody can
	// make such a token: the configuration refuses it in production.
	Emulator bool
}

// Verifier checks ID tokens. It is safe for concurrent use.
type Verifier struct {
	project string
	parser  *jwt.Parser
	clock   clock.Clock
	keys    *keyring // nil for the emulator
}

// New starts a verifier. It does not wait for the keys, so a process starts while Google is out of
// reach; the first Verify waits for them. Close ends the background refresh.
func New(o Options) (*Verifier, error) {
	if o.ProjectID == "" {
		return nil, errors.New("firebase: no project id")
	}
	if o.KeysURL == "" {
		o.KeysURL = DefaultKeysURL
	}
	if o.HTTPClient == nil {
		o.HTTPClient = http.DefaultClient
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	v := &Verifier{project: o.ProjectID, clock: o.Clock}
	method := jwt.SigningMethodRS256.Alg()
	if o.Emulator {
		method = jwt.SigningMethodNone.Alg()
	} else {
		v.keys = openKeyring(fetcher{url: o.KeysURL, client: o.HTTPClient}, o.Clock, o.Log)
	}
	v.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{method}),
		jwt.WithIssuer(issuerPrefix+o.ProjectID),
		jwt.WithAudience(o.ProjectID),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(o.Clock.Now),
		jwt.WithStrictDecoding(),
	)
	return v, nil
}

// Close ends the background refresh and waits for it. Verify goes on with the keys it has.
func (v *Verifier) Close() {
	if v.keys != nil {
		v.keys.close()
	}
}

// Verify returns what a genuine ID token says of its bearer. Faults: UNAUTHENTICATED for a token that
// is not genuine, not current or not of this project; INTERNAL when no key could be fetched yet, since
// the token may be good and the app must not sign its user out.
func (v *Verifier) Verify(ctx context.Context, idToken string) (Claims, error) {
	if len(idToken) > maxTokenBytes {
		return Claims{}, refused(fmt.Errorf("%d bytes is too long", len(idToken)))
	}
	if strings.ContainsAny(idToken, "\r\n") {
		return Claims{}, refused(errors.New("line breaks, which base64 decoders pass over"))
	}
	var p payload
	_, err := v.parser.ParseWithClaims(idToken, &p, func(t *jwt.Token) (any, error) { return v.key(ctx, t) })
	switch {
	case err == nil:
	case errors.Is(err, errNoKeys), ctx.Err() != nil:
		return Claims{}, fault.Internal(fmt.Errorf("firebase: verify: %w", err))
	default:
		return Claims{}, refused(err)
	}
	if err := p.check(v.clock.Now()); err != nil {
		return Claims{}, refused(err)
	}
	return p.claims(), nil
}

// keyHeaders name or carry a key of the token's own choosing, or demand extensions we do not know.
// Google sends none of them.
var keyHeaders = [...]string{"jku", "jwk", "x5u", "x5c", "crit"}

func (v *Verifier) key(ctx context.Context, t *jwt.Token) (any, error) {
	for _, h := range keyHeaders {
		if _, there := t.Header[h]; there {
			return nil, fmt.Errorf("header %s is not allowed", h)
		}
	}
	if v.keys == nil {
		return jwt.UnsafeAllowNoneSignatureType, nil
	}
	kid, _ := t.Header["kid"].(string)
	if kid == "" || len(kid) > maxKeyIDBytes {
		return nil, errors.New("no usable key id")
	}
	return v.keys.find(ctx, kid)
}

func refused(cause error) error {
	return fault.New(fault.Unauthenticated).Because(fmt.Errorf("firebase: %w", cause))
}

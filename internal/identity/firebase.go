package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"citygraph/internal/cache"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
)

const (
	// standingFresh is how long a bearer token may outlive its revocation in Firebase.
	standingFresh = 30 * time.Second
	// unaskedGrace is how young a bearer token must be to be believed while Firebase cannot be asked: it
	// gave the token to an account that stood.
	unaskedGrace = 15 * time.Minute
)

var errRevoked = errors.New("revoked, disabled or deleted in Firebase")

// exchanged is the account of an ID token that is to open a session. A session outlives its token by far, so
// Firebase is asked each time, and must answer: UNAUTHENTICATED for a token that is not good or revoked,
// INTERNAL while nobody can tell, since the token may be good and the app must not sign its user out.
func (a *Accounts) exchanged(ctx context.Context, idToken string) (uid string, err error) {
	claims, err := a.FirebaseUser(ctx, idToken)
	if err != nil || a.FirebaseStanding == nil {
		return claims.UID, err
	}
	standing, err := a.FirebaseStanding(ctx, claims.UID)
	switch {
	case err != nil:
		return "", fault.Internal(err)
	case !standing.Holds(claims.AuthTime):
		return "", fault.New(fault.Unauthenticated).Because(errRevoked)
	}
	return claims.UID, nil
}

// known is what Firebase said of an account, or that it did not answer.
type known struct {
	Standing firebase.Standing
	Answered bool
}

// borne is what an ID token says that comes with a request. UNAUTHENTICATED for one that is not good or
// revoked, and, while Firebase cannot be asked, for one past its grace: the app gets a younger one.
func (a *Accounts) borne(ctx context.Context, idToken string) (firebase.Claims, error) {
	claims, err := a.FirebaseUser(ctx, idToken)
	if err != nil || a.FirebaseStanding == nil {
		return claims, err
	}
	// Silence is kept like an answer: not every request is to wait for a Google out of reach.
	said, err := cache.Fetch(ctx, a.Cache, "identity:standing:"+digest(claims.UID), standingFresh, func(ctx context.Context) (known, error) {
		standing, silence := a.FirebaseStanding(ctx, claims.UID)
		return known{Standing: standing, Answered: silence == nil}, nil
	})
	switch age := a.Clock.Now().Sub(claims.IssuedAt); {
	case err != nil:
		return firebase.Claims{}, fmt.Errorf("ask after a Firebase account: %w", err)
	case said.Answered && !said.Standing.Holds(claims.AuthTime):
		return firebase.Claims{}, fault.New(fault.Unauthenticated).Because(errRevoked)
	case !said.Answered && age > unaskedGrace:
		return firebase.Claims{}, fault.New(fault.Unauthenticated).Because(fmt.Errorf("Firebase is out of reach and the token is %s old", age))
	}
	return claims, nil
}

// digest stands for an account in the names of cached values, which are for all of Redis to see.
func digest(firebaseUID string) string {
	sum := sha256.Sum256([]byte(firebaseUID))
	return hex.EncodeToString(sum[:])
}

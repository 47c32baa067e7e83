package identity

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db/identity"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/cache"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/viewer"
)

// rolesFresh is how long a change of somebody's staff roles may take to be noticed.
const rolesFresh = 30 * time.Second

// accountFresh is how long a replica may take to notice that a Firebase account has joined another person.
const accountFresh = 30 * time.Second

// Proof is a sign-in that held for this request.
type Proof struct {
	Viewer    *viewer.Viewer
	ExpiresAt time.Time // when the token ends
}

// Authenticate turns a bearer token, ours or Firebase's, into a viewer with their roles. A token of
// ours is good while its session is: the session row is read every time, so that from the commit that
// ends a session nothing succeeds under it. Returns UNAUTHENTICATED.
func (a *Accounts) Authenticate(ctx context.Context, bearer string) (*Proof, error) {
	if ours(bearer) {
		return a.bySession(ctx, bearer)
	}
	if a.FirebaseUser == nil {
		return nil, fault.New(fault.Unauthenticated)
	}
	uid, expires, err := a.FirebaseUser(ctx, bearer)
	if err != nil {
		return nil, err
	}
	language := lang.From(ctx) // which a cache load does not inherit, and a new person is made with
	personID, err := cache.Fetch(ctx, a.Cache, accountKey(uid), accountFresh, func(ctx context.Context) (string, error) {
		return a.personFor(lang.With(ctx, language), identity.ProviderFirebase, uid)
	})
	if err != nil {
		return nil, err
	}
	return a.proof(ctx, personID, "", expires)
}

func accountKey(firebaseUID string) string { return "identity:firebase:" + firebaseUID }

func (a *Accounts) bySession(ctx context.Context, bearer string) (*Proof, error) {
	claims, err := a.Mint.access(bearer)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated).Because(err)
	}
	live, err := a.live(viewer.AsSystem(ctx, "an access token stands for its session"), claims.SessionID)
	if err != nil {
		return nil, err
	}
	return a.proof(ctx, live.PersonID, live.ID, claims.ExpiresAt.Time)
}

// Ended returns a channel that closes when the viewer's session ends, watched until ctx does. The
// session row decides; a wake-up is only the hint to look.
func (a *Accounts) Ended(ctx context.Context, sessionID string) <-chan struct{} {
	ended := make(chan struct{})
	wake := a.Hub.Subscribe(ctx, sessionTopic(sessionID))
	go func() {
		defer wake.Close()
		for { // the first look is for a session that ended while the watch was set up
			_, err := a.live(viewer.AsSystem(ctx, "an open connection stands for its session"), sessionID)
			if fault.CodeOf(err) == fault.Unauthenticated {
				close(ended)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-wake.C():
			}
		}
	}()
	return ended
}

// proof puts a person and their staff roles together.
func (a *Accounts) proof(ctx context.Context, personID, sessionID string, expires time.Time) (*Proof, error) {
	roles, err := cache.Fetch(ctx, a.Cache, "roles:"+personID, rolesFresh, func(ctx context.Context) ([]viewer.Role, error) {
		held, err := a.DB.StaffRole.Query().Where(staffrole.PersonID(personID)).
			All(viewer.AsSystem(ctx, "roles are read to know the viewer"))
		if err != nil {
			return nil, err
		}
		roles := make([]viewer.Role, len(held))
		for i, r := range held {
			roles[i] = viewer.Role{Kind: viewer.RoleKind(r.Kind), OrganisationID: r.OrganisationID}
		}
		return roles, nil
	})
	if err != nil {
		return nil, fmt.Errorf("load roles: %w", err)
	}
	v := &viewer.Viewer{PersonID: personID, SessionID: sessionID, Roles: roles}
	return &Proof{Viewer: v, ExpiresAt: expires}, nil
}

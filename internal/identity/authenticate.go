package identity

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db/identity"
	"citygraph/ent/db/person"
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
	claims, err := a.borne(ctx, bearer)
	if err != nil {
		return nil, err
	}
	language := lang.From(ctx) // which a cache load does not inherit, and a new person is made with
	personID, err := cache.Fetch(ctx, a.Cache, accountKey(claims.UID), accountFresh, func(ctx context.Context) (string, error) {
		return a.personFor(lang.With(ctx, language), identity.ProviderFirebase, claims.UID)
	})
	if err != nil {
		return nil, err
	}
	return a.proof(ctx, personID, "", claims.ExpiresAt)
}

func accountKey(firebaseUID string) string { return "identity:firebase:" + digest(firebaseUID) }

func rolesKey(personID string) string { return "roles:" + personID }

func (a *Accounts) bySession(ctx context.Context, bearer string) (*Proof, error) {
	claims, err := a.Mint.access(bearer)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated).Because(err)
	}
	live, err := a.live(viewer.AsSystem(ctx, "an access token stands for its session"), claims.SessionID)
	if err != nil {
		return nil, err
	}
	proof, err := a.proof(ctx, live.PersonID, live.ID, claims.ExpiresAt.Time)
	if err == nil {
		proof.Viewer.SignedInAt = live.CreatedAt
	}
	return proof, err
}

// Ended calls ended once the viewer's session has ended, unless ctx ends first. The session row
// decides; a wake-up is only the hint to look.
func (a *Accounts) Ended(ctx context.Context, sessionID string, ended func()) {
	a.watch(ctx, sessionTopic(sessionID), ended, func() bool {
		_, err := a.live(viewer.AsSystem(ctx, "an open connection stands for its session"), sessionID)
		return fault.CodeOf(err) == fault.Unauthenticated
	})
}

// Gone is Ended for a viewer without a session of ours: it calls gone once their account has ended.
func (a *Accounts) Gone(ctx context.Context, personID string, gone func()) {
	a.watch(ctx, accountTopic(personID), gone, func() bool {
		is, err := a.DB.Person.Query().Where(person.ID(personID), person.DeletedAtNotNil()).
			Exist(viewer.AsSystem(ctx, "an open connection stands for its account"))
		return err == nil && is
	})
}

// watch calls then once over holds, looked at once, for what ended before, and then at every wake-up.
func (a *Accounts) watch(ctx context.Context, topic string, then func(), over func() bool) {
	a.Hub.Follow(ctx, func() bool {
		if !over() {
			return true
		}
		then()
		return false
	}, func() {}, topic)
}

// proof puts a person and their staff roles together.
func (a *Accounts) proof(ctx context.Context, personID, sessionID string, expires time.Time) (*Proof, error) {
	roles, err := cache.Fetch(ctx, a.Cache, rolesKey(personID), rolesFresh, func(ctx context.Context) ([]viewer.Role, error) {
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

package identity

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/session"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/lang"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// SignInWithWechat opens a session for the account behind a wx.login code. Anyone may. A code WeChat
// refuses is BAD_USER_INPUT; a city without a mini-program answers FORBIDDEN.
func (a *Accounts) SignInWithWechat(ctx context.Context, code string) (*Tokens, error) {
	if a.WechatUser == nil {
		return nil, fault.New(fault.Forbidden)
	}
	if err := a.Limit(ctx); err != nil {
		return nil, err
	}
	openID, err := a.WechatUser(ctx, code)
	if err != nil {
		return nil, err
	}
	return a.signIn(ctx, identity.ProviderWechat, openID, session.ClientMiniProgram)
}

// SignInWithFirebase opens a session for the user of a Firebase ID token. Anyone may. A token that is
// not good, or revoked in Firebase, is UNAUTHENTICATED; a city without a Firebase project answers FORBIDDEN.
func (a *Accounts) SignInWithFirebase(ctx context.Context, idToken string) (*Tokens, error) {
	if a.FirebaseUser == nil {
		return nil, fault.New(fault.Forbidden)
	}
	if err := a.Limit(ctx); err != nil {
		return nil, err
	}
	uid, err := a.exchanged(ctx, idToken)
	if err != nil {
		return nil, err
	}
	return a.signIn(ctx, identity.ProviderFirebase, uid, session.ClientApp)
}

// SignInForDevelopment opens a session for a member of the demo cast. It is reached from the command
// line only. NOT_FOUND when there is no such member.
func (a *Accounts) SignInForDevelopment(ctx context.Context, name string) (*Tokens, error) {
	found, err := a.account(ctx, identity.ProviderDevelopment, name)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, found, session.ClientDevelopment)
}

func (a *Accounts) signIn(ctx context.Context, p identity.Provider, subject string, c session.Client) (*Tokens, error) {
	personID, err := a.personFor(ctx, p, subject)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, personID, c)
}

// personFor returns the person behind a provider's account, and makes one at its first sign-in. Until
// the person is bound by real name, nothing but the account is known of them.
func (a *Accounts) personFor(ctx context.Context, p identity.Provider, subject string) (string, error) {
	personID, err := a.account(ctx, p, subject)
	if fault.CodeOf(err) != fault.NotFound {
		return personID, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "a first sign-in makes the person who signs in")
		person, err := a.DB.Person.Create().SetLanguage(string(lang.From(ctx))).Save(system)
		if err != nil {
			return fmt.Errorf("make person: %w", err)
		}
		personID = person.ID
		return a.DB.Identity.Create().SetProvider(p).SetSubject(subject).SetPersonID(person.ID).Exec(system)
	})
	if _, taken := store.IsUniqueViolation(err); taken {
		return a.account(ctx, p, subject) // another request of the same first sign-in was quicker
	}
	if err != nil {
		return "", fmt.Errorf("bind account: %w", err)
	}
	return personID, nil
}

// account looks up the person of a provider's account; NOT_FOUND when it has none.
func (a *Accounts) account(ctx context.Context, p identity.Provider, subject string) (string, error) {
	found, err := a.DB.Identity.Query().
		Where(identity.ProviderEQ(p), identity.Subject(subject)).
		Only(viewer.AsSystem(ctx, "sign-in looks up whose account it is"))
	if db.IsNotFound(err) {
		return "", fault.New(fault.NotFound)
	}
	if err != nil {
		return "", fmt.Errorf("look up account: %w", err)
	}
	return found.PersonID, nil
}

// open starts a session and its first generation of tokens.
func (a *Accounts) open(ctx context.Context, personID string, c session.Client) (*Tokens, error) {
	var opened *db.Session
	err := a.Store.InTx(ctx, func(ctx context.Context) (err error) {
		opened, err = a.DB.Session.Create().
			SetPersonID(personID).SetClient(c).SetCreatedAt(a.Clock.Now()).SetExpiresAt(a.Clock.Now().Add(a.Mint.RefreshTTL)).
			Save(viewer.AsSystem(ctx, "a sign-in opens a session"))
		if err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		return audit.Record(viewer.With(ctx, &viewer.Viewer{PersonID: personID}), a.DB,
			audit.Deed{Action: "signIn", Subject: personID, TargetID: opened.ID})
	})
	if err != nil {
		return nil, err
	}
	return a.Mint.tokens(opened.ID, opened.PersonID, opened.Generation)
}

package identity_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/session"
	"citygraph/internal/fault"
	"citygraph/internal/identity"
	"citygraph/internal/lang"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func TestSignInOpensASessionOfItsClient(t *testing.T) {
	h := open(t)
	for want, in := range map[session.Client]func() (*identity.Tokens, error){
		session.ClientApp:         func() (*identity.Tokens, error) { return h.SignInWithFirebase(t.Context(), "firebase:uid-1") },
		session.ClientMiniProgram: func() (*identity.Tokens, error) { return h.SignInWithWechat(t.Context(), "wechat:open-1") },
		session.ClientDevelopment: func() (*identity.Tokens, error) { return h.SignInForDevelopment(t.Context(), "chenjing") },
	} {
		tokens, err := in()
		if err != nil {
			t.Fatal(err)
		}
		v := h.viewer(t, tokens.AccessToken)
		row := h.DB.Session.GetX(seedtest.System(t), v.SessionID)
		if row.Client != want || row.PersonID != v.PersonID || !row.ExpiresAt.Equal(tokens.RefreshTokenExpiresAt) {
			t.Errorf("%s opens %+v", want, row)
		}
		deed := h.DB.AuditEvent.Query().Where(auditevent.TargetID(v.SessionID)).OnlyX(seedtest.System(t))
		if deed.Action != "signIn" || deed.ActorID != v.PersonID || deed.SubjectID != v.PersonID {
			t.Errorf("%s is in the audit log as %+v", want, deed)
		}
	}
}

func TestTheSameAccountIsTheSamePerson(t *testing.T) {
	h := open(t)
	person := func(tokens *identity.Tokens, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h.viewer(t, tokens.AccessToken).PersonID
	}
	first := person(h.SignInWithWechat(t.Context(), "wechat:same"))
	if again := person(h.SignInWithWechat(t.Context(), "wechat:same")); again != first {
		t.Errorf("signs in as %s and %s", first, again)
	}
	if other := person(h.SignInWithWechat(t.Context(), "wechat:other")); other == first {
		t.Error("two accounts share a person")
	}
	if other := person(h.SignInWithFirebase(t.Context(), "firebase:same")); other == first {
		t.Error("one name at two providers shares a person before anyone is bound")
	}
	if bearer := h.viewer(t, "firebase:same").PersonID; bearer != person(h.SignInWithFirebase(t.Context(), "firebase:same")) {
		t.Error("a Firebase bearer is somebody else than its session")
	}
}

func TestAFirstSignInMakesOnePersonHoweverManyAsk(t *testing.T) {
	h := open(t)
	before := h.DB.Person.Query().CountX(seedtest.System(t))
	people := make(chan string, 20)
	var wg sync.WaitGroup
	for i := range cap(people) {
		wg.Go(func() {
			if i%2 == 0 { // a bearer is a first sign-in as well
				proof, err := h.Authenticate(t.Context(), "firebase:racer")
				if err != nil {
					t.Error(err)
					return
				}
				people <- proof.Viewer.PersonID
				return
			}
			tokens, err := h.SignInWithFirebase(t.Context(), "firebase:racer")
			if err != nil {
				t.Error(err)
				return
			}
			people <- h.viewer(t, tokens.AccessToken).PersonID
		})
	}
	wg.Wait()
	close(people)
	first := <-people
	for p := range people {
		if p != first {
			t.Errorf("signed in as %s and as %s", first, p)
		}
	}
	if made := h.DB.Person.Query().CountX(seedtest.System(t)) - before; made != 1 {
		t.Errorf("%d people were made", made)
	}
}

func TestAFirstSignInKeepsItsLanguage(t *testing.T) {
	h := open(t)
	english := lang.With(t.Context(), lang.EN)
	if _, err := h.SignInWithWechat(english, "wechat:jane"); err != nil {
		t.Fatal(err)
	}
	bearer, err := h.Authenticate(english, "firebase:jane")
	if err != nil {
		t.Fatal(err)
	}
	chinese := h.viewer(t, "firebase:zhang").PersonID
	for person, want := range map[string]lang.Tag{bearer.Viewer.PersonID: lang.EN, chinese: lang.ZH} {
		if got := h.DB.Person.GetX(seedtest.System(t), person).Language; got != string(want) {
			t.Errorf("a person who speaks %s will be pushed to in %s", want, got)
		}
	}
}

func TestRefusedSignInsLeaveNothing(t *testing.T) {
	h := open(t)
	people, sessions := h.DB.Person.Query().CountX(seedtest.System(t)), h.DB.Session.Query().CountX(seedtest.System(t))
	limited := *h.Accounts
	limited.Limit = func(context.Context) error { return fault.New(fault.RateLimited).After(time.Minute) }
	closed := *h.Accounts
	closed.WechatUser, closed.FirebaseUser = nil, nil
	for name, tt := range map[string]struct {
		in   func() (*identity.Tokens, error)
		want fault.Code
	}{
		"a bad code":      {func() (*identity.Tokens, error) { return h.SignInWithWechat(t.Context(), "bad") }, fault.BadUserInput},
		"a bad id token":  {func() (*identity.Tokens, error) { return h.SignInWithFirebase(t.Context(), "bad") }, fault.Unauthenticated},
		"not in the cast": {func() (*identity.Tokens, error) { return h.SignInForDevelopment(t.Context(), "nobody") }, fault.NotFound},
		"WeChat, limited": {func() (*identity.Tokens, error) { return limited.SignInWithWechat(t.Context(), "wechat:x") }, fault.RateLimited},
		"Firebase, limited": {func() (*identity.Tokens, error) {
			return limited.SignInWithFirebase(t.Context(), "firebase:x")
		}, fault.RateLimited},
		"no mini-program": {func() (*identity.Tokens, error) { return closed.SignInWithWechat(t.Context(), "wechat:x") }, fault.Forbidden},
		"no project":      {func() (*identity.Tokens, error) { return closed.SignInWithFirebase(t.Context(), "firebase:x") }, fault.Forbidden},
	} {
		tokens, err := tt.in()
		if fault.CodeOf(err) != tt.want || tokens != nil {
			t.Errorf("%s: %+v, %v", name, tokens, err)
		}
	}
	// The limit is asked before the provider, who has limits of their own.
	if len(h.asked) != 1 {
		t.Errorf("Firebase was asked about %q", h.asked)
	}
	if p, s := h.DB.Person.Query().CountX(seedtest.System(t)), h.DB.Session.Query().CountX(seedtest.System(t)); p != people || s != sessions {
		t.Errorf("%d people and %d sessions were made", p-people, s-sessions)
	}
}

func TestMe(t *testing.T) {
	h := open(t)
	_, err := identity.Me(t.Context(), h.DB.Person.Query())
	code(t, err, fault.Unauthenticated)
	ctx := viewer.With(t.Context(), h.viewer(t, h.signIn(t, "chenjing").AccessToken))
	q, err := identity.Me(ctx, h.DB.Person.Query())
	if err != nil {
		t.Fatal(err)
	}
	if me := q.OnlyX(ctx); me.ID != seedtest.Person(t, "chenjing") {
		t.Errorf("chenjing is %s", me.ID)
	}
}

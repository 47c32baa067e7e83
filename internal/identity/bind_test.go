package identity_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"citygraph/ent/db/device"
	"citygraph/ent/db/person"
	"citygraph/ent/db/personaldata"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/identity"
	"citygraph/internal/resident"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

func claim(order int) identity.Claim {
	digits := fmt.Sprintf("33010619880808%03d", order)
	return identity.Claim{Name: "林晓", IDNumber: digits + string(resident.Check(digits)), Proof: identity.SandboxProof}
}

// newcomer signs in by WeChat for the first time.
func (h *house) newcomer(t *testing.T, name string) (context.Context, *identity.Tokens) {
	t.Helper()
	tokens, err := h.SignInWithWechat(t.Context(), "wechat:"+name)
	if err != nil {
		t.Fatal(err)
	}
	return viewer.With(t.Context(), h.viewer(t, tokens.AccessToken)), tokens
}

func TestBindIdentity(t *testing.T) {
	h := open(t)
	ctx, tokens := h.newcomer(t, "lin")
	me := viewer.From(ctx).PersonID
	for range 2 { // the second changes nothing
		bound, err := h.BindIdentity(ctx, claim(2))
		if err != nil || bound.PersonID != me || bound.Tokens != nil {
			t.Fatalf("bound to %+v, %v", bound, err)
		}
	}
	row := h.DB.Person.GetX(ctx, me)
	if row.Name != "林*" || row.MaskedIDNumber != "330106********"+claim(2).IDNumber[14:] {
		t.Errorf("the person is %q %q", string(row.Name), row.MaskedIDNumber)
	}
	data, err := h.Records.Mine(ctx, me)
	if err != nil || data.Name != "林晓" || data.BirthDate != "1988-08-08" || data.Sex != resident.Female {
		t.Errorf("%v, %v", data, err)
	}
	_, err = h.BindIdentity(ctx, claim(4))
	code(t, err, fault.BadUserInput)
	if h.viewerOf(t, tokens) == nil {
		t.Error("binding ended the session")
	}
}

// The second account of a person joins the first: phones and sign-in move, the session is a new one.
func TestASecondAccountJoinsThePerson(t *testing.T) {
	h := open(t)
	var joined []identity.Joined
	event.On(h.Events, func(_ context.Context, e identity.Joined) error { joined = append(joined, e); return nil })
	first, _ := h.newcomer(t, "first")
	if _, err := h.BindIdentity(first, claim(6)); err != nil {
		t.Fatal(err)
	}
	me := viewer.From(first).PersonID
	second, old := h.newcomer(t, "second")
	phone, err := h.RegisterDevice(second, phone("second-phone"))
	if err != nil {
		t.Fatal(err)
	}
	bound, err := h.BindIdentity(second, claim(6))
	if err != nil || bound.PersonID != me || bound.Tokens == nil {
		t.Fatalf("bound to %+v, %v", bound, err)
	}
	if h.viewerOf(t, old) != nil || h.viewerOf(t, bound.Tokens).PersonID != me {
		t.Error("the session did not move")
	}
	if owner := h.DB.Device.Query().Where(device.ID(phone.ID)).OnlyX(seedtest.System(t)).PersonID; owner != me {
		t.Errorf("the phone is %s's", owner)
	}
	if again, _ := h.newcomer(t, "second"); viewer.From(again).PersonID != me {
		t.Error("the account signs in as somebody else")
	}
	if len(joined) != 1 || joined[0] != (identity.Joined{From: viewer.From(second).PersonID, To: me}) {
		t.Errorf("told of %+v", joined)
	}
	if n := h.DB.PersonalData.Query().Where(personaldata.PersonID(me)).CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d rows of data", n)
	}
}

func TestAFirebaseAccountJoinsAtOnce(t *testing.T) {
	h := open(t)
	first, _ := h.newcomer(t, "first")
	if _, err := h.BindIdentity(first, claim(8)); err != nil {
		t.Fatal(err)
	}
	v := h.viewer(t, "firebase:second")
	bound, err := h.BindIdentity(viewer.With(t.Context(), v), claim(8))
	if err != nil || bound.Tokens != nil {
		t.Fatalf("%+v, %v", bound, err)
	}
	if got := h.viewer(t, "firebase:second").PersonID; got != viewer.From(first).PersonID {
		t.Errorf("the next request is %s's", got)
	}
}

// However many accounts bind one number at once, it is one person's.
func TestOneNumberIsOnePerson(t *testing.T) {
	h := open(t)
	people := make(chan string, 8)
	var wg sync.WaitGroup
	for i := range cap(people) {
		ctx, _ := h.newcomer(t, fmt.Sprintf("racer-%d", i))
		wg.Go(func() {
			bound, err := h.BindIdentity(ctx, claim(10))
			if err != nil {
				t.Error(err)
				return
			}
			people <- bound.PersonID
		})
	}
	wg.Wait()
	close(people)
	first := <-people
	for p := range people {
		if p != first {
			t.Errorf("bound to %s and to %s", first, p)
		}
	}
	if n := h.DB.PersonalData.Query().Where(personaldata.PersonID(first)).CountX(seedtest.System(t)); n != 1 {
		t.Errorf("%d rows of data", n)
	}
}

func TestRefusedClaimsLeaveNothing(t *testing.T) {
	h := open(t)
	before := h.DB.PersonalData.Query().CountX(seedtest.System(t))
	ctx, _ := h.newcomer(t, "lin")
	good := claim(12)
	with := func(change func(*identity.Claim)) identity.Claim { c := good; change(&c); return c }
	born := h.clock.Now().Add(48 * time.Hour).Format("20060102")
	future := "330106" + born + "002"
	for name, tt := range map[string]struct {
		claim identity.Claim
		field string
	}{
		"no name":     {with(func(c *identity.Claim) { c.Name = " " }), "name"},
		"markup":      {with(func(c *identity.Claim) { c.Name = "<b>林" }), "name"},
		"checksum":    {with(func(c *identity.Claim) { c.IDNumber = c.IDNumber[:16] + "9" + c.IDNumber[17:] }), "idNumber"},
		"short":       {with(func(c *identity.Claim) { c.IDNumber = "330106" }), "idNumber"},
		"future":      {with(func(c *identity.Claim) { c.IDNumber = future + string(resident.Check(future)) }), "idNumber"},
		"other proof": {with(func(c *identity.Claim) { c.Proof = "" }), "proof"},
	} {
		_, err := h.BindIdentity(ctx, tt.claim)
		code(t, err, fault.BadUserInput)
		if f := fault.From(err); len(f.Field) != 1 || f.Field[0] != tt.field {
			t.Errorf("%s: at %q", name, f.Field)
		}
		safe(t, err, good.IDNumber, "林晓")
	}
	_, err := h.BindIdentity(t.Context(), good)
	code(t, err, fault.Unauthenticated)
	closed := *h.Accounts
	closed.Verifier = nil
	_, err = closed.BindIdentity(ctx, good)
	code(t, err, fault.Forbidden)
	if n := h.DB.PersonalData.Query().CountX(seedtest.System(t)); n != before {
		t.Errorf("%d rows were made", n-before)
	}
	if p := h.DB.Person.Query().Where(person.ID(viewer.From(ctx).PersonID)).OnlyX(ctx); p.Name != "" {
		t.Errorf("the person is called %s", p.Name)
	}
}

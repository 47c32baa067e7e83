package journey_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"citygraph/internal/resident"
	"citygraph/internal/seed"
	"citygraph/internal/wechat"
	"citygraph/server/citytest"
	"citygraph/server/wiring"
)

type personalAnswer struct {
	Me struct {
		ID           string
		PersonalData *struct{ Name, IDNumber, BirthDate, Sex, Phone string }
	}
}

type bindingAnswer struct {
	BindIdentity struct {
		PersonID   *string
		Tokens     *struct{ AccessToken string }
		UserErrors []struct {
			Code  string
			Field []string
		}
	}
}

// Somebody signs in by WeChat, is nobody in particular, binds the account by real name, and is then the
// same person on every account bound to that number.
func TestBindingByRealName(t *testing.T) {
	city := citytest.Start(t, withSandbox)
	digits := "33010619900101002"
	claim := citytest.Vars{"input": citytest.Vars{"name": "林晓", "idNumber": digits + string(resident.Check(digits)), "proof": "sandbox"}}

	first := byWechat(t, city, "dev:first")
	var me personalAnswer
	first.Do("MyPersonalData", nil).Decode(t, &me)
	if me.Me.PersonalData != nil {
		t.Fatalf("an unbound person is %+v", me)
	}
	var bound bindingAnswer
	first.Do("BindIdentity", claim).Decode(t, &bound)
	if b := bound.BindIdentity; b.PersonID == nil || *b.PersonID != me.Me.ID || b.Tokens != nil || len(b.UserErrors) > 0 {
		t.Fatalf("bound: %+v", b)
	}
	first.Do("MyPersonalData", nil).Decode(t, &me)
	if d := me.Me.PersonalData; d == nil || d.Name != "林晓" || d.BirthDate != "1990-01-01" || d.Sex != "FEMALE" {
		t.Errorf("a bound person is %+v", d)
	}

	second := byWechat(t, city, "dev:second")
	second.Do("BindIdentity", claim).Decode(t, &bound)
	if bound.BindIdentity.Tokens == nil || *bound.BindIdentity.PersonID != me.Me.ID {
		t.Fatalf("the second account: %+v", bound)
	}
	if code := second.Do("MyPersonalData", nil).Code(); code != "UNAUTHENTICATED" {
		t.Errorf("the session from before goes on: %s", code)
	}
	var again personalAnswer
	city.With(t, bound.BindIdentity.Tokens.AccessToken).Do("MyPersonalData", nil).Decode(t, &again)
	if again.Me.ID != me.Me.ID {
		t.Errorf("one number is %s and %s", me.Me.ID, again.Me.ID)
	}

	var refused bindingAnswer
	claim["input"].(citytest.Vars)["idNumber"] = digits + "?" //nolint:forcetypeassert // it is made above
	first.Do("BindIdentity", claim).Decode(t, &refused)
	if e := refused.BindIdentity.UserErrors; len(e) != 1 || e[0].Code != "BAD_USER_INPUT" || strings.Join(e[0].Field, ".") != "input.idNumber" {
		t.Errorf("a wrong number: %+v", refused)
	}
}

func withSandbox(o *wiring.Options) { o.WechatAPI = wechat.Sandbox{} }

func byWechat(t *testing.T, city *citytest.City, code string) *citytest.Client {
	t.Helper()
	tokens, err := city.Accounts.SignInWithWechat(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return city.With(t, tokens.AccessToken)
}

// What identifies people stands nowhere in clear: not in the database's files, not in its write-ahead
// log, and in no row of any table that a backup would hold.
func TestTheDatabaseGivesNobodyAway(t *testing.T) {
	city := citytest.Start(t)
	chenjing := city.As(t, "chenjing")
	var me personalAnswer
	chenjing.Do("MyPersonalData", nil).Decode(t, &me)
	canaries := []string{"陈静", me.Me.PersonalData.IDNumber, me.Me.PersonalData.BirthDate, me.Me.PersonalData.Phone}
	for _, m := range seed.Cast {
		canaries = append(canaries, m.Name, m.Born)
	}
	for name, text := range stored(t, city) {
		for _, canary := range canaries {
			if bytes.Contains(text, []byte(canary)) {
				t.Errorf("%s holds %q", name, canary)
			}
		}
	}
}

// stored is what the database keeps: every column, and SQLite's files as they lie on the disk.
func stored(t *testing.T, city *citytest.City) map[string][]byte {
	t.Helper()
	kept := city.Columns(t)
	maps.Copy(kept, city.Files(t))
	return kept
}

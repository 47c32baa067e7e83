package contracttest_test

import (
	"fmt"
	"testing"

	"citygraph/internal/identity"
	"citygraph/internal/resident"
	"citygraph/server/citytest"
)

// scene tells who runs an operation and with what. It is called once for every run, so that a
// mutation finds something to do each time.
type scene func(t testing.TB, r *rig) asked

// scenes is how every operation of every client is run for its figures, by its name. The rig has
// settled: everyone has a phone, a report and a notice.
var scenes = map[string]scene{
	"CaseCategories":  by(visitor, citytest.Vars{"kind": "COMPONENT"}),
	"Districts":       by(visitor, nil),
	"ClinicCatalogue": by(visitor, citytest.Vars{"first": 20}),
	"SchoolCatalogue": by(visitor, citytest.Vars{"first": 20}),
	"ScenicCatalogue": by(visitor, citytest.Vars{"first": 20}),

	"HomeScreen":   by("chenjing", nil),
	"MyCases":      by("chenjing", citytest.Vars{"first": 20}),
	"Inbox":        by("chenjing", citytest.Vars{"first": 20}),
	"OfficerQueue": by("zhaoqiang", citytest.Vars{"first": 50}),
	"InboxChanged": by("chenjing", citytest.Vars{"afterSeq": 0}),
	"CaseDetail": func(t testing.TB, r *rig) asked {
		return asked{r.member["chenjing"], citytest.Vars{"id": r.caseOf(t, "chenjing")}}
	},

	"SubmitCase": func(t testing.TB, r *rig) asked {
		return input(r.member["maming"], r.report(t, xihu))
	},
	"AcceptCase": func(t testing.TB, r *rig) asked {
		return input(r.member["zhaoqiang"], citytest.Vars{"caseId": r.submit(t, "maming", xihu), "note": "已安排"})
	},
	"BindIdentity":   func(t testing.TB, r *rig) asked { return input(r.newcomer(t), r.claim()) },
	"MyPersonalData": by("chenjing", nil),
	"RegisterDevice": func(_ testing.TB, r *rig) asked {
		return input(r.member["maming"], citytest.Vars{"platform": "ANDROID", "pushToken": fmt.Sprintf("phone-%06d", r.next())})
	},
	"UnregisterDevice": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"deviceId": r.register(t, "lina")})
	},
	"SignInWithWechat": func(_ testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"code": "dev:golden"})
	},
	"SignInWithFirebase": func(_ testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"idToken": r.keys.Mint(nil)})
	},
	"RefreshSession": func(t testing.TB, r *rig) asked {
		return input(r.member[visitor], citytest.Vars{"refreshToken": r.refreshToken(t, "lina")})
	},
	"Sessions": func(t testing.TB, r *rig) asked { return asked{by: r.newcomer(t)} },
	"RevokeSession": func(t testing.TB, r *rig) asked {
		return input(r.member["lina"], citytest.Vars{"sessionId": r.lostPhone(t, "lina")})
	},
	"SignOut": func(t testing.TB, r *rig) asked { return asked{by: r.As(t, "lina")} },
}

// by is the scene of a member who asks the same every time.
func by(name string, vars citytest.Vars) scene {
	return func(_ testing.TB, r *rig) asked { return asked{r.member[name], vars} }
}

// input asks with the one argument mutations take.
func input(c *citytest.Client, vars citytest.Vars) asked {
	return asked{c, citytest.Vars{"input": vars}}
}

// newcomer is somebody who has just signed in for the first time.
func (r *rig) newcomer(t testing.TB) *citytest.Client {
	t.Helper()
	tokens, err := r.Accounts.SignInWithWechat(t.Context(), fmt.Sprintf("dev:newcomer-%d", r.next()))
	if err != nil {
		t.Fatal(err)
	}
	return r.With(t, tokens.AccessToken)
}

// claim is the claim of somebody the city does not know yet.
func (r *rig) claim() citytest.Vars {
	digits := fmt.Sprintf("33010619910203%03d", r.next()%1000)
	return citytest.Vars{"name": "林晓", "idNumber": digits + string(resident.Check(digits)), "proof": identity.SandboxProof}
}

// lostPhone is the id of a session a member has opened elsewhere.
func (r *rig) lostPhone(t testing.TB, name string) string {
	t.Helper()
	proof, err := r.Accounts.Authenticate(t.Context(), r.As(t, name).Token)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Viewer.SessionID
}

// refreshToken opens a session of a member and returns its first refresh token.
func (r *rig) refreshToken(t testing.TB, name string) string {
	t.Helper()
	tokens, err := r.Accounts.SignInForDevelopment(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.RefreshToken
}

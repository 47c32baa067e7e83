package contracttest_test

import (
	"fmt"
	"testing"

	"citygraph/server/citytest"
)

// ask is how a probe finds who asks and with what.
type ask = func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars)

// everybody asks the same.
func everybody(vars citytest.Vars) ask {
	return func(_ testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) { return r.member[name], vars }
}

// with asks with variables made for the occasion.
func with(vars func(t testing.TB, r *rig, name string) citytest.Vars) ask {
	return func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		return r.member[name], vars(t, r, name)
	}
}

// act asks a mutation with an input made for the occasion.
func act(input func(t testing.TB, r *rig, name string) citytest.Vars) ask {
	return with(func(t testing.TB, r *rig, name string) citytest.Vars {
		return citytest.Vars{"input": input(t, r, name)}
	})
}

const acceptCase = `mutation($input: AcceptCaseInput!) { acceptCase(input: $input) { userErrors { code } } }`

// probes are the rows of the matrix; a root field may have several, on objects of different people.
var probes = []probe{
	{"Query.me", "oneself", everybody(nil), `{ me { id } }`},
	{"Person.personalData", "oneself", everybody(nil), `{ me { personalData { name idNumber birthDate sex phone } } }`},
	{"Person.personalData", "chenjing", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { node(id: $id) { ... on Person { personalData { name idNumber birthDate sex phone } } } }`},
	{"Mutation.bindIdentity", "another number than the account is bound to", act(func(_ testing.TB, r *rig, _ string) citytest.Vars { return r.claim() }),
		`mutation($input: BindIdentityInput!) { bindIdentity(input: $input) { userErrors { code } } }`},
	{"Mutation.bindIdentity", "by somebody who has just signed in", func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		if name == visitor {
			return r.member[visitor], citytest.Vars{"input": r.claim()}
		}
		return r.newcomer(t), citytest.Vars{"input": r.claim()}
	}, `mutation($input: BindIdentityInput!) { bindIdentity(input: $input) { userErrors { code } } }`},
	{"Query.card", "one's own", everybody(nil), `{ card { id } }`},
	{"Query.districts", "all", everybody(nil), `{ districts { id } }`},
	{"Query.clinics", "all", everybody(nil), `{ clinics { edges { node { id } } } }`},
	{"Query.schools", "all", everybody(nil), `{ schools { edges { node { id } } } }`},
	{"Query.scenicSpots", "all", everybody(nil), `{ scenicSpots { edges { node { id } } } }`},
	{"Query.caseCategories", "all", everybody(nil), `{ caseCategories { id } }`},
	{"Query.myCases", "one's own", everybody(nil), `{ myCases { edges { node { id } } } }`},
	{"Query.inbox", "one's own", everybody(nil), `{ inbox { edges { node { id } } } }`},
	{"Query.inbox", "after the last seq", everybody(nil), `{ inbox(afterSeq: 1000) { edges { node { id } } } }`},
	{"Query.unreadCount", "one's own", everybody(nil), `{ unreadCount }`},
	{"Query.officerQueue", "of one's districts", everybody(nil), `{ officerQueue { edges { node { id } } } }`},
	{"Query.officerQueue", "the accepted of one's districts", everybody(nil), `{ officerQueue(status: ACCEPTED) { edges { node { id } } } }`},

	{"Query.cityCase", "chenjing's in Xihu District", theCase(0), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.cityCase", "chenjing's in Shangcheng District", theCase(1), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.cityCase", "one's own", with(func(t testing.TB, r *rig, name string) citytest.Vars {
		if name == visitor {
			name = "maming"
		}
		return citytest.Vars{"id": r.caseOf(t, name)}
	}), `query($id: ID!) { cityCase(id: $id) { id } }`},
	{"Query.node", "chenjing", everybody(citytest.Vars{"id": castID("chenjing")}), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.node", "chenjing's case in Xihu District", theCase(0), `query($id: ID!) { node(id: $id) { id } }`},
	{"Query.nodes", "chenjing's case in Shangcheng District", theCase(1), `query($id: ID!) { nodes(ids: [$id]) { id } }`},
	{"Query.nodes", "none", everybody(nil), `{ nodes(ids: []) { id } }`},

	{"Mutation.submitCase", "in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return r.report(t, xihu)
	}), `mutation($input: SubmitCaseInput!) { submitCase(input: $input) { userErrors { code } } }`},
	{"Mutation.acceptCase", "a new case of chenjing's in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.submit(t, "chenjing", xihu)}
	}), acceptCase},
	{"Mutation.acceptCase", "a new case of chenjing's in Shangcheng District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.submit(t, "chenjing", shangcheng)}
	}), acceptCase},
	{"Mutation.acceptCase", "an accepted case of chenjing's in Xihu District", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"caseId": r.caseOf(t, "chenjing")}
	}), acceptCase},

	{"Mutation.registerDevice", "a new phone", act(func(_ testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"platform": "IOS", "pushToken": fmt.Sprintf("new-phone-%d", r.next())}
	}), `mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { userErrors { code } } }`},
	{"Mutation.registerDevice", "the phone chenjing has handed over", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		r.register(t, "chenjing")
		return citytest.Vars{"platform": "ANDROID", "pushToken": "phone-of-chenjing"}
	}), `mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { userErrors { code } } }`},
	{"Mutation.unregisterDevice", "chenjing's phone", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"deviceId": r.register(t, "chenjing")}
	}), `mutation($input: UnregisterDeviceInput!) { unregisterDevice(input: $input) { userErrors { code } } }`},

	{"Mutation.signInWithWechat", "a good code", act(func(testing.TB, *rig, string) citytest.Vars {
		return citytest.Vars{"code": "dev:matrix"}
	}), `mutation($input: SignInWithWechatInput!) { signInWithWechat(input: $input) { userErrors { code } } }`},
	{"Mutation.signInWithFirebase", "a good token", act(func(_ testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"idToken": r.keys.Mint(nil)}
	}), `mutation($input: SignInWithFirebaseInput!) { signInWithFirebase(input: $input) { userErrors { code } } }`},
	{"Mutation.refreshSession", "chenjing's token", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"refreshToken": r.refreshToken(t, "chenjing")}
	}), `mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { code } } }`},
	{"Query.sessions", "one's own", everybody(nil), `{ sessions { id current } }`},
	{"Mutation.revokeSession", "chenjing's, on a phone she lost", act(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"sessionId": r.lostPhone(t, "chenjing")}
	}), `mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { userErrors { code } } }`},
	{"Mutation.signOut", "one's own session", func(t testing.TB, r *rig, name string) (*citytest.Client, citytest.Vars) {
		if name == visitor {
			return r.member[visitor], nil
		}
		return r.As(t, name), nil
	}, `mutation { signOut { userErrors { code } } }`},

	{"Subscription.inboxChanged", "one's own, from the beginning", everybody(nil), `subscription { inboxChanged(afterSeq: 0) { unreadCount } }`},
}

// theCase asks about a case chenjing reported when the city was settled.
func theCase(i int) ask {
	return with(func(t testing.TB, r *rig, _ string) citytest.Vars {
		return citytest.Vars{"id": r.cases(t, "chenjing")[i]}
	})
}

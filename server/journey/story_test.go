package journey_test

import (
	"context"
	"testing"

	"citygraph/ent/db/citycase"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/seed"
	"citygraph/internal/viewer"
	"citygraph/server/citytest"
)

// problem is a userError.
type problem struct {
	Code    string
	Message string
	Field   []string
}

// tokens are what a sign-in gives.
type tokens struct{ AccessToken, RefreshToken string }

// opened reads the answer to any way of signing in.
func opened(t *testing.T, a citytest.Answer) (*tokens, []problem) {
	t.Helper()
	var data map[string]struct {
		Tokens     *tokens
		UserErrors []problem
	}
	a.Decode(t, &data)
	for _, payload := range data {
		return payload.Tokens, payload.UserErrors
	}
	t.Fatalf("no payload in %s", a.Body)
	return nil, nil
}

// problems reads the userErrors of any mutation.
func problems(t *testing.T, a citytest.Answer) []problem {
	t.Helper()
	var data map[string]struct{ UserErrors []problem }
	a.Decode(t, &data)
	for _, payload := range data {
		return payload.UserErrors
	}
	t.Fatalf("no payload in %s", a.Body)
	return nil
}

// me is the id of the person signed in on the client.
func me(t *testing.T, c *citytest.Client) string {
	t.Helper()
	var home struct{ Me struct{ ID string } }
	c.Do("HomeScreen", nil).Decode(t, &home)
	return home.Me.ID
}

// accept takes a case on.
func accept(t *testing.T, officer *citytest.Client, caseID string) {
	t.Helper()
	answer := officer.Do("AcceptCase", citytest.Vars{"input": citytest.Vars{"caseId": caseID}})
	if found := problems(t, answer); len(found) > 0 {
		t.Fatalf("accept: %+v", found)
	}
}

// member is one of the cast.
func member(t *testing.T, key string) seed.Member {
	t.Helper()
	for _, m := range seed.Cast {
		if m.Key == key {
			return m
		}
	}
	t.Fatalf("nobody of the cast is called %s", key)
	return seed.Member{}
}

// promote makes a member of the cast a second case officer of Xihu District. Roles are remembered for a
// while: promote before the member is first seen.
func promote(t *testing.T, city *citytest.City, key string) {
	t.Helper()
	ctx := system(t)
	held, err := city.DB.StaffRole.Query().Where(staffrole.PersonID(member(t, "zhaoqiang").PersonID())).Only(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = city.DB.StaffRole.Create().SetPersonID(member(t, key).PersonID()).
		SetKind(held.Kind).SetOrganisationID(held.OrganisationID).Exec(ctx)
	if err != nil {
		t.Fatal(err)
	}
}

// system is a context in which a test looks at what was stored.
func system(t *testing.T) context.Context {
	return viewer.AsSystem(t.Context(), "a test looks at what was stored")
}

// counted answers a check query that counts.
func counted(t *testing.T, city *citytest.City, query string) int {
	t.Helper()
	var n int
	if err := city.Store.Writer().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// caseByNumber is the id of a case by its number.
func caseByNumber(t *testing.T, city *citytest.City, number string) string {
	t.Helper()
	id, err := city.DB.CityCase.Query().Where(citycase.Number(number)).OnlyID(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

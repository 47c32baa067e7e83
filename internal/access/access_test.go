package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/requestid"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

// note has a member read something of chenjing's, in the first of their roles.
func note(t *testing.T, c *seedtest.City, member string, r access.Reading) *db.RecordAccess {
	t.Helper()
	ctx := requestid.With(c.As(t, member), "request-1")
	if roles := viewer.From(ctx).Roles; len(roles) > 0 {
		r.As = roles[0]
	}
	r.Of = seedtest.Person(t, "chenjing")
	if err := access.Note(ctx, c.DB, r); err != nil {
		t.Fatal(err)
	}
	return c.DB.RecordAccess.Query().Order(recordaccess.ByID(sql.OrderDesc())).FirstX(seedtest.System(t))
}

// A nurse, a teacher and the others are named by role, place and mask, as they are at that moment.
func TestAReadingSaysWhoAndWhatFor(t *testing.T) {
	c := seedtest.Open(t)
	for member, want := range map[string]struct {
		role recordaccess.AccessorRole
		name string
		at   string
	}{
		"xumin":       {recordaccess.AccessorRoleClinicStaff, "许*", "First Affiliated Hospital"},
		"lina":        {recordaccess.AccessorRoleTeacher, "李*", "Xuejun"},
		"zhaoqiang":   {recordaccess.AccessorRoleCaseOfficer, "赵*", "Xihu"},
		"wutao":       {recordaccess.AccessorRoleScenicOperator, "吴*", "Lingyin"},
		"fanglei":     {recordaccess.AccessorRoleAdmin, "方*", ""},
		"wangguiying": {recordaccess.AccessorRoleCitizen, "王**", ""},
	} {
		row := note(t, c, member, access.Reading{
			Target: "t", Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeCare, OnBehalfOf: "p",
		})
		at := row.Organisation.In(lang.EN)
		if row.AccessorRole != want.role || string(row.AccessorName) != want.name || !strings.Contains(at, want.at) || (at == "") != (want.at == "") {
			t.Errorf("%s is %s %q at %q", member, row.AccessorRole, string(row.AccessorName), at)
		}
		if row.AccessorID != seedtest.Person(t, member) || row.Outcome != recordaccess.OutcomeAllowed || row.Purpose != recordaccess.PurposeCare ||
			row.Category != recordaccess.CategoryHealth || row.TargetID != "t" || row.OnBehalfOf != "p" || row.RequestID != "request-1" {
			t.Errorf("%s: %+v", member, row)
		}
	}
}

func TestTheSystemReadsInItsOwnName(t *testing.T) {
	c := seedtest.Open(t)
	chenjing := seedtest.Person(t, "chenjing")
	err := access.Note(seedtest.System(t), c.DB, access.Reading{Of: chenjing, Category: recordaccess.CategoryIdentity})
	if err != nil {
		t.Fatal(err)
	}
	row := c.DB.RecordAccess.Query().OnlyX(seedtest.System(t))
	if row.AccessorRole != recordaccess.AccessorRoleSystem || row.AccessorID != "" || row.Purpose != recordaccess.PurposeUnstated {
		t.Errorf("%+v", row)
	}
}

// What cannot be said is not noted, and so is not read: a visitor has no name.
func TestAVisitorReadsNothing(t *testing.T) {
	c := seedtest.Open(t)
	r := access.Reading{Of: seedtest.Person(t, "chenjing"), Category: recordaccess.CategoryHealth}
	if err := access.Note(t.Context(), c.DB, r); err == nil {
		t.Error("a visitor's reading is noted")
	}
	err := access.Note(c.As(t, "xumin"), c.DB, access.Reading{
		Of: r.Of, Category: r.Category, As: viewer.Role{Kind: viewer.ClinicStaff, OrganisationID: id.New(id.Clinic)},
	})
	if err == nil {
		t.Error("a reading at no clinic is noted")
	}
}

// The person sees what was read; an auditor the refused attempts as well, and who it was.
func TestWhoSeesTheLog(t *testing.T) {
	c := seedtest.Open(t)
	read := note(t, c, "xumin", access.Reading{Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeCare})
	refused := note(t, c, "zhouwei", access.Reading{Category: recordaccess.CategoryChild, Outcome: recordaccess.OutcomeRefused})

	ctx := c.As(t, "chenjing")
	q, err := access.Of(ctx, c.DB.RecordAccess.Query(), nil, none)
	if err != nil {
		t.Fatal(err)
	}
	seen := q.AllX(ctx)
	if len(seen) != 1 || seen[0].ID != read.ID || access.AccessorID(ctx, seen[0]) != nil || access.OnBehalfOf(seen[0]) != nil {
		t.Errorf("chenjing sees %+v", seen)
	}
	auditor := c.As(t, "qianjun")
	if got := access.AccessorID(auditor, refused); got == nil || *got != seedtest.Person(t, "zhouwei") {
		t.Errorf("an auditor is told of %v", got)
	}
	now := refused.CreatedAt
	for name, tt := range map[string]struct {
		filter access.Filter
		want   int
	}{
		"all":             {access.Filter{}, 2},
		"hers":            {access.Filter{Person: new(seedtest.Person(t, "chenjing"))}, 2},
		"nobody's":        {access.Filter{Person: new("person_1")}, 0},
		"by zhouwei":      {access.Filter{Accessor: new(seedtest.Person(t, "zhouwei"))}, 1},
		"of health":       {access.Filter{Category: new(recordaccess.CategoryHealth)}, 1},
		"refused":         {access.Filter{Outcome: new(recordaccess.OutcomeRefused)}, 1},
		"since the last":  {access.Filter{Since: &now}, 1},
		"before the last": {access.Filter{Until: &now}, 1},
		"an hour":         {access.Filter{Since: new(now.Add(-time.Hour)), Until: new(now.Add(time.Hour))}, 2},
		"as Shanghai says": {access.Filter{
			Since: new(now.In(time.FixedZone("", 8*60*60))), Outcome: new(recordaccess.OutcomeRefused),
		}, 1},
	} {
		q, err := access.Log(auditor, c.DB.RecordAccess.Query(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.CountX(auditor); got != tt.want {
			t.Errorf("%s: %d readings, want %d", name, got, tt.want)
		}
	}
	_, err = access.Log(auditor, c.DB.RecordAccess.Query(), access.Filter{Since: &now, Until: &now})
	if f := fault.From(err); f.Code != fault.BadUserInput || len(f.Field) != 1 || f.Field[0] != "until" {
		t.Errorf("an empty time: %v", err)
	}
}

// none is a city without guardians.
func none(context.Context, string) error { return fault.New(fault.DelegationScope) }

func TestNobodyElseSeesTheLog(t *testing.T) {
	c := seedtest.Open(t)
	chenjing := seedtest.Person(t, "chenjing")
	code := func(what string, err error, want fault.Code) {
		t.Helper()
		if got := fault.CodeOf(err); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	of := func(ctx context.Context, whose *string) error {
		_, err := access.Of(ctx, c.DB.RecordAccess.Query(), whose, none)
		return err
	}
	log := func(ctx context.Context) error {
		_, err := access.Log(ctx, c.DB.RecordAccess.Query(), access.Filter{})
		return err
	}
	code("a visitor", of(t.Context(), nil), fault.Unauthenticated)
	code("a visitor's log", log(t.Context()), fault.Unauthenticated)
	for _, name := range []string{"zhouwei", "xumin", "fanglei", "qianjun"} {
		code(name, of(c.As(t, name), &chenjing), fault.DelegationScope)
	}
	for _, name := range []string{"chenjing", "xumin", "fanglei"} {
		code(name+"'s log", log(c.As(t, name)), fault.Forbidden)
	}
}

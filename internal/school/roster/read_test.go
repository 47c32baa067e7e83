package roster_test

import (
	"context"
	"testing"

	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
)

func TestParentsSeeTheirChildrenAndNobodyElse(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	for who, want := range map[string]int{"chenjing": 3, "zhouwei": 0, "wangguiying": 0, "lina": 0} {
		children, err := r.MyChildren(r.As(t, who))
		if err != nil || len(children) != want {
			t.Errorf("%s sees %d children, %v", who, len(children), err)
		}
	}
	children, err := r.MyChildren(r.As(t, "chenjing"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range children {
		if c.PersonID == r.is(t, "kid") && (len(c.Classes) != 1 || len(c.Classes[0].Teachers) != 1 || c.Classes[0].SchoolClass.Edges.School == nil) {
			t.Errorf("%+v", c.Classes)
		}
	}
	if _, err := r.MyChildren(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Error(err)
	}
}

func TestReadsTakeAsManyStatementsWhateverTheirRows(t *testing.T) {
	r := open(t)
	count := func(read func(ctx context.Context) error, who string) int {
		ctx, counter := store.CountStatements(r.As(t, who))
		if err := read(ctx); err != nil {
			t.Fatal(err)
		}
		return counter.Statements()
	}
	children := func(ctx context.Context) error { _, err := r.MyChildren(ctx); return err }
	pupils := func(ctx context.Context) error {
		_, err := r.ClassRoster(ctx, r.classes(t)[0])
		return err
	}
	before, beforeRoster := count(children, "chenjing"), count(pupils, "lina")
	r.take(t, r.set(t, r.users(t), nil))
	if after := count(children, "chenjing"); after != before {
		t.Errorf("%d statements for two children, %d for three", before, after)
	}
	if after := count(pupils, "lina"); after != beforeRoster {
		t.Errorf("%d statements for a roster, then %d", beforeRoster, after)
	}
}

// classes are those lina teaches.
func (r *rig) classes(t *testing.T) []string {
	t.Helper()
	mine, err := r.MyClasses(r.As(t, "lina"))
	if err != nil || len(mine) == 0 {
		t.Fatal(mine, err)
	}
	ids := make([]string, len(mine))
	for i, c := range mine {
		ids[i] = c.ID
	}
	return ids
}

func TestOnlyTeachersOfTheSchoolSeeWhoIsInAClass(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	mine, other := r.classID(t, "c41"), r.classID(t, "m81")
	seen, err := r.ClassRoster(r.As(t, "lina"), mine)
	if err != nil {
		t.Fatal(err)
	}
	reach := map[string]int{}
	for _, p := range seen.Pupils {
		reach[p.PersonID] = p.ReachableGuardians
	}
	if len(reach) != 2 || reach[seedtest.Person(t, "zhouzihan")] != 1 || reach[r.is(t, "kid")] != 1 {
		t.Errorf("pupils %v", reach)
	}
	for _, tt := range []struct {
		who, class string
		want       fault.Code
	}{
		{"", mine, fault.Unauthenticated}, {"chenjing", mine, fault.Forbidden}, {"xumin", mine, fault.Forbidden},
		{"lina", other, fault.NotFound}, {"lina", id.New(id.SchoolClass), fault.NotFound}, {"lina", "class", fault.NotFound},
	} {
		if _, err := r.ClassRoster(r.As(t, tt.who), tt.class); fault.CodeOf(err) != tt.want {
			t.Errorf("%q asks for %s: %v", tt.who, tt.class, err)
		}
	}
	if _, err := r.MyClasses(r.As(t, "chenjing")); fault.CodeOf(err) != fault.Forbidden {
		t.Error(err)
	}
}

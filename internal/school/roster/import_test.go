package roster_test

import (
	"slices"
	"strings"
	"testing"

	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/person"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/mask"
	"citygraph/internal/seed/seedtest"
)

// sampleTold is what the sample is told of.
var sampleTold = []string{
	`orgs.csv:5: no school of the city`, `orgs.csv:6: it is below itself`, `orgs.csv:7: it is below itself`,
	`academicSessions.csv:3: startDate and endDate`,
	`classes.csv:4: it refers to the school "nowhere"`,
	`users.csv:3: warning: the agent "ghost" of "kid" is not there`, `users.csv:9: its id number is that of somebody with another name`,
	`enrollments.csv:6: it refers to the user "nobody"`, `enrollments.csv:7: it refers to the class "noclass"`, `enrollments.csv:8: its sourcedId is that of row 2`,
}

func TestASetBecomesSchoolsClassesPeopleAndGuardians(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	r.expect(t, sampleTold...)

	zihan, mother, father := seedtest.Person(t, "zhouzihan"), seedtest.Person(t, "chenjing"), seedtest.Person(t, "zhouwei")
	if r.is(t, "zihan") != zihan || r.is(t, "mum") != mother || r.is(t, "dad") != father {
		t.Error("whom the city knows is not found")
	}
	if r.is(t, "gran") != "" || r.is(t, "newt") != "" {
		t.Error("a guardian or a teacher whom nobody knows is somebody")
	}
	kid := r.is(t, "kid")
	who := r.Office.DB.Person.Query().Where(person.ID(kid)).OnlyX(seedtest.System(t))
	if who.Name != mask.Name("王**") {
		t.Errorf("the new pupil is called %q", string(who.Name))
	}
	if got := r.stands(t, mother, kid); got != guardianship.StatusActive {
		t.Errorf("the mother of the new pupil: %q", got)
	}
	if got := r.stands(t, father, zihan); got != guardianship.StatusBarred {
		t.Errorf("a roster lifted the custody bar: %q", got)
	}
	for personID, want := range map[string]string{zihan: "四年级1班", kid: "四年级1班", seedtest.Person(t, "lina"): "四年级1班"} {
		if got := r.classesOf(t, personID); !slices.Equal(got, []string{want}) {
			t.Errorf("classes %v", got)
		}
	}
	class := r.Office.DB.SchoolClass.GetX(seedtest.System(t), r.classID(t, "c41"))
	if class.Grade != "04" || class.Kind != schoolclass.KindHomeroom || class.AcademicSessionID == nil {
		t.Errorf("class %+v", class)
	}
	u := r.Office.DB.RosterUser.Query().Where(rosteruser.SourceValue("gran")).OnlyX(seedtest.System(t))
	if strings.Contains(string(u.Sealed), "王奶奶") || strings.Contains(u.String(), "13900001111") {
		t.Error("a user stands in clear")
	}
}

func TestTheSameSetAgainChangesNothing(t *testing.T) {
	r := open(t)
	set := r.set(t, r.users(t), nil)
	r.take(t, set)
	before := r.rows(t)
	done := r.take(t, set)
	if len(done.New)+len(done.Changed)+len(done.Ended) > 0 {
		t.Errorf("%+v", done)
	}
	if r.rows(t) != before {
		t.Error("rows differ")
	}
}

func TestADryRunKeepsNothing(t *testing.T) {
	r := open(t)
	before := r.rows(t)
	order := r.order(r.set(t, r.users(t), nil))
	order.DryRun = true
	done, err := r.Import(t.Context(), order)
	if err != nil || done.New["Enrollment"] == 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if r.rows(t) != before {
		t.Error("rows differ")
	}
}

func TestADeltaChangesWhatItSays(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	kid, mother := r.is(t, "kid"), seedtest.Person(t, "chenjing")
	done := r.take(t, r.set(t, usersHead+user("kid", "active", "primary", "student", "王大明", "", "", "gran"), map[string]string{
		"manifest.csv": manifest("users"),
	}))
	if done.Changed["RosterUser"] != 1 || len(done.New) > 0 || len(done.Ended) > 0 || done.Unguarded != 1 {
		t.Errorf("%+v", done)
	}
	if got := r.stands(t, mother, kid); got != guardianship.StatusEnded {
		t.Errorf("who answers for the pupil no more: %q", got)
	}
	if got := r.classesOf(t, kid); len(got) != 1 {
		t.Errorf("classes %v", got)
	}
}

func TestWhatABulkFileLacksEndsAndComesBack(t *testing.T) {
	r := open(t)
	set := r.set(t, r.users(t), nil)
	r.take(t, set)
	kid := r.is(t, "kid")
	without := r.set(t, strings.ReplaceAll(r.users(t), user("kid", "", "primary", "student", "王小明", "", "", "mum,gran,ghost"), ""), nil)
	done := r.take(t, without)
	if done.Ended["RosterUser"] != 1 || done.Ended["Enrollment"] != 1 {
		t.Errorf("%+v", done)
	}
	if got := r.classesOf(t, kid); len(got) != 0 {
		t.Errorf("classes %v", got)
	}
	if got := r.stands(t, seedtest.Person(t, "chenjing"), kid); got != guardianship.StatusActive {
		t.Errorf("the mother of a pupil who has left: %q", got)
	}
	r.take(t, set)
	if got := r.classesOf(t, kid); r.is(t, "kid") != kid || len(got) != 1 {
		t.Errorf("classes %v", got)
	}
}

func TestATransferKeepsTheGuardianAndEndsTheOldClass(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	kid := r.is(t, "kid")
	r.take(t, r.set(t, "", map[string]string{
		"manifest.csv": manifest("enrollments"),
		"enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\n" +
			"e2,tobedeleted,,c41,primary,kid,student\ne9,active,,m81,middle,kid,student\n",
	}))
	if got := r.classesOf(t, kid); !slices.Equal(got, []string{"八年级1班"}) {
		t.Errorf("classes %v", got)
	}
	if got := r.stands(t, seedtest.Person(t, "chenjing"), kid); got != guardianship.StatusActive {
		t.Errorf("the mother: %q", got)
	}
}

func TestATeacherWhoLeavesIsNoTeacherAnyMore(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	lina, at := seedtest.Person(t, "lina"), r.schoolID(t, "primary")
	if !r.teaches(t, lina, at) {
		t.Fatal("she does not teach")
	}
	r.take(t, r.set(t, usersHead+user("lina", "tobedeleted", "primary", "teacher", "李娜", "", "", ""), map[string]string{"manifest.csv": manifest("users")}))
	if r.teaches(t, lina, at) || len(r.classesOf(t, lina)) > 0 || !slices.Equal(r.ended, []string{lina}) {
		t.Errorf("she teaches still; told of %v", r.ended)
	}
}

func TestWhoBindsTheirIdentityIsWhomTheRosterMeant(t *testing.T) {
	r := open(t)
	r.take(t, r.set(t, r.users(t), nil))
	system := seedtest.System(t)
	stranger := r.Office.DB.Person.Create().SetName("何**").SaveX(system)
	row, err := r.Records.Builder(stranger.ID, data("何老师", freeNumber, ""))
	if err != nil {
		t.Fatal(err)
	}
	row.ExecX(system)
	if err := r.Office.Store.InTx(system, func(ctx ctx) error { return r.Bound(ctx, stranger.ID) }); err != nil {
		t.Fatal(err)
	}
	if r.is(t, "newt") != stranger.ID || len(r.classesOf(t, stranger.ID)) != 1 {
		t.Error("the teacher is not known")
	}
	gran := r.Office.DB.Person.Create().SetName("王**").SaveX(system)
	row, err = r.Records.Builder(gran.ID, data("王奶奶", "440524188001010014", "13900001111"))
	if err != nil {
		t.Fatal(err)
	}
	row.ExecX(system)
	if err := r.Office.Store.InTx(system, func(ctx ctx) error { return r.Bound(ctx, gran.ID) }); err != nil {
		t.Fatal(err)
	}
	if got := r.stands(t, gran.ID, r.is(t, "kid")); got != guardianship.StatusActive {
		t.Errorf("the grandmother: %q", got)
	}
	before := r.rows(t)
	r.take(t, r.set(t, r.users(t), nil))
	if r.rows(t) != before {
		t.Error("the same set again changes something after the binding")
	}
}

package roster_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"citygraph/ent/db/guardianship"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/vault"
)

// sds is a set of School Data Sync: no manifest, other names, relationships, and enrolments without an identifier.
func (r *rig) sds(t *testing.T, ties string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "orgs.csv", "\ufeffsourcedId,name,type,parentSourcedId\nmin,教育局,ministryOfEducation,\nxj,杭州市学军小学,school,min\n")
	write(t, dir, "classes.csv", "title,sourcedId,orgSourcedId,sessionSourcedIds,courseSourcedId\n合唱班,music,xj,,\n")
	write(t, dir, "roles.csv", "userSourcedId,orgSourcedId,role,roleStartDate\nboy,xj,student,2026-09-01\nprof,xj,professor,2026-09-01\n")
	write(t, dir, "users.csv", "sourcedId,givenName,familyName,password,phone,sms\nboy,Bob,Smithee,x,,\nmum,静,陈,x,,"+phone("chenjing")+"\nprof,Kristen,Fein,x,,\n")
	write(t, dir, "demographics.csv", "userSourcedId,birthDate,sex\nboy,2016-12-31,male\n")
	write(t, dir, "relationships.csv", "userSourcedId,relationshipUserSourcedId,relationshipRole\n"+ties)
	write(t, dir, "enrollments.csv", "classSourcedId,userSourcedId,role\nmusic,boy,student\nmusic,prof,professor\n")
	return dir
}

func phone(key string) string { _, number := member(key); return number }

func TestADialectIsImportedWithWarnings(t *testing.T) {
	r := open(t)
	set := r.sds(t, "boy,mum,guardian\n")
	done := r.take(t, set)
	if done.Refused > 0 || done.Warned == 0 {
		t.Errorf("told %q", r.told)
	}
	boy := r.is(t, "boy")
	if got := r.classesOf(t, boy); !slices.Equal(got, []string{"合唱班"}) || r.is(t, "prof") != "" {
		t.Errorf("classes %v", got)
	}
	if got := r.stands(t, seedtest.Person(t, "chenjing"), boy); got != guardianship.StatusActive {
		t.Errorf("his guardian: %q", got)
	}
	before := r.rows(t)
	r.take(t, set)
	if r.rows(t) != before {
		t.Error("the same again changes something")
	}
	r.take(t, r.sds(t, ""))
	if got := r.stands(t, seedtest.Person(t, "chenjing"), boy); got != guardianship.StatusEnded {
		t.Errorf("who answers for him no more: %q", got)
	}
}

func TestARelationshipThatCannotBeReadStopsTheSet(t *testing.T) {
	r := open(t)
	before := r.rows(t)
	if _, err := r.try(t.Context(), r.sds(t, "boy\n")); err == nil || !strings.Contains(err.Error(), "relationships.csv:2") {
		t.Errorf("error %v", err)
	}
	if r.rows(t) != before {
		t.Error("something is left")
	}
}

// A college's export has organisations that are no schools, a class of one of them, and files of its own: what cannot be taken is refused with
// its place, and the rest is taken.
func TestWhatIsNoSchoolIsRefusedWithItsPlace(t *testing.T) {
	r := open(t)
	set := r.sds(t, "boy,mum,relative\n")
	write(t, set, "orgs.csv", "sourcedId,name,type,parentSourcedId\ncol,工程学院,college,\ndep,计算机系,department,col\nxj,杭州市学军小学,school,col\n")
	write(t, set, "classes.csv", "sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nmusic,xj,合唱班,,\ncs,dep,程序设计,,\n")
	write(t, set, "userFlags.csv", "userSourcedId,flag\nboy,iep\n")
	done := r.take(t, set)
	if done.Refused != 1 || done.New["SchoolClass"] != 1 || !slices.ContainsFunc(r.told, func(p string) bool { return strings.HasPrefix(p, "classes.csv:3") }) {
		t.Errorf("%+v, told %q", done, r.told)
	}
	before := r.rows(t)
	r.take(t, set)
	if r.rows(t) != before {
		t.Error("the same again changes something")
	}
}

func TestKeysAreRotatedWithoutAChangeToAnybody(t *testing.T) {
	r := open(t)
	set := r.sds(t, "boy,mum,guardian\n")
	r.take(t, set)
	if n, err := r.Rotate(t.Context()); err != nil || n != 0 {
		t.Errorf("%d rotated, %v", n, err)
	}
	old := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("v"), 32)) // as in seedtest
	ring, err := vault.ParseRing("next:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("w"), 32)) + ",test:" + old)
	if err != nil {
		t.Fatal(err)
	}
	if r.Records.Vault, err = vault.New(ring, vault.AES256GCM, bytes.Repeat([]byte("v"), 32)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{3, 0} {
		if n, err := r.Rotate(t.Context()); err != nil || n != want {
			t.Errorf("%d rotated, %v", n, err)
		}
	}
	before := r.rows(t)
	r.take(t, set)
	if r.rows(t) != before {
		t.Error("the same again changes something under the new key")
	}
}

func TestWhoIsGoneLeavesNothingAndDoesNotComeBack(t *testing.T) {
	r := open(t)
	set := r.sds(t, "boy,mum,guardian\n")
	r.take(t, set)
	mother := seedtest.Person(t, "chenjing")
	if err := r.Office.Store.InTx(seedtest.System(t), func(ctx ctx) error { return r.Forget(ctx, mother) }); err != nil {
		t.Fatal(err)
	}
	before := r.rows(t)
	r.take(t, set)
	if r.rows(t) != before || r.is(t, "mum") != "" {
		t.Error("the same roster brings back who has gone")
	}
}

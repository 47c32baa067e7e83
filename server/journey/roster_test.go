package journey_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"citygraph/ent/db/rosteruser"
	"citygraph/internal/oneroster"
	"citygraph/internal/resident"
	"citygraph/internal/school/roster"
	"citygraph/internal/seed/seedtest"
	"citygraph/server/citytest"
)

type classAnswer struct {
	ID, Title string
	School    struct{ Name string }
}

type childrenAnswer struct {
	MyChildren []struct {
		PersonID, MaskedName string
		Classes              []struct {
			SchoolClass classAnswer
			Teachers    []struct{ MaskedName, Duty string }
		}
	}
}

type rosterAnswer struct {
	ClassRoster struct {
		SchoolClass classAnswer
		Pupils      []struct {
			PersonID, MaskedName string
			ReachableGuardians   int
		}
	}
}

// rosterDir writes a set of School Data Sync: a class of the primary school, its teacher, the daughter of chenjing and
// zhouwei, and a pupil whose father has no account yet.
func rosterDir(t *testing.T, city *citytest.City, father string) string {
	t.Helper()
	number := func(key string) string {
		d, _, err := city.Records.Of(seedtest.System(t), seedtest.Person(t, key))
		if err != nil {
			t.Fatal(err)
		}
		return d.IDNumber
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"orgs.csv":    "sourcedId,name,type\nxj,杭州市学军小学,school\n",
		"classes.csv": "sourcedId,orgSourcedId,title\nmusic,xj,合唱班\n",
		"roles.csv":   "userSourcedId,orgSourcedId,role\nzihan,xj,student\nboy,xj,student\nlina,xj,teacher\n",
		"users.csv": "sourcedId,givenName,familyName,userIds\n" + fmt.Sprintf(
			"zihan,子涵,周,{IDCARD:%s}\nlina,娜,李,{IDCARD:%s}\nmum,静,陈,{IDCARD:%s}\nexdad,伟,周,{IDCARD:%s}\nboy,小林,林,\ndad,晓,林,{IDCARD:%s}\n",
			number("zhouzihan"), number("lina"), number("chenjing"), number("zhouwei"), father),
		"demographics.csv":  "userSourcedId,birthDate,sex\nboy,2017-01-02,male\n",
		"relationships.csv": "userSourcedId,relationshipUserSourcedId,relationshipRole\nzihan,mum,guardian\nzihan,exdad,guardian\nboy,dad,guardian\n",
		"enrollments.csv":   "classSourcedId,userSourcedId,role\nmusic,zihan,student\nmusic,boy,student\nmusic,lina,teacher\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A roster is imported: the mother sees her daughter's classes and the teacher who is in them; the father whom a custody order
// bars sees nothing; a father who binds his identity later sees his son. The teacher who leaves sees no class any more.
func TestARosterReachesParentsAndTeachers(t *testing.T) {
	city := citytest.Start(t, withSandbox)
	digits := "33010619900101001"
	number := digits + string(resident.Check(digits))
	dir := rosterDir(t, city, number)
	take := func() roster.Done {
		done, err := city.Rosters.Import(t.Context(), roster.Order{From: dir, Source: "sis.example", Told: func(p oneroster.Problem) {
			if !p.Warning {
				t.Error(p)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	take()

	music := func(member *citytest.Client) (class classAnswer, children int) {
		var seen childrenAnswer
		member.Do("MyChildren", nil).Decode(t, &seen)
		for _, child := range seen.MyChildren {
			for _, c := range child.Classes {
				if c.SchoolClass.Title == "合唱班" {
					class = c.SchoolClass
					if len(c.Teachers) != 1 || c.Teachers[0].MaskedName != "李*" {
						t.Errorf("teachers %+v", c.Teachers)
					}
				}
			}
		}
		return class, len(seen.MyChildren)
	}
	class, children := music(city.As(t, "chenjing"))
	if class.School.Name != "杭州市学军小学" || children != 2 {
		t.Fatalf("the mother sees %+v and %d children", class, children)
	}
	if class, children := music(city.As(t, "zhouwei")); children != 0 || class.ID != "" {
		t.Errorf("the barred father sees %d children", children)
	}
	if code := city.As(t, "chenjing").Do("ClassRoster", citytest.Vars{"class": class.ID}).Code(); code != "FORBIDDEN" {
		t.Errorf("a mother asks for the roster: %s", code)
	}
	teacher := city.As(t, "lina")
	var seen rosterAnswer
	teacher.Do("ClassRoster", citytest.Vars{"class": class.ID}).Decode(t, &seen)
	reach := map[string]int{}
	for _, p := range seen.ClassRoster.Pupils {
		reach[p.MaskedName] = p.ReachableGuardians
	}
	if len(reach) != 2 || reach["周**"] != 1 || reach["林**"] != 0 {
		t.Errorf("the teacher sees %v", reach)
	}

	father := byWechat(t, city, "dev:father")
	var bound bindingAnswer
	father.Do("BindIdentity", citytest.Vars{"input": citytest.Vars{"name": "林晓", "idNumber": number, "proof": "sandbox"}}).Decode(t, &bound)
	if _, children := music(father); children != 1 {
		t.Errorf("the father who is known now sees %d children", children)
	}
	if done := take(); len(done.New)+len(done.Changed)+len(done.Ended) > 0 {
		t.Errorf("the same again: %+v", done)
	}

	users, err := os.ReadFile(filepath.Join(dir, "roles.csv"))
	if err != nil {
		t.Fatal(err)
	}
	without := []byte(string(users[:len(users)-len("lina,xj,teacher\n")]))
	if err := os.WriteFile(filepath.Join(dir, "roles.csv"), without, 0o600); err != nil {
		t.Fatal(err)
	}
	take()
	if code := teacher.Do("ClassRoster", citytest.Vars{"class": class.ID}).Code(); code != "UNAUTHENTICATED" {
		t.Errorf("a teacher who has left asks under her old session: %s", code)
	}
	if code := city.As(t, "lina").Do("ClassRoster", citytest.Vars{"class": class.ID}).Code(); code != "FORBIDDEN" {
		t.Errorf("a teacher who has left asks: %s", code)
	}
	if n := city.DB.RosterUser.Query().Where(rosteruser.SourceSystem("sis.example")).CountX(seedtest.System(t)); n != 6 {
		t.Errorf("%d users are left of 6", n)
	}
}

package roster

import (
	"fmt"
	"slices"
	"strings"

	"citygraph/internal/oneroster"
)

// read says what a row of users means, or why it cannot be taken over.
func (b *people) read(u *peopleRow) error {
	what, was := u.what, b.known[u.id]
	number, bad := numberOf(what, b.Clock.Now())
	u.Name, u.Phone, u.IDNumber = fullName(what), phoneOf(what["sms"], what["phone"]), number.Text
	var before said
	born, told := b.born[u.id]
	keeps := !b.cast || b.set.Mode(oneroster.Roles) == oneroster.Delta // what somebody is, and is not said again
	if was != nil && (keeps || !told && number.Text == "") {
		var err error
		if before, err = b.open(was); err != nil {
			return err
		}
	}
	switch {
	case number.Text != "":
		u.Birth, u.Sex = number.Birth, number.Sex
	case told:
		u.Birth, _ = day(born.birth)
		u.Sex = sexOf(born.sex)
	default:
		u.Birth, u.Sex = before.Birth, before.Sex
	}
	if keeps {
		u.Pupil, u.Posts = before.Pupil, slices.Clone(before.Posts)
	}
	dangling := b.play(u)
	if strings.EqualFold(what["enabledUser"], "false") {
		u.Posts = nil // who may not sign in there may do nothing here
	}
	if u.Pupil {
		u.agents = slices.DeleteFunc(slices.Clone(b.agents[u.id]), func(a string) bool { return a == u.id })
		if !b.tied && was != nil {
			u.agents = was.Agents
		}
		slices.Sort(u.agents)
	}
	if len(u.agents) > maxAgents {
		u.reason = fmt.Sprintf("more than %d answer for it", maxAgents)
	}
	switch {
	case b.blurred[u.id]:
		u.reason = "a row about it in another file is refused"
	case bad:
		u.reason = "the id number among its userIds is none"
	case told && u.Birth == "" && born.birth != "" || u.Birth > b.today():
		u.reason = "its birth date is no day such as 2016-10-23 in the past"
	case u.Name == "" || len([]rune(u.Name)) > maxName:
		u.reason = fmt.Sprintf("its name is longer than %d characters, or none", maxName)
	case dangling != "" && !u.Pupil && !u.guardian && len(u.Posts) == 0:
		u.reason = fmt.Sprintf("it refers to the organisation %q, which is not there", dangling)
	}
	return nil
}

// maxAgents is how many may answer for one pupil.
const maxAgents = 20

// play gives somebody the roles that the set tells of, and names an organisation that is not there.
func (b *people) play(u *peopleRow) (dangling string) {
	for _, one := range b.roles[u.id] {
		at, isSchool := b.schools[one.org]
		switch {
		case one.org != "" && !isSchool && !b.orgs[one.org]:
			dangling = one.org
		case !one.adds && isSchool && teacherRoles[one.role]:
			u.Posts = slices.DeleteFunc(u.Posts, func(id string) bool { return id == at.ID })
		case !one.adds:
		case teacherRoles[one.role] && isSchool && !slices.Contains(u.Posts, at.ID):
			u.Posts = append(u.Posts, at.ID)
		case pupilRoles[one.role]:
			u.Pupil = true
		case guardianRoles[one.role]:
			u.guardian = true
		}
	}
	slices.Sort(u.Posts)
	return dangling
}

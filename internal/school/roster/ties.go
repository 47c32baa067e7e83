package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/household"
	"citygraph/internal/oneroster"
)

// withdrawal is a guardianship that a roster does not know any more.
type withdrawal struct{ guardian, child string }

// turned is what has changed between an agent and a pupil.
type turned struct {
	agent, pupil string
	adds         bool
	line         int
}

// takeTies records who answers for whom now, and withdraws who does no more. A custody bar stays.
func (r *run) takeTies(ctx context.Context) error {
	agent, pupil := "", ""
	for {
		var some []turned
		err := r.stage.scan(ctx, "SELECT agent, pupil, adds, line FROM turns WHERE (agent, pupil) > (?, ?) ORDER BY agent, pupil LIMIT ?",
			[]any{agent, pupil, batch}, func(scan func(...any) error) error {
				var t turned
				err := scan(&t.agent, &t.pupil, &t.adds, &t.line)
				some = append(some, t)
				return err
			})
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		agent, pupil = some[len(some)-1].agent, some[len(some)-1].pupil
		if err := r.turnSome(ctx, some); err != nil {
			return err
		}
	}
	if len(r.cut) > maxWithdrawn {
		return fmt.Errorf("the set would end %d guardianships, more than %d: nothing of it is kept; import fewer schools at a time if it is right", len(r.cut), maxWithdrawn)
	}
	for _, w := range r.cut {
		ended, err := r.withdraw(ctx, w)
		if err != nil {
			return err
		}
		if ended {
			r.done.Unguarded++
		}
	}
	return nil
}

func (r *run) turnSome(ctx context.Context, some []turned) error {
	var names []string
	for _, t := range some {
		names = append(names, t.agent, t.pupil)
	}
	users, err := r.users(ctx, names)
	if err != nil {
		return err
	}
	var ties []household.Tie
	wards := map[string][]string{}
	for _, t := range some {
		agent, child := users[t.agent], users[t.pupil]
		switch {
		case agent == nil && t.adds:
			r.warn(oneroster.Problem{File: oneroster.Users, Row: t.line, Warning: true,
				Reason: fmt.Sprintf("the agent %q of %q is not there", t.agent, t.pupil)})
			continue
		case agent == nil || child == nil:
			continue
		}
		if _, seen := wards[t.agent]; !seen {
			wards[t.agent] = agent.Agents
		}
		if has := slices.Contains(wards[t.agent], t.pupil); t.adds && !has {
			wards[t.agent] = append(slices.Clone(wards[t.agent]), t.pupil)
		} else if !t.adds && has && agent.Status == rosteruser.StatusActive {
			wards[t.agent] = slices.DeleteFunc(slices.Clone(wards[t.agent]), func(w string) bool { return w == t.pupil })
		}
		switch {
		case agent.PersonID == nil || child.PersonID == nil || *agent.PersonID == *child.PersonID:
		case t.adds && slices.Contains(child.Agents, t.agent) && child.Status == rosteruser.StatusActive && agent.Status == rosteruser.StatusActive:
			ties = append(ties, household.Tie{GuardianID: *agent.PersonID, ChildID: *child.PersonID})
		case !t.adds && child.Status == rosteruser.StatusActive:
			r.cut = append(r.cut, withdrawal{*agent.PersonID, *child.PersonID})
		}
	}
	for name, list := range wards {
		if u := users[name]; !slices.Equal(u.Agents, list) && (len(u.Agents) > 0 || len(list) > 0) && !isPupil(u, r) {
			if err := u.Update().SetAgents(list).Exec(ctx); err != nil {
				return err
			}
		}
	}
	n, err := r.Register.RecordAll(ctx, ties)
	r.done.Guarded += n
	return err
}

// isPupil reports whether somebody is a pupil, whose own agents answer for them.
func isPupil(u *db.RosterUser, r *run) bool {
	s, err := r.open(u)
	return err == nil && s.Pupil
}

// withdraw ends a guardianship unless the roster of another school has it.
func (r *run) withdraw(ctx context.Context, w withdrawal) (bool, error) {
	others, err := r.DB.RosterUser.Query().Where(rosteruser.PersonID(w.child), rosteruser.StatusEQ(rosteruser.StatusActive)).All(ctx)
	if err != nil {
		return false, err
	}
	for _, u := range others {
		if len(u.Agents) == 0 {
			continue
		}
		has, err := r.DB.RosterUser.Query().Where(rosteruser.PersonID(w.guardian), rosteruser.StatusEQ(rosteruser.StatusActive),
			rosteruser.SourceSystem(*u.SourceSystem), predicate.RosterUser(r.Store.OneOf(rosteruser.FieldSourceValue, u.Agents))).Exist(ctx)
		if err != nil || has {
			return false, err
		}
	}
	return r.Register.Withdraw(ctx, w.guardian, w.child)
}

// takePosts makes teachers of those who teach now, and ends what those may do who do no more.
func (r *run) takePosts(ctx context.Context) error {
	type posted struct {
		person, school string
		adds           bool
	}
	var last posted
	for {
		var some []posted
		err := r.stage.scan(ctx, "SELECT person, school, adds FROM posts WHERE (person, school) > (?, ?) ORDER BY person, school LIMIT ?",
			[]any{last.person, last.school, batch}, func(scan func(...any) error) error {
				var p posted
				err := scan(&p.person, &p.school, &p.adds)
				some = append(some, p)
				return err
			})
		if err != nil || len(some) == 0 {
			return err
		}
		last = some[len(some)-1]
		for _, p := range some {
			if p.adds {
				err = r.appoint(ctx, p.person, p.school)
			} else {
				err = r.dismiss(ctx, p.person, p.school)
			}
			if err != nil {
				return err
			}
		}
	}
}

// appoint makes somebody a teacher of a school, once.
func (o *Office) appoint(ctx context.Context, personID, schoolID string) error {
	has, err := o.DB.StaffRole.Query().Where(staffrole.PersonID(personID), staffrole.KindEQ(staffrole.KindTeacher), staffrole.OrganisationID(schoolID)).Exist(ctx)
	if err != nil || has {
		return err
	}
	return o.DB.StaffRole.Create().SetPersonID(personID).SetKind(staffrole.KindTeacher).SetOrganisationID(schoolID).Exec(ctx)
}

// dismiss ends what somebody may do at a school as its teacher, unless another roster says they teach there.
func (o *Office) dismiss(ctx context.Context, personID, schoolID string) error {
	known, err := o.DB.RosterUser.Query().Where(rosteruser.PersonID(personID), rosteruser.StatusEQ(rosteruser.StatusActive)).All(ctx)
	if err != nil {
		return err
	}
	for _, u := range known {
		s, err := o.open(u)
		if err != nil {
			return err
		}
		if slices.Contains(s.Posts, schoolID) {
			return nil
		}
	}
	n, err := o.DB.StaffRole.Delete().Where(staffrole.PersonID(personID), staffrole.KindEQ(staffrole.KindTeacher), staffrole.OrganisationID(schoolID)).Exec(ctx)
	if err != nil || n == 0 {
		return err
	}
	return o.Events.Emit(ctx, RoleEnded{personID})
}

// link has a roster's user be a person of the city from now on: what they may do and answer for follows.
func (o *Office) link(ctx context.Context, u *db.RosterUser, personID string) error {
	s, err := o.open(u)
	if err != nil {
		return err
	}
	waited := s.Parts
	s.Parts = nil
	key, sealed, err := o.seal(u.ID, s)
	if err != nil {
		return err
	}
	if err := u.Update().SetPersonID(personID).SetDataKey(key).SetSealed(sealed).Exec(ctx); err != nil {
		return err
	}
	for _, at := range s.Posts {
		if err := o.appoint(ctx, personID, at); err != nil {
			return err
		}
	}
	if s.Pupil {
		return nil
	}
	pupils, err := o.DB.RosterUser.Query().Where(rosteruser.SourceSystem(*u.SourceSystem), rosteruser.StatusEQ(rosteruser.StatusActive), rosteruser.PersonIDNotNil(),
		predicate.RosterUser(o.Store.OneOf(rosteruser.FieldSourceValue, u.Agents))).All(ctx)
	if err != nil {
		return err
	}
	var ties []household.Tie
	for _, p := range pupils {
		if slices.Contains(p.Agents, *u.SourceValue) && *p.PersonID != personID {
			ties = append(ties, household.Tie{GuardianID: personID, ChildID: *p.PersonID})
		}
	}
	_, err = o.Register.RecordAll(ctx, ties)
	return errors.Join(err, o.join(ctx, personID, u.SourceSystem, waited))
}

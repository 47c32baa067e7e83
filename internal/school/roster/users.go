package roster

import (
	"context"
	"slices"

	"citygraph/ent/db"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/rosteruser"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/oneroster"
)

const userType = "RosterUser"

// takeUsers takes over who is taught, who teaches and who answers for whom, and finds who they are in the city.
func (r *run) takeUsers(ctx context.Context) error {
	err := r.stage.each(ctx, oneroster.Users, func(rows []staged) error {
		b, err := r.people(ctx, rows)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := b.take(ctx, &b.rows[i]); err != nil {
				return err
			}
		}
		r.took(len(rows))
		return b.send(ctx)
	})
	if err != nil || !r.ends(oneroster.Users) {
		return err
	}
	return r.missing(ctx, oneroster.Users, userType, func(after string) (map[string]string, error) {
		rows, err := r.DB.RosterUser.Query().Where(rosteruser.SourceSystem(r.Source), rosteruser.IDGT(after), rosteruser.StatusEQ(rosteruser.StatusActive)).
			Order(rosteruser.ByID()).Limit(batch).Select(rosteruser.FieldID, rosteruser.FieldSourceValue).All(ctx)
		found := map[string]string{}
		for _, u := range rows {
			found[u.ID] = *u.SourceValue
		}
		return found, err
	}, func(ids []string) error {
		gone, err := r.DB.RosterUser.Query().Where(predicate.RosterUser(r.Store.OneOf(rosteruser.FieldID, ids))).All(ctx)
		if err != nil {
			return err
		}
		for _, u := range gone {
			if err := r.leave(ctx, u, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// post remembers that somebody teaches at a school, or does so no more.
func (r *run) post(ctx context.Context, personID, schoolID string, adds bool) error {
	_, err := r.stage.exec(ctx, "INSERT INTO posts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET adds = max(adds, excluded.adds)", personID, schoolID, adds)
	return err
}

// turn remembers that somebody answers for a pupil, or does so no more.
func (r *run) turn(ctx context.Context, agent, pupil string, adds bool, line int) error {
	_, err := r.stage.exec(ctx, "INSERT INTO turns VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET adds = max(adds, excluded.adds)", agent, pupil, adds, line)
	return err
}

// take finds out what becomes of one row.
func (b *people) take(ctx context.Context, u *peopleRow) error {
	was := b.known[u.id]
	if u.state == deleted {
		if was == nil || was.Status == rosteruser.StatusEnded {
			b.done.Same++
			return nil
		}
		b.done.Ended[userType]++
		return b.leave(ctx, was, u.line)
	}
	if u.reason != "" {
		return b.reject(ctx, u.staged, "%s", u.reason)
	}
	mark, err := b.fingerprint(u.said, u.agents)
	if err != nil {
		return err
	}
	if was == nil {
		return b.enter(ctx, u, mark)
	}
	if was.Fingerprint == mark && (was.Status == rosteruser.StatusActive || len(was.Sealed) == 0) {
		b.done.Same++
		return b.meet(ctx, u, was)
	}
	return b.change(ctx, u, was, mark)
}

// enter writes somebody new.
func (b *people) enter(ctx context.Context, u *peopleRow, mark string) error {
	who, reason := b.match(u, "")
	if reason != "" {
		return b.reject(ctx, u.staged, "%s", reason)
	}
	if who == "" && u.Pupil {
		var err error
		if who, err = b.person(u); err != nil {
			return err
		}
	}
	row := id.New(id.RosterUser)
	key, sealed, err := b.seal(row, u.said)
	if err != nil {
		return err
	}
	agents := u.agents
	if !u.Pupil {
		agents = b.wards[u.id]
	}
	create := b.DB.RosterUser.Create().SetID(row).SetSourceSystem(b.Source).SetSourceValue(u.id).SetDataKey(key).SetSealed(sealed).
		SetIDNumberIndex(b.index(u.IDNumber)).SetPhoneIndex(b.Records.PhoneIndex(u.Phone)).SetAgents(agents).SetFingerprint(mark)
	if who != "" {
		create.SetPersonID(who)
	}
	b.fresh = append(b.fresh, create)
	b.done.New[userType]++
	return b.follow(ctx, u, who, nil, nil)
}

// meet links somebody who was not known to the city when the roster spoke of them first.
func (b *people) meet(ctx context.Context, u *peopleRow, was *db.RosterUser) error {
	if was.PersonID != nil || len(was.Sealed) == 0 {
		return nil
	}
	who, reason := b.match(u, "")
	if who == "" || reason != "" {
		return nil
	}
	b.done.Same--
	b.done.Changed[userType]++
	return b.link(ctx, was, who)
}

// change writes what the roster says otherwise now.
func (b *people) change(ctx context.Context, u *peopleRow, was *db.RosterUser, mark string) error {
	linked := ""
	if was.PersonID != nil {
		linked = *was.PersonID
	}
	who, reason := b.match(u, linked)
	if reason != "" {
		return b.reject(ctx, u.staged, "%s", reason)
	}
	before, err := b.open(was)
	if err != nil {
		return err
	}
	if who == "" && u.Pupil {
		if who, err = b.person(u); err != nil {
			return err
		}
	}
	if err := b.correct(ctx, u, before, linked); err != nil {
		return err
	}
	if who == "" {
		u.Parts = before.Parts
	} else if err := b.join(ctx, who, was.SourceSystem, before.Parts); err != nil {
		return err
	}
	key, sealed, err := b.seal(was.ID, u.said)
	if err != nil {
		return err
	}
	agents := u.agents
	if !u.Pupil {
		agents = was.Agents // whom they answer for, which pupils' rows say
	}
	write := was.Update().SetDataKey(key).SetSealed(sealed).SetIDNumberIndex(b.index(u.IDNumber)).
		SetPhoneIndex(b.Records.PhoneIndex(u.Phone)).SetAgents(agents).SetFingerprint(mark).SetStatus(rosteruser.StatusActive)
	if who != "" {
		write.SetPersonID(who)
	}
	if err := b.follow(ctx, u, who, &before, was); err != nil {
		return err
	}
	b.writes = append(b.writes, write)
	b.done.Changed[userType]++
	return nil
}

// correct has a person who is known by the roster alone bear the name it gives now, and be known by their number.
func (b *people) correct(ctx context.Context, u *peopleRow, before said, linked string) error {
	if linked == "" || !u.Pupil || b.bound[linked] != "" {
		return nil
	}
	if u.IDNumber != "" {
		if err := b.identify(linked, u); err != nil {
			return err
		}
	}
	if before.Name == u.Name && u.IDNumber == "" {
		return nil
	}
	return b.DB.Person.UpdateOneID(linked).SetName(mask.Name(u.Name)).SetMaskedIDNumber(mask.IDNumber(u.IDNumber)).Exec(ctx)
}

// follow remembers what follows from a row: posts and guardians that came and went.
func (b *people) follow(ctx context.Context, u *peopleRow, who string, before *said, was *db.RosterUser) error {
	var posts, agents []string
	back := was != nil && was.Status == rosteruser.StatusEnded
	if before != nil && was.PersonID != nil && !back {
		posts = before.Posts
	}
	if before != nil && before.Pupil && !back {
		agents = was.Agents
	}
	if who != "" {
		for _, at := range u.Posts {
			if err := b.post(ctx, who, at, true); err != nil {
				return err
			}
		}
		for _, at := range posts {
			if !slices.Contains(u.Posts, at) {
				if err := b.post(ctx, who, at, false); err != nil {
					return err
				}
			}
		}
	}
	if u.Pupil {
		for _, agent := range u.agents {
			if !slices.Contains(agents, agent) {
				if err := b.turn(ctx, agent, u.id, true, u.line); err != nil {
					return err
				}
			}
		}
		for _, agent := range agents {
			if !slices.Contains(u.agents, agent) {
				if err := b.turn(ctx, agent, u.id, false, u.line); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if was == nil || back || was.PersonID == nil && who != "" { // pupils who were said before, or say the same again, may name them
		return b.named(ctx, u, was)
	}
	return nil
}

// named turns to those whom a pupil of the set names, and whom they answered for before they left.
func (b *people) named(ctx context.Context, u *peopleRow, was *db.RosterUser) error {
	wards := b.wards[u.id]
	if was != nil {
		wards = slices.Concat(wards, was.Agents)
	}
	for _, ward := range wards {
		if err := b.turn(ctx, u.id, ward, true, u.line); err != nil {
			return err
		}
	}
	return nil
}

// index is what an id number is looked up by; none has none.
func (o *Office) index(idNumber string) string {
	if idNumber == "" {
		return ""
	}
	return o.Records.Index(idNumber)
}

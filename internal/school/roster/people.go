package roster

import (
	"context"
	"fmt"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/rosteruser"
	"citygraph/internal/id"
	"citygraph/internal/mask"
	"citygraph/internal/oneroster"
	"citygraph/internal/personal"
)

// people is a batch of users with all that is looked up for them.
type people struct {
	*run
	rows    []peopleRow
	known   map[string]*db.RosterUser // by identifier
	blurred map[string]bool           // of whom a row is refused
	roles   map[string][]role
	born    map[string]birth
	agents  map[string][]string // of pupils, as relationships say
	wards   map[string][]string // of agents, as relationships and pupils say
	schools map[string]*db.School
	orgs    map[string]bool // that the set has and are no schools

	numbers map[string]personal.Known   // who has an id number, by its index
	phones  map[string][]personal.Known // who has a phone, by its index
	bound   map[string]string           // the index of the id number, by person

	fresh   []*db.RosterUserCreate
	newborn []*db.PersonCreate
	data    []*db.PersonalDataCreate
	writes  []*db.RosterUserUpdateOne
}

type peopleRow struct {
	staged
	saidRow
	reason string
}

type role struct {
	role, org string
	adds      bool
}

type birth struct{ birth, sex string }

// people looks up what a batch needs, with a constant number of statements.
func (r *run) people(ctx context.Context, rows []staged) (*people, error) {
	b := &people{run: r, rows: make([]peopleRow, len(rows))}
	for i, s := range rows {
		b.rows[i].staged = s
	}
	if err := b.surround(ctx, ids(rows)); err != nil {
		return nil, err
	}
	var err error
	if b.known, err = r.users(ctx, ids(rows)); err != nil {
		return nil, err
	}
	var numbers, phones, linked []string
	for i := range b.rows {
		u := &b.rows[i]
		if err := b.read(u); err != nil {
			return nil, err
		}
		if u.IDNumber != "" {
			numbers = append(numbers, b.Records.Index(u.IDNumber))
		}
		if u.Phone != "" {
			phones = append(phones, b.Records.PhoneIndex(u.Phone))
		}
		if was := b.known[u.id]; was != nil && was.PersonID != nil {
			linked = append(linked, *was.PersonID)
		}
	}
	return b, b.lookUp(ctx, numbers, phones, linked)
}

func (b *people) lookUp(ctx context.Context, numbers, phones, linked []string) error {
	b.numbers, b.phones, b.bound = map[string]personal.Known{}, map[string][]personal.Known{}, map[string]string{}
	all, err := b.Records.Known(ctx, personal.Sought{Numbers: numbers, Phones: phones, People: linked})
	if err != nil {
		return err
	}
	for _, k := range all {
		b.numbers[k.NumberIndex] = k
		b.bound[k.PersonID] = k.NumberIndex
		if k.PhoneIndex != "" {
			b.phones[k.PhoneIndex] = append(b.phones[k.PhoneIndex], k)
		}
	}
	return nil
}

// surround loads the roles, birth dates and relationships of a batch from the stage, and their schools.
func (b *people) surround(ctx context.Context, users []string) error {
	b.roles, b.born = map[string][]role{}, map[string]birth{}
	args := []any{list(users)}
	err := b.stage.scan(ctx, "SELECT user, role, org, adds FROM roles WHERE user IN (SELECT value FROM json_each(?)) ORDER BY user, role, org", args, func(scan func(...any) error) error {
		var user string
		var one role
		err := scan(&user, &one.role, &one.org, &one.adds)
		b.roles[user] = append(b.roles[user], one)
		return err
	})
	if err != nil {
		return err
	}
	err = b.stage.scan(ctx, "SELECT user, birth, sex FROM born WHERE user IN (SELECT value FROM json_each(?))", args, func(scan func(...any) error) error {
		var user string
		var one birth
		err := scan(&user, &one.birth, &one.sex)
		b.born[user] = one
		return err
	})
	if err != nil {
		return err
	}
	b.blurred = map[string]bool{}
	err = b.stage.scan(ctx, "SELECT user FROM blurred WHERE user IN (SELECT value FROM json_each(?))", args, func(scan func(...any) error) error {
		var user string
		err := scan(&user)
		b.blurred[user] = true
		return err
	})
	if err != nil {
		return err
	}
	const in = " IN (SELECT value FROM json_each(?)) ORDER BY 1, 2"
	if b.agents, err = b.stage.pairs(ctx, "SELECT pupil, agent FROM ties WHERE pupil"+in, users); err != nil {
		return err
	}
	if b.wards, err = b.stage.pairs(ctx, "SELECT agent, pupil FROM ties WHERE agent"+in, users); err != nil {
		return err
	}
	var orgs []string
	for i := range b.rows {
		u := &b.rows[i]
		if len(b.wards[u.id]) > 0 {
			u.guardian = true
		}
		if word := strings.ToLower(u.what["role"]); word != "" {
			at := values(u.what["orgSourcedIds"])
			if len(at) == 0 {
				at = []string{""}
			}
			for _, org := range at {
				b.roles[u.id] = append(b.roles[u.id], role{word, org, true})
			}
		}
		for _, one := range b.roles[u.id] {
			orgs = append(orgs, one.org)
		}
	}
	if b.schools, err = b.run.schools(ctx, orgs); err != nil {
		return err
	}
	b.orgs = map[string]bool{}
	staged, err := b.stage.has(ctx, oneroster.Orgs, orgs)
	for id, o := range staged {
		b.orgs[id] = !strings.EqualFold(o.what["type"], "school")
	}
	return err
}

// users are those of the source, by their identifiers.
func (r *run) users(ctx context.Context, ids []string) (map[string]*db.RosterUser, error) {
	rows, err := r.DB.RosterUser.Query().Where(rosteruser.SourceSystem(r.Source),
		predicate.RosterUser(r.Store.OneOf(rosteruser.FieldSourceValue, ids))).All(ctx)
	found := make(map[string]*db.RosterUser, len(rows))
	for _, u := range rows {
		found[*u.SourceValue] = u
	}
	return found, err
}

// match finds who of the city a row means: by the id number, or who teaches or answers for a pupil by phone and full name. Who
// was found before stays. The reason says why nobody can be meant.
func (b *people) match(u *peopleRow, linked string) (who, reason string) {
	if u.IDNumber != "" {
		index := b.Records.Index(u.IDNumber)
		found, known := b.numbers[index]
		switch {
		case known && found.Name != u.Name:
			return "", "its id number is that of somebody with another name"
		case known && linked != "" && found.PersonID != linked:
			return "", "its id number is that of another person than before"
		case !known && linked != "" && b.bound[linked] != "":
			return "", "its id number is not that of the person it was found to be"
		case known:
			return found.PersonID, ""
		}
	}
	if linked != "" || u.Pupil || u.Phone == "" || u.IDNumber != "" {
		return linked, ""
	}
	for _, k := range b.phones[b.Records.PhoneIndex(u.Phone)] {
		if k.Name == u.Name {
			return k.PersonID, ""
		}
	}
	return "", ""
}

// person makes a pupil known to the city.
func (b *people) person(u *peopleRow) (personID string, err error) {
	personID = id.New(id.Person)
	b.newborn = append(b.newborn, b.DB.Person.Create().SetID(personID).SetName(mask.Name(u.Name)).SetMaskedIDNumber(mask.IDNumber(u.IDNumber)))
	if u.IDNumber == "" {
		if u.Birth == "" {
			b.done.Ageless++
		}
		return personID, nil
	}
	return personID, b.identify(personID, u)
}

// identify keeps the number of a pupil, so that it is they who are found by it from now on.
func (b *people) identify(personID string, u *peopleRow) error {
	row, err := b.Records.Builder(personID, personal.Data{Name: u.Name, IDNumber: u.IDNumber, BirthDate: u.Birth, Sex: u.Sex})
	if err != nil {
		return err
	}
	b.data = append(b.data, row)
	index := b.Records.Index(u.IDNumber)
	b.numbers[index] = personal.Known{PersonID: personID, Name: u.Name, NumberIndex: index}
	b.bound[personID] = index
	return nil
}

// send writes the batch.
func (b *people) send(ctx context.Context) error {
	if err := b.DB.Person.CreateBulk(b.newborn...).Exec(ctx); err != nil {
		return fmt.Errorf("write people: %w", err)
	}
	if err := b.DB.PersonalData.CreateBulk(b.data...).Exec(ctx); err != nil {
		return fmt.Errorf("write %s: %w", personaldata.Table, err)
	}
	if err := b.DB.RosterUser.CreateBulk(b.fresh...).Exec(ctx); err != nil {
		return fmt.Errorf("write users: %w", err)
	}
	for _, w := range b.writes {
		if err := w.Exec(ctx); err != nil {
			return fmt.Errorf("write users: %w", err)
		}
	}
	return nil
}

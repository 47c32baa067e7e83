package roster

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/rosteruser"
	"citygraph/internal/resident"
	"citygraph/internal/viewer"
)

// Bound links what rosters say of somebody who has just proved who they are: by their id number, or by their phone and full
// name. In the transaction of ctx.
func (o *Office) Bound(ctx context.Context, personID string) error {
	ctx = viewer.AsSystem(ctx, "who is known to a school by their number is known to the city now")
	d, found, err := o.Records.Of(ctx, personID)
	if err != nil || !found {
		return err
	}
	meant := rosteruser.IDNumberIndex(o.index(d.IDNumber))
	if d.Phone != "" {
		meant = rosteruser.Or(meant, rosteruser.And(rosteruser.PhoneIndex(o.Records.PhoneIndex(d.Phone)), rosteruser.IDNumberIndex("")))
	}
	waiting, err := o.DB.RosterUser.Query().Where(rosteruser.PersonIDIsNil(), rosteruser.StatusEQ(rosteruser.StatusActive), meant).
		Order(rosteruser.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for a roster's user: %w", err)
	}
	for _, u := range waiting {
		s, err := o.open(u)
		if err != nil {
			return err
		}
		if s.Name != d.Name {
			continue
		}
		if err := o.link(ctx, u, personID); err != nil {
			return fmt.Errorf("link a roster's user: %w", err)
		}
	}
	return nil
}

// Forget lets go of what rosters say of somebody whose account has ended, in the transaction of ctx: their school keeps its own
// records. The same roster said again does not bring it back.
func (o *Office) Forget(ctx context.Context, personID string) error {
	ctx = viewer.AsSystem(ctx, "nothing of who is gone is kept here")
	err := o.DB.RosterUser.Update().Where(rosteruser.PersonID(personID)).SetStatus(rosteruser.StatusEnded).ClearPersonID().
		SetDataKey([]byte{}).SetSealed([]byte{}).SetIDNumberIndex("").SetPhoneIndex("").SetAgents([]string{}).Exec(ctx)
	if err != nil {
		return fmt.Errorf("empty roster users: %w", err)
	}
	err = o.DB.Enrollment.Update().Where(enrollment.PersonID(personID), enrollment.StatusEQ(enrollment.StatusActive)).
		SetStatus(enrollment.StatusEnded).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end enrolments: %w", err)
	}
	return nil
}

// Saying is what a roster says of somebody.
type Saying struct {
	Source     string            `json:"source"`
	Identifier string            `json:"identifier"`
	Name       string            `json:"name"`
	IDNumber   string            `json:"idNumber"`
	Phone      string            `json:"phone"`
	BirthDate  string            `json:"birthDate"`
	Sex        resident.Sex      `json:"sex"`
	Status     rosteruser.Status `json:"status"`
}

// String hides the data from logs.
func (Saying) String() string { return "[personal data]" }

// Of opens what rosters say of a person, for a verb that shows it to that person alone.
func (o *Office) Of(ctx context.Context, personID string) ([]Saying, error) {
	ctx = viewer.AsSystem(ctx, "a person reads what is said of them")
	rows, err := o.DB.RosterUser.Query().Where(rosteruser.PersonID(personID)).Order(rosteruser.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load roster users: %w", err)
	}
	all := make([]Saying, len(rows))
	for i, u := range rows {
		s, err := o.open(u)
		if err != nil {
			return nil, err
		}
		all[i] = Saying{*u.SourceSystem, *u.SourceValue, s.Name, s.IDNumber, s.Phone, s.Birth, s.Sex, u.Status}
	}
	return all, nil
}

// Births are the birth dates, YYYY-MM-DD, that rosters tell of children, for whom the city does not know by an id number. For the
// register of who acts for whom: it reads them in memory, and they go no further.
func (o *Office) Births(ctx context.Context, people ...string) (map[string]string, error) {
	ctx = viewer.AsSystem(ctx, "what a guardian may do follows from the child's age")
	rows, err := o.DB.RosterUser.Query().Where(rosteruser.PersonIDIn(people...)).Order(rosteruser.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load roster users: %w", err)
	}
	born := map[string]string{}
	for _, u := range rows {
		s, err := o.open(u)
		if err != nil {
			return nil, err
		}
		if s.Birth != "" {
			born[*u.PersonID] = s.Birth
		}
	}
	return born, nil
}

// Rotate wraps the data keys of rosters' users anew that are not under the current key and suite, and returns how many that
// were. It works a batch at a time while the city serves, and goes on where it stood when it is run again.
func (o *Office) Rotate(ctx context.Context) (rotated int, err error) {
	ctx = viewer.AsSystem(ctx, "rotate the keys of rosters' users")
	for last := ""; ; {
		rows, err := o.DB.RosterUser.Query().Where(rosteruser.IDGT(last)).Order(rosteruser.ByID()).Limit(batch).All(ctx)
		if err != nil || len(rows) == 0 {
			return rotated, err
		}
		for _, u := range rows {
			n, err := o.rotate(ctx, u)
			if err != nil {
				return rotated, err
			}
			rotated += n
		}
		last = rows[len(rows)-1].ID
	}
}

// rotate is guarded by what was read: what was changed or forgotten meanwhile stays so.
func (o *Office) rotate(ctx context.Context, u *db.RosterUser) (int, error) {
	if len(u.Sealed) == 0 || o.Records.Vault.Current(u.DataKey) {
		return 0, nil
	}
	s, err := o.open(u)
	if err != nil {
		return 0, err
	}
	key, sealed, err := o.seal(u.ID, s)
	if err != nil {
		return 0, err
	}
	return o.DB.RosterUser.Update().Where(rosteruser.ID(u.ID), rosteruser.DataKey(u.DataKey), rosteruser.Sealed(u.Sealed)).
		SetDataKey(key).SetSealed(sealed).SetUpdatedAt(u.UpdatedAt).Save(ctx)
}

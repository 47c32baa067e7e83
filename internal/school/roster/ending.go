package roster

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/schoolclass"
	"citygraph/internal/oneroster"
)

// end ends classes, and who is in them is in them no more.
func (r *run) end(ctx context.Context, ids []string) error {
	err := r.DB.SchoolClass.Update().Where(predicate.SchoolClass(r.Store.OneOf(schoolclass.FieldID, ids))).SetStatus(schoolclass.StatusEnded).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end classes: %w", err)
	}
	n, err := r.DB.Enrollment.Update().Where(predicate.Enrollment(r.Store.OneOf(enrollment.FieldSchoolClassID, ids)),
		enrollment.StatusEQ(enrollment.StatusActive)).SetStatus(enrollment.StatusEnded).Save(ctx)
	if err != nil {
		return fmt.Errorf("end enrolments: %w", err)
	}
	r.count(r.done.Ended, enrollmentType, n)
	return nil
}

func (r *run) endClasses(ctx context.Context, schoolID string) error {
	ids, err := r.DB.SchoolClass.Query().Where(schoolclass.SchoolID(schoolID), schoolclass.SourceSystem(r.Source),
		schoolclass.StatusEQ(schoolclass.StatusActive)).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	r.count(r.done.Ended, classType, len(ids))
	return r.end(ctx, ids)
}

func (r *run) count(of map[string]int, kind string, n int) {
	if n > 0 {
		of[kind] += n
	}
}

// missing ends what is there and not in the file: load gives the identifiers by the ids of a page after an id.
func (r *run) missing(ctx context.Context, file oneroster.File, kind string, load func(after string) (map[string]string, error), end func([]string) error) error {
	for after := ""; ; {
		found, err := load(after)
		if err != nil {
			return fmt.Errorf("look for what is missing in %s: %w", file, err)
		}
		if len(found) == 0 {
			return nil
		}
		names := make([]string, 0, len(found))
		for id, name := range found {
			names = append(names, name)
			after = max(after, id)
		}
		here, err := r.stage.has(ctx, file, names)
		if err != nil {
			return err
		}
		var gone []string
		for id, name := range found {
			if _, is := here[name]; !is {
				gone = append(gone, id)
			}
		}
		if len(gone) == 0 {
			continue
		}
		r.count(r.done.Ended, kind, len(gone))
		if err := end(gone); err != nil {
			return err
		}
	}
}

// leave ends somebody's part in the roster: their classes, what they may do there, and what they answered for.
func (r *run) leave(ctx context.Context, u *db.RosterUser, line int) error {
	if err := u.Update().SetStatus(rosteruser.StatusEnded).Exec(ctx); err != nil {
		return err
	}
	was, err := r.open(u)
	if err != nil {
		return err
	}
	if u.PersonID != nil {
		for _, at := range was.Posts {
			if err := r.post(ctx, *u.PersonID, at, false); err != nil {
				return err
			}
		}
		n, err := r.DB.Enrollment.Update().Where(enrollment.PersonID(*u.PersonID), enrollment.SourceSystem(r.Source),
			enrollment.StatusEQ(enrollment.StatusActive)).SetStatus(enrollment.StatusEnded).Save(ctx)
		if err != nil {
			return err
		}
		r.count(r.done.Ended, enrollmentType, n)
	}
	if was.Pupil {
		return nil // who answers for a child does so at the next school too
	}
	for _, ward := range u.Agents {
		if err := r.turn(ctx, *u.SourceValue, ward, false, line); err != nil {
			return err
		}
	}
	return nil
}

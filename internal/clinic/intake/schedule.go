package intake

import (
	"context"

	"citygraph/ent/db"
	"citygraph/internal/fhir"
)

type schedule struct {
	Actor     []reference `json:"actor"`
	Specialty []concept   `json:"specialty"`
}

// takeSchedules makes diaries: whose they are and where is told by a post, or by a place with or without a
// practitioner.
func (r *run) takeSchedules(ctx context.Context, batch []fhir.Resource) error {
	fresh, err := unknown(ctx, r, decoded[schedule](r, batch), r.schedules)
	if err != nil {
		return err
	}
	d, err := r.diaries(ctx, fresh)
	if err != nil {
		return err
	}
	var rows []*db.ScheduleCreate
	for _, s := range fresh {
		create := r.DB.Schedule.Create().SetCreatedAt(r.now).SetSourceSystem(s.system).SetSourceValue(s.value).SetSourceRef(s.ref)
		reason, err := d.fill(ctx, r, s.Body, create)
		if err != nil {
			return err
		}
		if reason != "" {
			r.refuse(s.problem(reason))
			continue
		}
		rows = append(rows, create)
	}
	if err := r.DB.Schedule.CreateBulk(rows...).Exec(ctx); err != nil {
		return err
	}
	r.took("Schedule", len(rows))
	return nil
}

// actors are what the schedules of a batch refer to.
type actors struct {
	posts  map[string]*db.PractitionerRole
	people map[string]row
	places map[string]row
}

func (r *run) diaries(ctx context.Context, batch []named[schedule]) (found actors, err error) {
	var all []string
	for _, s := range batch {
		for _, actor := range s.Body.Actor {
			all = append(all, actor.to())
		}
	}
	if found.posts, err = r.posts(ctx, all); err != nil {
		return found, err
	}
	if found.people, err = r.resolve(ctx, all, r.practitioners); err != nil {
		return found, err
	}
	found.places, err = r.resolve(ctx, all, r.clinics)
	return found, err
}

// fill gives a diary its place, department and practitioner, or says why it cannot. A post tells all three.
func (a actors) fill(ctx context.Context, r *run, s schedule, create *db.ScheduleCreate) (reason string, err error) {
	var clinicID string
	for _, actor := range s.Actor {
		to := actor.to()
		post, isPost := a.posts[to]
		person, isPerson := a.people[to]
		place, isPlace := a.places[to]
		switch {
		case isPost:
			create.SetClinicID(post.ClinicID).SetPractitionerID(post.PractitionerID).SetNillableDepartmentID(post.DepartmentID)
			return "", nil
		case isPerson:
			create.SetPractitionerID(person.ID)
		case isPlace:
			clinicID = place.ID
		default:
			return dangling(to), nil
		}
	}
	if clinicID == "" {
		return "none of its actors is a Location or a PractitionerRole", nil
	}
	department, reason, err := r.department(ctx, clinicID, s.Specialty)
	create.SetClinicID(clinicID).SetNillableDepartmentID(department)
	return reason, err
}

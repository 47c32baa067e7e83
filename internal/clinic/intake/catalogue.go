package intake

import (
	"cmp"
	"context"
	"fmt"

	"citygraph/ent/db/clinic"
	"citygraph/ent/db/predicate"
	"citygraph/internal/facts"
	"citygraph/internal/lang"
)

// catalogue is what an import looks things up in: a city's clinics and their departments are few.
type catalogue struct {
	unclaimed   map[string]string    // ids of the clinics that no source has named, by their name
	departments map[[2]string]string // ids, by clinic and national code
	subjects    map[string]lang.Text // the national list, by code
}

func (r *run) load(ctx context.Context) error {
	city, err := facts.Load()
	if err != nil {
		return err
	}
	r.catalogue = catalogue{unclaimed: map[string]string{}, departments: map[[2]string]string{}, subjects: map[string]lang.Text{}}
	for _, d := range city.Departments {
		r.subjects[d.Code] = d.Name
	}
	clinics, err := r.DB.Clinic.Query().Where(clinic.SourceRefIsNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("load clinics: %w", err)
	}
	for _, c := range clinics {
		r.unclaimed[c.Name.ZH] = c.ID
	}
	departments, err := r.DB.Department.Query().All(ctx)
	if err != nil {
		return fmt.Errorf("load departments: %w", err)
	}
	for _, d := range departments {
		r.departments[[2]string{d.ClinicID, d.Code}] = d.ID
	}
	return nil
}

// concept is a word of a code system.
type concept struct {
	Text   string `json:"text"`
	Coding []struct {
		Code    string `json:"code"`
		Display string `json:"display"`
	} `json:"coding"`
}

// words are what a person would read.
func words(concepts []concept) string {
	for _, c := range concepts {
		if c.Text != "" {
			return c.Text
		}
		for _, coding := range c.Coding {
			if said := cmp.Or(coding.Display, coding.Code); said != "" {
				return said
			}
		}
	}
	return ""
}

// department is the clinic's department for a specialty in the national list, which is made where the clinic has
// none yet; nil without a specialty. It is told in words what no code of the specialty is in.
func (r *run) department(ctx context.Context, clinicID string, specialties []concept) (id *string, reason string, err error) {
	if len(specialties) == 0 {
		return nil, "", nil
	}
	for _, s := range specialties {
		for _, coding := range s.Coding {
			name, national := r.subjects[coding.Code]
			if !national {
				continue
			}
			key := [2]string{clinicID, coding.Code}
			if found, here := r.departments[key]; here {
				return &found, "", nil
			}
			made, err := r.DB.Department.Create().SetClinicID(clinicID).SetCode(coding.Code).SetName(name).Save(ctx)
			if err != nil {
				return nil, "", fmt.Errorf("make a department: %w", err)
			}
			r.departments[key] = made.ID
			return &made.ID, "", nil
		}
	}
	return nil, "its specialty is not in the national list of medical subjects", nil
}

func (r *run) clinics(ctx context.Context, column string, values []string) (found []row, err error) {
	rows, err := r.DB.Clinic.Query().Where(predicate.Clinic(r.Store.OneOf(column, values))).All(ctx)
	for _, c := range rows {
		found = append(found, row{c.ID, text(c.SourceSystem), text(c.SourceValue), text(c.SourceRef), c.CreatedAt})
	}
	return found, err
}

func (r *run) practitioners(ctx context.Context, column string, values []string) (found []row, err error) {
	rows, err := r.DB.Practitioner.Query().Where(predicate.Practitioner(r.Store.OneOf(column, values))).All(ctx)
	for _, p := range rows {
		found = append(found, row{p.ID, text(p.SourceSystem), text(p.SourceValue), text(p.SourceRef), p.CreatedAt})
	}
	return found, err
}

func (r *run) roles(ctx context.Context, column string, values []string) (found []row, err error) {
	rows, err := r.DB.PractitionerRole.Query().Where(predicate.PractitionerRole(r.Store.OneOf(column, values))).All(ctx)
	for _, p := range rows {
		found = append(found, row{p.ID, text(p.SourceSystem), text(p.SourceValue), text(p.SourceRef), p.CreatedAt})
	}
	return found, err
}

func (r *run) schedules(ctx context.Context, column string, values []string) (found []row, err error) {
	rows, err := r.DB.Schedule.Query().Where(predicate.Schedule(r.Store.OneOf(column, values))).All(ctx)
	for _, s := range rows {
		found = append(found, row{s.ID, text(s.SourceSystem), text(s.SourceValue), text(s.SourceRef), s.CreatedAt})
	}
	return found, err
}

// slots are referred to by nobody.
func (r *run) slots(ctx context.Context, column string, values []string) (found []row, err error) {
	if column == "source_ref" {
		return nil, nil
	}
	rows, err := r.DB.Slot.Query().Where(predicate.Slot(r.Store.OneOf(column, values))).All(ctx)
	for _, s := range rows {
		found = append(found, row{ID: s.ID, System: text(s.SourceSystem), Value: text(s.SourceValue), Made: s.CreatedAt})
	}
	return found, err
}

// text is what a column holds, or nothing.
func text(column *string) string {
	if column == nil {
		return ""
	}
	return *column
}

package intake

import (
	"context"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/practitionerrole"
	"citygraph/internal/fhir"
	"citygraph/internal/lang"
)

type practitioner struct {
	Name []struct {
		Text   string   `json:"text"`
		Family string   `json:"family"`
		Given  []string `json:"given"`
	} `json:"name"`
	Qualification []struct {
		Code concept `json:"code"`
	} `json:"qualification"`
}

// name is the first name that can be read: a Chinese one without a space.
func (p practitioner) name() string {
	for _, n := range p.Name {
		if n.Text != "" {
			return n.Text
		}
		parts := append([]string{n.Family}, n.Given...)
		if joined := strings.Join(parts, ""); joined != "" {
			if joined[0] < 0x80 {
				joined = strings.TrimSpace(strings.Join(append(n.Given, n.Family), " "))
			}
			return joined
		}
	}
	return ""
}

func (p practitioner) title() string {
	for _, q := range p.Qualification {
		if title := words([]concept{q.Code}); title != "" {
			return title
		}
	}
	return ""
}

func (r *run) takePractitioners(ctx context.Context, batch []fhir.Resource) error {
	fresh, err := unknown(ctx, r, decoded[practitioner](r, batch), r.practitioners)
	if err != nil {
		return err
	}
	var rows []*db.PractitionerCreate
	for _, p := range fresh {
		name, title := p.Body.name(), p.Body.title()
		if name == "" || len([]rune(name)) > maxWords {
			r.refuse(p.problem("it has no name of at most 200 characters"))
			continue
		}
		rows = append(rows, r.DB.Practitioner.Create().SetCreatedAt(r.now).SetSourceSystem(p.system).SetSourceValue(p.value).SetSourceRef(p.ref).
			SetName(lang.Text{ZH: name, EN: name}).SetTitle(lang.Text{ZH: cut(title), EN: cut(title)}))
	}
	if err := r.DB.Practitioner.CreateBulk(rows...).Exec(ctx); err != nil {
		return err
	}
	r.took("Practitioner", len(rows))
	return nil
}

type role struct {
	Practitioner reference   `json:"practitioner"`
	Organization reference   `json:"organization"`
	Location     []reference `json:"location"`
	Specialty    []concept   `json:"specialty"`
}

// place is the first place of the post, where it counts.
func (p role) place() string {
	if len(p.Location) == 0 {
		return ""
	}
	return p.Location[0].to()
}

func (r *run) takeRoles(ctx context.Context, batch []fhir.Resource) error {
	fresh, err := unknown(ctx, r, decoded[role](r, batch), r.roles)
	if err != nil {
		return err
	}
	var who, where []string
	for _, p := range fresh {
		who, where = append(who, p.Body.Practitioner.to()), append(where, p.Body.place())
	}
	people, err := r.resolve(ctx, who, r.practitioners)
	if err != nil {
		return err
	}
	places, err := r.resolve(ctx, where, r.clinics)
	if err != nil {
		return err
	}
	var rows []*db.PractitionerRoleCreate
	for i, p := range fresh {
		person, hasPerson := people[who[i]]
		place, hasPlace := places[where[i]]
		if reason := missing(who[i], hasPerson, where[i], hasPlace); reason != "" {
			r.refuse(p.problem(reason))
			continue
		}
		department, reason, err := r.department(ctx, place.ID, p.Body.Specialty)
		if err != nil {
			return err
		}
		if reason != "" {
			r.refuse(p.problem(reason))
			continue
		}
		rows = append(rows, r.DB.PractitionerRole.Create().SetCreatedAt(r.now).SetSourceSystem(p.system).SetSourceValue(p.value).SetSourceRef(p.ref).
			SetPractitionerID(person.ID).SetClinicID(place.ID).SetNillableDepartmentID(department))
	}
	if err := r.DB.PractitionerRole.CreateBulk(rows...).Exec(ctx); err != nil {
		return err
	}
	r.took("PractitionerRole", len(rows))
	return nil
}

// missing says which of the references of a post leads nowhere.
func missing(who string, person bool, where string, place bool) string {
	switch {
	case who == "" || where == "":
		return "it names no practitioner or no location"
	case !person:
		return dangling(who)
	case !place:
		return dangling(where)
	}
	return ""
}

func dangling(reference string) string {
	return "it refers to " + cut(reference) + ", which is not there"
}

// posts finds the posts that are referred to, with all their columns.
func (r *run) posts(ctx context.Context, references []string) (map[string]*db.PractitionerRole, error) {
	found, err := r.resolve(ctx, references, r.roles)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := make([]string, 0, len(found))
	for _, row := range found {
		ids = append(ids, row.ID)
	}
	rows, err := r.DB.PractitionerRole.Query().Where(practitionerrole.IDIn(ids...)).All(ctx)
	posts := map[string]*db.PractitionerRole{}
	for _, p := range rows {
		posts[text(p.SourceRef)[len(r.Source)+1:]] = p
	}
	return posts, err
}

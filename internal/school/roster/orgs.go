package roster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/school"
	"citygraph/internal/geo"
	"citygraph/internal/lang"
	"citygraph/internal/oneroster"
	"citygraph/internal/search"
)

const (
	schoolType = "School"
	maxOrgs    = 100_000
	maxWords   = 200 // characters of a school's name
)

// check refuses the organisations that are above themselves, and those below nothing.
func (r *run) check(ctx context.Context) error {
	parents, lines := map[string]string{}, map[string]staged{}
	err := r.stage.each(ctx, oneroster.Orgs, func(rows []staged) error {
		for _, o := range rows {
			parents[o.id], lines[o.id] = o.what["parentSourcedId"], o
		}
		if len(parents) > maxOrgs {
			return fmt.Errorf("%s has more than %d rows", oneroster.Orgs, maxOrgs)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sound := map[string]bool{"": true}
	for id := range parents {
		var path []string
		at, cyclic := id, false
		for !sound[at] {
			if cyclic = slices.Contains(path, at); cyclic {
				break
			}
			path = append(path, at)
			parent, here := parents[at]
			if !here { // above the set, or refused
				break
			}
			at = parent
		}
		if !cyclic {
			for _, on := range path {
				sound[on] = true
			}
		}
	}
	for _, id := range sorted(lines) {
		o, parent := lines[id], parents[id]
		_, known := parents[parent]
		switch {
		case !sound[id]:
			err = r.reject(ctx, o, "it is below itself, by its parentSourcedId %q", parent)
		case parent != "" && !known && r.set.Mode(oneroster.Orgs) == oneroster.Bulk:
			err = r.reject(ctx, o, "it refers to the organisation %q, which is not there", parent)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sorted(of map[string]staged) []string {
	ids := make([]string, 0, len(of))
	for id := range of {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return of[a].line - of[b].line })
	return ids
}

// takeOrgs finds the schools: by source and identifier, or by their very name where no source has named them. What else
// organises schools is no row here.
func (r *run) takeOrgs(ctx context.Context) error {
	unclaimed, err := r.unclaimed(ctx)
	if err != nil {
		return err
	}
	return r.stage.each(ctx, oneroster.Orgs, func(rows []staged) error {
		known, err := r.schools(ctx, ids(rows))
		if err != nil {
			return err
		}
		for _, o := range rows {
			if !strings.EqualFold(o.what["type"], "school") {
				continue
			}
			if err := r.takeSchool(ctx, o, known[o.id], unclaimed); err != nil {
				return err
			}
		}
		r.took(len(rows))
		return nil
	})
}

func (r *run) takeSchool(ctx context.Context, o staged, known *db.School, unclaimed map[string]*db.School) error {
	name := o.what["name"]
	switch {
	case o.state == deleted && known != nil: // it stands where it stood; its classes are no more
		return r.endClasses(ctx, known.ID)
	case o.state == deleted || known != nil:
		r.done.Same++
		return nil
	}
	if found := unclaimed[name]; found != nil {
		if found.SourceSystem != nil {
			return r.reject(ctx, o, "the school of this name is known by the source %q", *found.SourceSystem)
		}
		r.done.Changed[schoolType]++
		found.SourceSystem = &r.Source
		return found.Update().SetSourceSystem(r.Source).SetSourceValue(o.id).Exec(ctx)
	}
	at, placed := position(o)
	switch {
	case len([]rune(name)) > maxWords:
		return r.reject(ctx, o, "its name is longer than %d characters", maxWords)
	case !placed:
		return r.reject(ctx, o, "no school of the city has this name, and metadata.citygraph.lat and .lng give no position in it")
	}
	_, districts, err := r.Places.NearestAll(ctx, []geo.Point{at})
	if err != nil {
		return err
	}
	r.done.New[schoolType]++
	return r.DB.School.Create().SetSourceSystem(r.Source).SetSourceValue(o.id).SetName(lang.Text{ZH: name, EN: name}).SetStage(stageOf(name)).
		SetDistrictID(districts[0]).SetLat(at.Lat).SetLng(at.Lng).SetSearchKeys(search.Keys(name)).Exec(ctx)
}

// stageOf is what a school teaches, as its name says.
func stageOf(name string) school.Stage {
	for _, word := range []struct {
		in    string
		stage school.Stage
	}{
		{"小学", school.StagePrimary}, {"高级中学", school.StageSenior}, {"高中", school.StageSenior},
		{"初级中学", school.StageJunior}, {"初中", school.StageJunior}, {"Primary", school.StagePrimary}, {"High", school.StageSenior},
	} {
		if strings.Contains(name, word.in) {
			return word.stage
		}
	}
	return school.StageNineYear
}

func position(o staged) (at geo.Point, ok bool) {
	lat, errLat := strconv.ParseFloat(o.what["metadata.citygraph.lat"], 64)
	lng, errLng := strconv.ParseFloat(o.what["metadata.citygraph.lng"], 64)
	at = geo.Point{Lat: lat, Lng: lng}
	return at, errLat == nil && errLng == nil && geo.InHangzhou(at)
}

// unclaimed are the schools by their name.
func (r *run) unclaimed(ctx context.Context) (map[string]*db.School, error) {
	all, err := r.DB.School.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load schools: %w", err)
	}
	named := make(map[string]*db.School, len(all))
	for _, s := range all {
		if named[s.Name.ZH] == nil || s.SourceSystem == nil {
			named[s.Name.ZH] = s
		}
	}
	return named, nil
}

// schools are those of the source, by their identifiers.
func (r *run) schools(ctx context.Context, ids []string) (map[string]*db.School, error) {
	rows, err := r.DB.School.Query().Where(school.SourceSystem(r.Source), predicate.School(r.Store.OneOf(school.FieldSourceValue, ids))).All(ctx)
	found := make(map[string]*db.School, len(rows))
	for _, s := range rows {
		found[*s.SourceValue] = s
	}
	return found, err
}

func ids(rows []staged) []string {
	all := make([]string, len(rows))
	for i, s := range rows {
		all[i] = s.id
	}
	return all
}

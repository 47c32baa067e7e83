package intake

import (
	"context"
	"strings"

	"citygraph/ent/db"
	"citygraph/ent/db/clinic"
	"citygraph/internal/fhir"
	"citygraph/internal/geo"
	"citygraph/internal/lang"
	"citygraph/internal/search"
)

// takeOrganisations keeps names of owners for the places that refer to them: an owner is no row of its own.
func (r *run) takeOrganisations(_ context.Context, batch []fhir.Resource) error {
	type organisation struct {
		Name string `json:"name"`
	}
	for _, o := range decoded[organisation](r, batch) {
		_, twice := r.organisations[o.Ref()]
		switch {
		case twice:
			r.refuse(o.problem("its identifier or id is that of another one"))
		case o.Body.Name == "":
			r.refuse(o.problem("it has no name"))
		default:
			r.organisations[o.Ref()] = o.Body.Name
			r.took(o.Type, 1)
		}
	}
	return nil
}

type location struct {
	Name     string `json:"name"`
	Position *struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
	} `json:"position"`
	Address struct {
		Text string   `json:"text"`
		Line []string `json:"line"`
	} `json:"address"`
	Owner reference `json:"managingOrganization"`
}

// takeLocations makes clinics of places. A place with the very name of a clinic that no source has named is that
// clinic.
func (r *run) takeLocations(ctx context.Context, batch []fhir.Resource) error {
	fresh, err := unknown(ctx, r, decoded[location](r, batch), r.clinics)
	if err != nil {
		return err
	}
	var places []named[location]
	var points []geo.Point
	for _, l := range fresh {
		if id, here := r.unclaimed[l.Body.Name]; here {
			delete(r.unclaimed, l.Body.Name)
			if err := r.DB.Clinic.UpdateOneID(id).SetSourceSystem(l.system).SetSourceValue(l.value).SetSourceRef(l.ref).Exec(ctx); err != nil {
				return err
			}
			r.done.Known++
			continue
		}
		if reason := r.misplaced(l.Body); reason != "" {
			r.refuse(l.problem(reason))
			continue
		}
		places = append(places, l)
		points = append(points, geo.Point{Lat: l.Body.Position.Latitude, Lng: l.Body.Position.Longitude})
	}
	if len(places) == 0 {
		return nil
	}
	_, districts, err := r.Places.NearestAll(ctx, points)
	if err != nil {
		return err
	}
	rows := make([]*db.ClinicCreate, len(places))
	for i, l := range places {
		address := l.Body.Address.Text
		if address == "" {
			address = strings.Join(l.Body.Address.Line, " ")
		}
		rows[i] = r.DB.Clinic.Create().SetCreatedAt(r.now).SetSourceSystem(l.system).SetSourceValue(l.value).SetSourceRef(l.ref).
			SetName(lang.Text{ZH: l.Body.Name, EN: l.Body.Name}).SetGrade(lang.Text{}).SetKind(clinic.KindGeneral).SetAddress(cut(address)).
			SetDistrictID(districts[i]).SetLat(points[i].Lat).SetLng(points[i].Lng).SetSearchKeys(search.Keys(l.Body.Name))
	}
	if err := r.DB.Clinic.CreateBulk(rows...).Exec(ctx); err != nil {
		return err
	}
	r.took("Location", len(rows))
	return nil
}

// misplaced says why a place cannot be a clinic of this city.
func (r *run) misplaced(l location) string {
	owner := l.Owner.to()
	_, known := r.organisations[owner]
	switch {
	case l.Name == "" || len([]rune(l.Name)) > maxWords:
		return "it has no name of at most 200 characters"
	case owner != "" && !known:
		return "it refers to " + owner + ", which is not there"
	case l.Position == nil:
		return "it has no position, and a clinic stands in a district"
	case !geo.InHangzhou(geo.Point{Lat: l.Position.Latitude, Lng: l.Position.Longitude}):
		return "its position is not in the city"
	}
	return ""
}

// maxWords is the length of what is read by people, in characters.
const maxWords = 200

// cut keeps a text within its column.
func cut(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), maxWords)])
}

package graph_test

import (
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/ent/db/migrate"
	"citygraph/graph"
	"citygraph/graph/model"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/resident"
	"citygraph/internal/target"
)

// column lists the values an enum column holds.
func column(table *schema.Table, name string) []string {
	for _, c := range table.Columns {
		if c.Name == name {
			return c.Enums
		}
	}
	return nil
}

func texts[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// The contract and the rows speak of the same values: one more on either side is found here, not by a
// client whose app meets a word it does not know.
func TestEnumsOfTheContractAreThoseOfTheCode(t *testing.T) {
	code := map[string][]string{
		"CacheControlScope":      texts(model.AllCacheControlScope...),
		"CaseActorKind":          column(migrate.CaseEventsTable, "actor_kind"),
		"CaseKind":               column(migrate.CaseCategoriesTable, "kind"),
		"CitizenCardKind":        column(migrate.CitizenCardsTable, "kind"),
		"CitizenCardStatus":      column(migrate.CitizenCardsTable, "status"),
		"CityCaseAction":         texts(machine.Accept),
		"CityCaseStatus":         machine.Status("").Values(),
		"ClinicKind":             column(migrate.ClinicsTable, "kind"),
		"Datum":                  texts(geo.WGS84, geo.GCJ02),
		"DevicePlatform":         column(migrate.DevicesTable, "platform"),
		"DistrictKind":           column(migrate.DistrictsTable, "kind"),
		"ErrorCode":              texts(fault.Codes()...),
		"NotificationTargetKind": texts(target.CityCase),
		"NotificationTopic":      column(migrate.NotificationsTable, "topic"),
		"ScenicSpotGrade":        column(migrate.ScenicSpotsTable, "grade"),
		"SchoolStage":            column(migrate.SchoolsTable, "stage"),
		"SessionClient":          column(migrate.SessionsTable, "client"),
		"Sex":                    texts(resident.Female, resident.Male),
		"StreetKind":             column(migrate.StreetsTable, "kind"),
	}
	published := map[string][]string{}
	for name, def := range graph.NewSchema(&graph.Resolver{}).Schema().Types {
		if def.Kind != ast.Enum || def.BuiltIn {
			continue
		}
		for _, value := range def.EnumValues {
			published[name] = append(published[name], value.Name)
			if value.Description == "" {
				t.Errorf("%s.%s is not described", name, value.Name)
			}
		}
	}
	for _, values := range []map[string][]string{code, published} {
		for name := range values {
			slices.Sort(values[name])
		}
	}
	if diff := cmp.Diff(code, published); diff != "" {
		t.Errorf("code (-) and contract (+) differ:\n%s", diff)
	}
}

func TestStatusColumnsFollowTheMachine(t *testing.T) {
	want := machine.Status("").Values()
	for name, got := range map[string][]string{
		"city_cases.status":       column(migrate.CityCasesTable, "status"),
		"case_events.from_status": column(migrate.CaseEventsTable, "from_status"),
		"case_events.to_status":   column(migrate.CaseEventsTable, "to_status"),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

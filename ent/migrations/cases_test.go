package migrations_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"ariga.io/atlas/sql/migrate"

	"citygraph/ent/migrations"
	"citygraph/internal/geo"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
)

// until is the migrations of both databases before the named one.
func until(t *testing.T, name string) fs.FS {
	t.Helper()
	before := fstest.MapFS{}
	for _, folder := range []string{"sqlite", "postgres"} {
		names, err := fs.Glob(migrations.Files, folder+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		var dir migrate.MemDir
		for _, file := range names { // in order of their versions
			if strings.Contains(file, name) {
				break
			}
			content, err := fs.ReadFile(migrations.Files, file)
			if err != nil {
				t.Fatal(err)
			}
			before[file] = &fstest.MapFile{Data: content}
			if err := dir.WriteFile(strings.TrimPrefix(file, folder+"/"), content); err != nil {
				t.Fatal(err)
			}
		}
		sums, err := dir.Checksum()
		if err != nil {
			t.Fatal(err)
		}
		content, err := sums.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		before[folder+"/"+migrate.HashFileName] = &fstest.MapFile{Data: content}
	}
	return before
}

// Cases that were there before they had a whole life get their kind, their place on the map, and eyes.
func TestCasesOfBeforeFindTheirPlace(t *testing.T) {
	s := storetest.Open(t)
	if err := store.Migrate(t.Context(), s, until(t, "live_the_whole_life_of_a_case")); err != nil {
		t.Fatal(err)
	}
	const then = "'2026-01-01 00:00:00+00:00'"
	for _, statement := range []string{
		"INSERT INTO districts (id, created_at, lat, lng, code, name, kind) VALUES ('d', " + then + ", 1, 1, 'd', '{}', 'DISTRICT')",
		"INSERT INTO streets (id, created_at, lat, lng, code, name, kind, district_id) VALUES ('s', " + then + ", 1, 1, 's', '{}', 'TOWN', 'd')",
		"INSERT INTO case_categories (id, created_at, code, name, group_name, kind, sla_hours) VALUES ('k', " + then + ", 'k', '{}', '{}', 'EVENT', 1)",
		"INSERT INTO people (id, created_at, updated_at) VALUES ('p', " + then + ", " + then + ")",
		"INSERT INTO city_cases (id, created_at, updated_at, lat, lng, number, description, status, due_at, category_id, district_id, street_id, reporter_id) VALUES " +
			"('new', " + then + ", " + then + ", 30.259, 120.13, '1', 'x', 'SUBMITTED', " + then + ", 'k', 'd', 's', 'p'), " +
			"('read', " + then + ", " + then + ", 29.6042, 118.9987, '2', 'x', 'ACCEPTED', '2999-01-01 00:00:00+00:00', 'k', 'd', 's', 'p')",
	} {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := store.Migrate(t.Context(), s, migrations.Files); err != nil {
		t.Fatal(err)
	}
	for caseID, want := range map[string]struct {
		at         geo.Point
		published  bool
		escalation int
	}{
		"new":  {geo.Point{Lat: 30.259, Lng: 120.13}, false, 2},
		"read": {geo.Point{Lat: 29.6042, Lng: 118.9987}, true, 0},
	} {
		var kind string
		var cell int64
		var published bool
		var escalation int
		err := s.Writer().QueryRowContext(t.Context(), "SELECT kind, cell, published, escalation FROM city_cases WHERE id = '"+caseID+"'").
			Scan(&kind, &cell, &published, &escalation)
		if err != nil || kind != "EVENT" || geo.Cell(cell) != geo.CellOf(want.at) || published != want.published || escalation != want.escalation {
			t.Errorf("%s: %s in cell %d, want %d, published %v, escalation %d, %v", caseID, kind, cell, geo.CellOf(want.at), published, escalation, err)
		}
	}
}

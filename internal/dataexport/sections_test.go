package dataexport

import (
	"slices"
	"testing"

	"citygraph/ent/db"
)

// A new type cannot be left out of people's exports unheard.
func TestEveryStoredTypeIsExportedOrSaysWhyNot(t *testing.T) {
	var exported []string
	for _, s := range sections {
		exported = append(exported, s.types...)
		if s.about.ZH == "" || s.about.EN == "" {
			t.Errorf("%s is not described", s.file)
		}
	}
	for name := range db.Policies() {
		in, why := slices.Contains(exported, name), notPersonal[name]
		if in == (why != "") {
			t.Errorf("%s: exported %t, left out because %q", name, in, why)
		}
	}
}

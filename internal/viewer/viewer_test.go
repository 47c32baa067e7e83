package viewer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"citygraph/internal/viewer"
)

func TestNobodyAsksByDefault(t *testing.T) {
	v := viewer.From(t.Context())
	if v == nil || v.SignedIn() {
		t.Fatalf("by default %+v asks", v)
	}
	if reason, ok := v.System(); ok {
		t.Errorf("by default the system acts: %s", reason)
	}
	for _, k := range []viewer.RoleKind{viewer.Admin, viewer.Auditor, viewer.CaseOfficer, ""} {
		if v.Has(k) || v.HasAt(k, "") {
			t.Errorf("a visitor is %q", k)
		}
	}
}

func TestSystemStandsForNoPerson(t *testing.T) {
	person := viewer.With(t.Context(), &viewer.Viewer{PersonID: "person_1", SessionID: "session_1",
		Roles: []viewer.Role{{Kind: viewer.Admin}}})
	v := viewer.From(viewer.AsSystem(person, "count"))
	if reason, ok := v.System(); !ok || reason != "count" {
		t.Errorf("system is %v, for %q", ok, reason)
	}
	if v.SignedIn() || v.SessionID != "" || v.Has(viewer.Admin) {
		t.Errorf("the system goes on as the person: %+v", v)
	}
	if _, ok := viewer.From(person).System(); ok {
		t.Error("the person's own context became the system's")
	}
}

// A forgotten reason must not open the city: without one nobody asks.
func TestSystemNeedsAReason(t *testing.T) {
	if _, ok := viewer.From(viewer.AsSystem(t.Context(), "")).System(); ok {
		t.Error("the system acts for no reason")
	}
}

func TestRolesAreBoundToTheirOrganisation(t *testing.T) {
	zhao := &viewer.Viewer{PersonID: "person_zhaoqiang", Roles: []viewer.Role{
		{Kind: viewer.CaseOfficer, OrganisationID: "district_xihu"},
		{Kind: viewer.CaseOfficer, OrganisationID: "district_gongshu"},
		{Kind: viewer.Teacher, OrganisationID: "school_xuejun"},
	}}
	for _, tt := range []struct {
		kind viewer.RoleKind
		at   string
		want bool
	}{
		{viewer.CaseOfficer, "district_xihu", true},
		{viewer.CaseOfficer, "district_gongshu", true},
		{viewer.CaseOfficer, "district_shangcheng", false},
		{viewer.CaseOfficer, "school_xuejun", false},
		{viewer.CaseOfficer, "", false},
		{viewer.Teacher, "school_xuejun", true},
		{viewer.Teacher, "district_xihu", false},
		{viewer.Admin, "district_xihu", false},
	} {
		if got := zhao.HasAt(tt.kind, tt.at); got != tt.want {
			t.Errorf("%s at %q: %v", tt.kind, tt.at, got)
		}
	}
	if !zhao.Has(viewer.Teacher) || zhao.Has(viewer.ClinicStaff) {
		t.Error("roles held anywhere are wrong")
	}
	if diff := cmp.Diff([]string{"district_xihu", "district_gongshu"}, zhao.Organisations(viewer.CaseOfficer)); diff != "" {
		t.Error(diff)
	}
	if at := zhao.Organisations(viewer.Auditor); len(at) != 0 {
		t.Errorf("audits at %v", at)
	}
}

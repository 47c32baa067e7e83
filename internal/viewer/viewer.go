// Package viewer says who asks. The viewer travels in the context; row rules and verbs read it there.
package viewer

import (
	"context"
	"slices"
	"time"
)

// RoleKind is a staff role. A citizen has none.
type RoleKind string

// The staff roles. Each is held at an organisation, except AUDITOR and ADMIN, which are city-wide.
const (
	Teacher        RoleKind = "TEACHER"
	ClinicStaff    RoleKind = "CLINIC_STAFF"
	CaseOfficer    RoleKind = "CASE_OFFICER"
	ScenicOperator RoleKind = "SCENIC_OPERATOR"
	Auditor        RoleKind = "AUDITOR"
	Admin          RoleKind = "ADMIN"
)

// Role is a staff role at an organisation: a case officer's is a district id, a teacher's a school id.
type Role struct {
	Kind           RoleKind
	OrganisationID string
}

// Viewer is the person behind a request, or the system itself acting for a stated reason.
// The zero Viewer is an anonymous visitor.
type Viewer struct {
	PersonID   string
	SessionID  string
	DeviceID   string
	SignedInAt time.Time // when the session was opened; zero without one
	Roles      []Role
	actsFor    string
	system     string
}

type key struct{}

// With returns a context in which v asks.
func With(ctx context.Context, v *Viewer) context.Context { return context.WithValue(ctx, key{}, v) }

var anonymous = &Viewer{}

// From returns the viewer of the context, anonymous when none was set.
func From(ctx context.Context) *Viewer {
	if v, ok := ctx.Value(key{}).(*Viewer); ok {
		return v
	}
	return anonymous
}

// AsSystem returns a context in which the system itself acts; row rules let it pass. The reason is
// for readers of the code and for the audit log: grep for AsSystem to see every place.
func AsSystem(ctx context.Context, reason string) context.Context {
	return With(ctx, &Viewer{system: reason})
}

// ActingFor returns a context in which the viewer acts in the name of another person. Whether they may
// is the household's to say, which alone calls it.
func ActingFor(ctx context.Context, personID string) context.Context {
	v := *From(ctx)
	v.actsFor = personID
	return With(ctx, &v)
}

// Subject is the person in whose name the viewer acts: mostly the viewer.
func (v *Viewer) Subject() string {
	if v.actsFor != "" {
		return v.actsFor
	}
	return v.PersonID
}

// System returns the reason the system acts, and false when a person or nobody asks.
func (v *Viewer) System() (reason string, ok bool) { return v.system, v.system != "" }

// SignedIn reports whether a person asks.
func (v *Viewer) SignedIn() bool { return v.PersonID != "" }

// Has reports whether the viewer holds the role anywhere.
func (v *Viewer) Has(k RoleKind) bool {
	return slices.ContainsFunc(v.Roles, func(r Role) bool { return r.Kind == k })
}

// HasAt reports whether the viewer holds the role at the organisation.
func (v *Viewer) HasAt(k RoleKind, organisationID string) bool {
	return slices.Contains(v.Roles, Role{Kind: k, OrganisationID: organisationID})
}

// Organisations returns the ids of the organisations at which the viewer holds the role.
func (v *Viewer) Organisations(k RoleKind) []string {
	var ids []string
	for _, r := range v.Roles {
		if r.Kind == k {
			ids = append(ids, r.OrganisationID)
		}
	}
	return ids
}

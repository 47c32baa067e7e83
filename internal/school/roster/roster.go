// Package roster takes over from schools who teaches and who is taught where, and who answers for whom: what is imported from
// OneRoster, and what parents and teachers read of it.
package roster

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/geo"
	"citygraph/internal/household"
	"citygraph/internal/personal"
	"citygraph/internal/store"
)

// Office keeps the rosters of the city's schools.
type Office struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Events  *event.Bus
	Records *personal.Records
	Places  interface {
		NearestAll(ctx context.Context, points []geo.Point) (streetIDs, districtIDs []string, err error)
	}
	// Register is told who answers for whom.
	Register *household.Register
}

// RoleEnded happens when a roster ends what somebody may do at a school.
type RoleEnded struct{ PersonID string }

// today is the service day.
func (o *Office) today() string { return o.Clock.Now().In(clock.Shanghai).Format(time.DateOnly) }

// teacherRoles, pupilRoles and guardianRoles are the words of OneRoster and its dialects.
var (
	teacherRoles  = map[string]bool{"teacher": true, "professor": true, "lecturer": true, "faculty": true, "instructor": true}
	pupilRoles    = map[string]bool{"student": true}
	guardianRoles = map[string]bool{"guardian": true, "parent": true, "relative": true}
)

// Types are what is counted, by name.
var Types = []string{schoolType, sessionType, classType, userType, enrollmentType}

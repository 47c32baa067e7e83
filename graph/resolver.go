// Package graph is what CityGraph exposes: the hand-written SDL in schema, and resolvers that hand over
// to the verbs. A resolver decides nothing.
package graph

import (
	"citygraph/ent/db"
	"citygraph/graph/generated"
	"citygraph/internal/alert"
	"citygraph/internal/card"
	"citygraph/internal/casephoto"
	"citygraph/internal/charge"
	"citygraph/internal/citycase"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clinic/care"
	"citygraph/internal/clinic/day"
	"citygraph/internal/clinic/record"
	"citygraph/internal/consent"
	"citygraph/internal/credit"
	"citygraph/internal/dataexport"
	"citygraph/internal/entitlement"
	"citygraph/internal/grant"
	"citygraph/internal/household"
	"citygraph/internal/identity"
	"citygraph/internal/insurance"
	"citygraph/internal/notice"
	"citygraph/internal/paycode"
	"citygraph/internal/payment"
	"citygraph/internal/personal"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/attendance"
	"citygraph/internal/school/bureau"
	"citygraph/internal/school/leave"
	"citygraph/internal/school/roster"
	"citygraph/internal/school/thread"
	"citygraph/internal/school/timetabling"
	"citygraph/internal/transit"

	"github.com/99designs/gqlgen/graphql"
)

// Resolver holds the rooms the graph opens onto.
type Resolver struct {
	DB          *db.Client
	Accounts    *identity.Accounts
	Records     *personal.Records
	Register    *household.Register
	Cases       *citycase.Cases
	Desk        *notice.Desk
	Exports     *dataexport.Exports
	Photos      *casephoto.Photos
	Issuer      *paycode.Issuer
	Cards       *card.Cards
	TopUps      *payment.TopUps
	Credit      *credit.Lines
	Bills       *billing.Desk
	Board       *announcement.Board
	Attachments *attachment.Room
	Bureau      *bureau.Office
	Talk        *thread.Talk
	Attendances *attendance.Book
	Leaves      *leave.Desk
	Planner     *timetabling.Planner
	Till        *charge.Till
	Transit     *transit.Office
	Archive     *record.Archive
	Day         *day.Day
	Care        *care.Office
	Rosters     *roster.Office

	Insurance    *insurance.Accounts
	Entitlements *entitlement.Entitlements
	Consents     *consent.Consents
	Alerts       *alert.Alerts
	Grants       *grant.Grants

	Booking *booking.Office
}

// NewSchema returns the executable schema over the resolver.
func NewSchema(r *Resolver) graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{Resolvers: r})
}

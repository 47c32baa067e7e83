package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/academicsession"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/announcement"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/attachment"
	"citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/bureaunotice"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/consent"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/department"
	"citygraph/ent/db/device"
	"citygraph/ent/db/district"
	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/leaverequest"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/person"
	"citygraph/ent/db/practitioner"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/scenicspot"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/school"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/db/sensoralarm"
	"citygraph/ent/db/session"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/street"
	"citygraph/ent/db/thread"
	"citygraph/ent/db/topup"
	"citygraph/ent/db/waitlistentry"
	"citygraph/internal/fault"
	"citygraph/internal/id"
)

// nodeTables are the tables node(id) reaches, by the prefix of the id.
var nodeTables = map[id.Kind]string{
	id.Person: person.Table, id.Device: device.Table, id.Session: session.Table, id.CitizenCard: citizencard.Table,
	id.District: district.Table, id.Street: street.Table,
	id.Clinic: clinic.Table, id.Department: department.Table,
	id.School: school.Table, id.ScenicSpot: scenicspot.Table,
	id.CaseCategory: casecategory.Table, id.CityCase: citycase.Table, id.CaseEvent: caseevent.Table,
	id.CasePhoto:    casephoto.Table,
	id.CityFacility: cityfacility.Table, id.SensorAlarm: sensoralarm.Table,
	id.Notification: notification.Table,
	id.Delegation:   delegation.Table,
	id.DataExport:   dataexport.Table,
	id.Consent:      consent.Table,
	id.RecordAccess: recordaccess.Table,
	id.Alert:        alert.Table,
	id.LedgerEntry:  ledgerentry.Table, id.LedgerTransaction: ledgertransaction.Table,
	id.Practitioner: practitioner.Table, id.Schedule: schedule.Table, id.Slot: slot.Table,
	id.Appointment: appointment.Table, id.WaitlistEntry: waitlistentry.Table, id.BookingSuspension: bookingsuspension.Table, id.Bill: bill.Table,
	id.CareContract: carecontract.Table, id.CareVisit: carevisit.Table, id.HelpCall: helpcall.Table,
	id.AcademicSession: academicsession.Table, id.SchoolClass: schoolclass.Table,
	id.TopUp: topup.Table, id.CreditLine: creditline.Table,
	id.Attachment: attachment.Table, id.BureauNotice: bureaunotice.Table,
	id.Announcement: announcement.Table, id.Delivery: delivery.Table,
	id.Thread: thread.Table, id.Message: message.Table, id.MessageReport: messagereport.Table,
	id.AttendanceEvent: attendanceevent.Table, id.LeaveRequest: leaverequest.Table,
}

// maxNodes is how many ids nodes takes at once.
const maxNodes = 100

// nodeTable tells the table of a well-formed id; a forged one is NOT_FOUND before any statement.
func nodeTable(_ context.Context, globalID string) (string, error) {
	kind, _ := id.KindOf(globalID)
	if table, ok := nodeTables[kind]; ok {
		return table, nil
	}
	return "", fault.New(fault.NotFound)
}

// nodes loads objects with one statement per type, in the order asked for; null and NOT_FOUND stand
// in the place of each that is missing.
func (r *Resolver) nodes(ctx context.Context, ids []string) ([]db.Noder, error) {
	if len(ids) > maxNodes {
		return nil, fault.BadInput("ids", "一次最多查询100个。", "At most 100 ids at once.")
	}
	// entgql reports what is missing in words that repeat the id; a scratch context keeps them in.
	scratch := graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	found, err := r.DB.Noders(scratch, ids, db.WithNodeType(nodeTable))
	switch {
	case err != nil && len(ids) == 1 && fault.CodeOf(missing(err)) == fault.NotFound:
		found = []db.Noder{nil}
	case err != nil:
		return nil, err
	}
	for _, problem := range graphql.GetErrors(scratch) {
		if problem.Extensions["code"] != string(fault.NotFound) && fault.CodeOf(missing(problem)) != fault.NotFound {
			return nil, problem
		}
	}
	for i, node := range found {
		if node == nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i)), fault.New(fault.NotFound))
		}
	}
	return found, nil
}

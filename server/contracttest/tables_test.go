package contracttest_test

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/academicsession"
	"citygraph/ent/db/alert"
	"citygraph/ent/db/announcement"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/attachment"
	"citygraph/ent/db/attendanceevent"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/bill"
	"citygraph/ent/db/bookingsuspension"
	"citygraph/ent/db/broadcast"
	"citygraph/ent/db/bureaunotice"
	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/caseevent"
	"citygraph/ent/db/casephoto"
	"citygraph/ent/db/casesupporter"
	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/cityfacility"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/consent"
	"citygraph/ent/db/creditline"
	"citygraph/ent/db/dataexport"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/delivery"
	"citygraph/ent/db/deliveryattempt"
	"citygraph/ent/db/department"
	"citygraph/ent/db/device"
	"citygraph/ent/db/district"
	"citygraph/ent/db/enrollment"
	"citygraph/ent/db/entitlementgrant"
	"citygraph/ent/db/guardianship"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/hold"
	"citygraph/ent/db/idempotencyrecord"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/leaverequest"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/ledgerentry"
	"citygraph/ent/db/ledgertransaction"
	"citygraph/ent/db/message"
	"citygraph/ent/db/messagereport"
	"citygraph/ent/db/notification"
	"citygraph/ent/db/notificationpreference"
	"citygraph/ent/db/person"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/practitioner"
	"citygraph/ent/db/practitionerrole"
	"citygraph/ent/db/recordaccess"
	"citygraph/ent/db/rosteruser"
	"citygraph/ent/db/scenicspot"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/school"
	"citygraph/ent/db/schoolclass"
	"citygraph/ent/db/sensoralarm"
	"citygraph/ent/db/session"
	"citygraph/ent/db/slot"
	"citygraph/ent/db/staffrole"
	"citygraph/ent/db/street"
	"citygraph/ent/db/thread"
	"citygraph/ent/db/threadread"
	"citygraph/ent/db/topup"
	"citygraph/ent/db/transitbatch"
	"citygraph/ent/db/transitride"
	"citygraph/ent/db/waitlistentry"
	"citygraph/ent/db/wechatgrant"
	"citygraph/ent/schema"
)

// table is a type as its row rule sees it. The policy is where ent looks for the rule at every
// statement, so a test can put another there.
type table struct {
	name   string
	policy *ent.Policy
	rule   ent.Policy // as ent/schema names it

	find   func(*db.Client, condition) selection
	create func(c *db.Client, owner string) creation // as far as the rule looks; the rest is missing
}

type (
	condition = func(*sql.Selector)

	selection interface {
		IDs(context.Context) ([]string, error)
	}
	creation interface {
		Exec(context.Context) error
	}
)

// tables are all types that are stored.
var tables = []table{
	{
		"AcademicSession", &academicsession.Policy, schema.AcademicSession{}.Policy(),
		func(c *db.Client, p condition) selection { return c.AcademicSession.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.AcademicSession.Create() },
	},
	{
		"Enrollment", &enrollment.Policy, schema.Enrollment{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Enrollment.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Enrollment.Create().SetPersonID(owner) },
	},
	{
		"RosterUser", &rosteruser.Policy, schema.RosterUser{}.Policy(),
		func(c *db.Client, p condition) selection { return c.RosterUser.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.RosterUser.Create().SetPersonID(owner) },
	},
	{
		"SchoolClass", &schoolclass.Policy, schema.SchoolClass{}.Policy(),
		func(c *db.Client, p condition) selection { return c.SchoolClass.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.SchoolClass.Create() },
	},
	{
		"Alert", &alert.Policy, schema.Alert{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Alert.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Alert.Create() },
	},
	{
		"AuditEvent", &auditevent.Policy, schema.AuditEvent{}.Policy(),
		func(c *db.Client, p condition) selection { return c.AuditEvent.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.AuditEvent.Create().SetActorID(owner) },
	},
	{
		"BookingSuspension", &bookingsuspension.Policy, schema.BookingSuspension{}.Policy(),
		func(c *db.Client, p condition) selection { return c.BookingSuspension.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.BookingSuspension.Create().SetPatientID(owner) },
	},
	{
		"Broadcast", &broadcast.Policy, schema.Broadcast{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Broadcast.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Broadcast.Create() },
	},
	{
		"CareContract", &carecontract.Policy, schema.CareContract{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CareContract.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CareContract.Create().SetPatientID(owner) },
	},
	{
		"CareVisit", &carevisit.Policy, schema.CareVisit{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CareVisit.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CareVisit.Create().SetPatientID(owner) },
	},
	{
		"HelpCall", &helpcall.Policy, schema.HelpCall{}.Policy(),
		func(c *db.Client, p condition) selection { return c.HelpCall.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.HelpCall.Create().SetPatientID(owner) },
	},
	{
		"CaseCategory", &casecategory.Policy, schema.CaseCategory{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CaseCategory.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.CaseCategory.Create() },
	},
	{
		"CaseEvent", &caseevent.Policy, schema.CaseEvent{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CaseEvent.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CaseEvent.Create().SetActorID(owner) },
	},
	{
		"CasePhoto", &casephoto.Policy, schema.CasePhoto{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CasePhoto.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CasePhoto.Create().SetUploaderID(owner) },
	},
	{
		"CaseSupporter", &casesupporter.Policy, schema.CaseSupporter{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CaseSupporter.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CaseSupporter.Create().SetPersonID(owner) },
	},
	{
		"CitizenCard", &citizencard.Policy, schema.CitizenCard{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CitizenCard.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CitizenCard.Create().SetPersonID(owner) },
	},
	{
		"CityCase", &citycase.Policy, schema.CityCase{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CityCase.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CityCase.Create().SetReporterID(owner) },
	},
	{
		"CityFacility", &cityfacility.Policy, schema.CityFacility{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CityFacility.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.CityFacility.Create() },
	},
	{
		"Clinic", &clinic.Policy, schema.Clinic{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Clinic.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Clinic.Create() },
	},
	{
		"Consent", &consent.Policy, schema.Consent{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Consent.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Consent.Create().SetPersonID(owner) },
	},
	{
		"Delegation", &delegation.Policy, schema.Delegation{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Delegation.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Delegation.Create().SetDelegatorID(owner) },
	},
	{
		"DataExport", &dataexport.Policy, schema.DataExport{}.Policy(),
		func(c *db.Client, p condition) selection { return c.DataExport.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.DataExport.Create().SetPersonID(owner) },
	},
	{
		"DeliveryAttempt", &deliveryattempt.Policy, schema.DeliveryAttempt{}.Policy(),
		func(c *db.Client, p condition) selection { return c.DeliveryAttempt.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.DeliveryAttempt.Create().SetPersonID(owner) },
	},
	{
		"Department", &department.Policy, schema.Department{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Department.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Department.Create() },
	},
	{
		"Device", &device.Policy, schema.Device{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Device.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Device.Create().SetPersonID(owner) },
	},
	{
		"District", &district.Policy, schema.District{}.Policy(),
		func(c *db.Client, p condition) selection { return c.District.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.District.Create() },
	},
	{
		"EntitlementGrant", &entitlementgrant.Policy, schema.EntitlementGrant{}.Policy(),
		func(c *db.Client, p condition) selection { return c.EntitlementGrant.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.EntitlementGrant.Create().SetPersonID(owner) },
	},
	{
		"Guardianship", &guardianship.Policy, schema.Guardianship{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Guardianship.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Guardianship.Create().SetGuardianID(owner) },
	},
	{
		"HealthRecord", &healthrecord.Policy, schema.HealthRecord{}.Policy(),
		func(c *db.Client, p condition) selection { return c.HealthRecord.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.HealthRecord.Create().SetPatientID(owner) },
	},
	{
		"Hold", &hold.Policy, schema.Hold{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Hold.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Hold.Create() },
	},
	{
		"Appointment", &appointment.Policy, schema.Appointment{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Appointment.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Appointment.Create().SetPatientID(owner) },
	},
	{
		"WaitlistEntry", &waitlistentry.Policy, schema.WaitlistEntry{}.Policy(),
		func(c *db.Client, p condition) selection { return c.WaitlistEntry.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.WaitlistEntry.Create().SetPatientID(owner) },
	},
	{
		"CreditLine", &creditline.Policy, schema.CreditLine{}.Policy(),
		func(c *db.Client, p condition) selection { return c.CreditLine.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.CreditLine.Create().SetPersonID(owner) },
	},
	{
		"Bill", &bill.Policy, schema.Bill{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Bill.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Bill.Create().SetPatientID(owner) },
	},
	{
		"AttendanceEvent", &attendanceevent.Policy, schema.AttendanceEvent{}.Policy(),
		func(c *db.Client, p condition) selection { return c.AttendanceEvent.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.AttendanceEvent.Create().SetStudentID(owner) },
	},
	{
		"LeaveRequest", &leaverequest.Policy, schema.LeaveRequest{}.Policy(),
		func(c *db.Client, p condition) selection { return c.LeaveRequest.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.LeaveRequest.Create().SetStudentID(owner) },
	},
	{
		"Announcement", &announcement.Policy, schema.Announcement{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Announcement.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Announcement.Create().SetAuthorID(owner) },
	},
	{
		"Attachment", &attachment.Policy, schema.Attachment{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Attachment.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Attachment.Create().SetUploaderID(owner) },
	},
	{
		"BureauNotice", &bureaunotice.Policy, schema.BureauNotice{}.Policy(),
		func(c *db.Client, p condition) selection { return c.BureauNotice.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.BureauNotice.Create().SetAuthorID(owner) },
	},
	{
		"Delivery", &delivery.Policy, schema.Delivery{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Delivery.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Delivery.Create().SetGuardianID(owner) },
	},
	{
		"Thread", &thread.Policy, schema.Thread{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Thread.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Thread.Create().SetTeacherID(owner) },
	},
	{
		"ThreadRead", &threadread.Policy, schema.ThreadRead{}.Policy(),
		func(c *db.Client, p condition) selection { return c.ThreadRead.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.ThreadRead.Create().SetPersonID(owner) },
	},
	{
		"Message", &message.Policy, schema.Message{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Message.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Message.Create().SetAuthorID(owner) },
	},
	{
		"MessageReport", &messagereport.Policy, schema.MessageReport{}.Policy(),
		func(c *db.Client, p condition) selection { return c.MessageReport.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.MessageReport.Create().SetReporterID(owner) },
	},
	{
		"TopUp", &topup.Policy, schema.TopUp{}.Policy(),
		func(c *db.Client, p condition) selection { return c.TopUp.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.TopUp.Create().SetPersonID(owner) },
	},
	{
		"TransitBatch", &transitbatch.Policy, schema.TransitBatch{}.Policy(),
		func(c *db.Client, p condition) selection { return c.TransitBatch.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.TransitBatch.Create().SetPersonID(owner) },
	},
	{
		"TransitRide", &transitride.Policy, schema.TransitRide{}.Policy(),
		func(c *db.Client, p condition) selection { return c.TransitRide.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.TransitRide.Create().SetPersonID(owner) },
	},
	{
		"LedgerAccount", &ledgeraccount.Policy, schema.LedgerAccount{}.Policy(),
		func(c *db.Client, p condition) selection { return c.LedgerAccount.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.LedgerAccount.Create().SetOwnerID(owner) },
	},
	{
		"LedgerEntry", &ledgerentry.Policy, schema.LedgerEntry{}.Policy(),
		func(c *db.Client, p condition) selection { return c.LedgerEntry.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.LedgerEntry.Create() },
	},
	{
		"LedgerTransaction", &ledgertransaction.Policy, schema.LedgerTransaction{}.Policy(),
		func(c *db.Client, p condition) selection { return c.LedgerTransaction.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.LedgerTransaction.Create() },
	},
	{
		"IdempotencyRecord", &idempotencyrecord.Policy, schema.IdempotencyRecord{}.Policy(),
		func(c *db.Client, p condition) selection { return c.IdempotencyRecord.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.IdempotencyRecord.Create().SetActorID(owner) },
	},
	{
		"Identity", &identity.Policy, schema.Identity{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Identity.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Identity.Create().SetPersonID(owner) },
	},
	{
		"Notification", &notification.Policy, schema.Notification{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Notification.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Notification.Create().SetPersonID(owner) },
	},
	{
		"NotificationPreference", &notificationpreference.Policy, schema.NotificationPreference{}.Policy(),
		func(c *db.Client, p condition) selection { return c.NotificationPreference.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.NotificationPreference.Create().SetPersonID(owner) },
	},
	{
		"Person", &person.Policy, schema.Person{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Person.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Person.Create() },
	},
	{
		"PersonalData", &personaldata.Policy, schema.PersonalData{}.Policy(),
		func(c *db.Client, p condition) selection { return c.PersonalData.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.PersonalData.Create().SetPersonID(owner) },
	},
	{
		"RecordAccess", &recordaccess.Policy, schema.RecordAccess{}.Policy(),
		func(c *db.Client, p condition) selection { return c.RecordAccess.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.RecordAccess.Create().SetPersonID(owner) },
	},
	{
		"Practitioner", &practitioner.Policy, schema.Practitioner{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Practitioner.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Practitioner.Create() },
	},
	{
		"PractitionerRole", &practitionerrole.Policy, schema.PractitionerRole{}.Policy(),
		func(c *db.Client, p condition) selection { return c.PractitionerRole.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.PractitionerRole.Create() },
	},
	{
		"Schedule", &schedule.Policy, schema.Schedule{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Schedule.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Schedule.Create() },
	},
	{
		"Slot", &slot.Policy, schema.Slot{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Slot.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Slot.Create() },
	},
	{
		"ScenicSpot", &scenicspot.Policy, schema.ScenicSpot{}.Policy(),
		func(c *db.Client, p condition) selection { return c.ScenicSpot.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.ScenicSpot.Create() },
	},
	{
		"School", &school.Policy, schema.School{}.Policy(),
		func(c *db.Client, p condition) selection { return c.School.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.School.Create() },
	},
	{
		"SensorAlarm", &sensoralarm.Policy, schema.SensorAlarm{}.Policy(),
		func(c *db.Client, p condition) selection { return c.SensorAlarm.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.SensorAlarm.Create() },
	},
	{
		"Session", &session.Policy, schema.Session{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Session.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.Session.Create().SetPersonID(owner) },
	},
	{
		"StaffRole", &staffrole.Policy, schema.StaffRole{}.Policy(),
		func(c *db.Client, p condition) selection { return c.StaffRole.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.StaffRole.Create().SetPersonID(owner) },
	},
	{
		"Street", &street.Policy, schema.Street{}.Policy(),
		func(c *db.Client, p condition) selection { return c.Street.Query().Where(p) },
		func(c *db.Client, _ string) creation { return c.Street.Create() },
	},
	{
		"WechatGrant", &wechatgrant.Policy, schema.WechatGrant{}.Policy(),
		func(c *db.Client, p condition) selection { return c.WechatGrant.Query().Where(p) },
		func(c *db.Client, owner string) creation { return c.WechatGrant.Create().SetPersonID(owner) },
	},
}

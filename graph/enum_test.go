package graph_test

import (
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/migrate"
	"citygraph/graph"
	"citygraph/graph/model"
	"citygraph/internal/alert"
	"citygraph/internal/card"
	"citygraph/internal/citycase"
	"citygraph/internal/citycase/form"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clinic/care"
	"citygraph/internal/clinic/day"
	"citygraph/internal/clinic/record"
	"citygraph/internal/consent"
	"citygraph/internal/credit"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/household"
	"citygraph/internal/notice"
	"citygraph/internal/notice/preference"
	"citygraph/internal/paycode"
	"citygraph/internal/resident"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/leave"
	"citygraph/internal/school/thread"
	"citygraph/internal/scope"
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
		"AccessOutcome":           column(migrate.RecordAccessesTable, "outcome"),
		"AccessPurpose":           column(migrate.RecordAccessesTable, "purpose"),
		"AccessorRole":            column(migrate.RecordAccessesTable, "accessor_role"),
		"AlertAction":             texts(alert.Update, alert.Cancel),
		"AlertCategory":           column(migrate.AlertsTable, "category"),
		"AlertCertainty":          column(migrate.AlertsTable, "certainty"),
		"AlertMessageType":        column(migrate.AlertsTable, "message_type"),
		"AlertSeverity":           column(migrate.AlertsTable, "severity"),
		"AlertState":              texts(alert.Pending, alert.InForce, alert.Expired, alert.Superseded, alert.Cancelled),
		"AlertStatus":             column(migrate.AlertsTable, "status"),
		"AlertUrgency":            column(migrate.AlertsTable, "urgency"),
		"AppointmentCancelReason": column(migrate.AppointmentsTable, "cancel_reason"),
		"AppointmentStatus":       column(migrate.AppointmentsTable, "status"),
		"QueuePriority":           column(migrate.AppointmentsTable, "queue_priority"),
		"CacheControlScope":       texts(model.AllCacheControlScope...),
		"CaseActorKind":           column(migrate.CaseEventsTable, "actor_kind"),
		"CaseAssignmentFilter":    texts(citycase.AssignedToMe, citycase.Unassigned),
		"CaseClock":               texts(machine.Running, machine.Stopped, machine.Ended),
		"CaseDueFilter":           texts(citycase.Overdue, citycase.DueSoon),
		"CaseEventAudience":       texts(model.AllCaseEventAudience...),
		"CaseFieldType":           texts(form.Types()...),
		"CasePhotoPurpose":        column(migrate.CasePhotosTable, "purpose"),
		"CaseStatsGrouping":       texts(citycase.ByDistrict, citycase.ByCategory, citycase.ByDistrictAndCategory),
		"CaseUnit":                column(migrate.CityCasesTable, "unit"),
		"CaseVerification":        texts(machine.Passed, machine.Failed),
		"CaseVisibility":          column(migrate.CityCasesTable, "visibility"),
		"CaseKind":                column(migrate.CaseCategoriesTable, "kind"),
		"CitizenCardKind":         column(migrate.CitizenCardsTable, "kind"),
		"CitizenCardAction":       texts(card.ReportLoss, card.CancelLoss, card.Replace, card.Close),
		"CitizenCardStatus":       column(migrate.CitizenCardsTable, "status"),
		"CityCaseAction":          texts(machine.Actions()...),
		"CityCaseStatus":          machine.Status("").Values(),
		"ClinicKind":              column(migrate.ClinicsTable, "kind"),
		"HealthRecordKind":        column(migrate.HealthRecordsTable, "kind"),
		"LaboratoryFlag":          texts(record.Low, record.Normal, record.High, record.Critical),
		"VisitPurpose":            texts(record.Care, record.Emergency),
		"HoldStatus":              column(migrate.HoldsTable, "status"),
		"DataExportStatus":        column(migrate.DataExportsTable, "status"),
		"ConsentGiver":            texts(consent.Self, consent.Guardian),
		"ConsentLanguage":         column(migrate.ConsentsTable, "language"),
		"ConsentPurpose":          column(migrate.ConsentsTable, "purpose"),
		"ConsentStatus":           column(migrate.ConsentsTable, "status"),
		"Datum":                   texts(geo.WGS84, geo.GCJ02),
		"DelegationAction":        texts(household.ActionAccept, household.ActionConsent, household.ActionRevoke),
		"DelegationScope":         texts(scope.All.List()...),
		"DelegationStatus":        texts(household.StatusProposed, household.StatusActive, household.StatusRevoked, household.StatusExpired),
		"DevicePlatform":          column(migrate.DevicesTable, "platform"),
		"DistrictKind":            column(migrate.DistrictsTable, "kind"),
		"EntitlementBasis":        column(migrate.EntitlementGrantsTable, "basis"),
		"EntitlementKind":         column(migrate.EntitlementGrantsTable, "kind"),
		"ErrorCode":               texts(fault.Codes()...),
		"HouseholdRelationship":   texts(household.Self, household.Child, household.Delegator),
		"FacilityState":           column(migrate.CityFacilitiesTable, "state"),
		"InboxState":              texts(notice.StateUnread, notice.StateSnoozed),
		"LedgerAccountKind":       texts(ledgeraccount.KindCardBalance, ledgeraccount.KindInsurance, ledgeraccount.KindCreditLine),
		"LedgerDomain":            column(migrate.LedgerTransactionsTable, "domain"),
		"LedgerTransactionKind":   column(migrate.LedgerTransactionsTable, "kind"),
		"NotificationChannel":     texts(preference.FCM, preference.Wechat, preference.SMS),
		"NotificationObligation":  texts(preference.Optional, preference.Required),
		"NotificationPace":        column(migrate.NotificationPreferencesTable, "pace"),
		"NotificationPriority":    column(migrate.NotificationsTable, "priority"),
		"NotificationTargetKind": texts(target.CityCase, target.Delegation, target.Person, target.DataExport, target.Alert, target.Card, target.TopUp, target.Clinic, target.ScenicSpot, target.CreditLine,
			target.Appointment, target.WaitlistEntry, target.BookingSuspension, target.Bill, target.CareContract, target.CareVisit, target.HelpCall, target.Announcement,
			target.Thread, target.LeaveRequest, target.AttendanceEvent),
		"AppointmentAction": texts(booking.Book, booking.Reschedule, booking.Cancel, booking.CheckIn, booking.ShareRecord,
			booking.Call, booking.Fulfil, booking.MarkNoShow, booking.IssueBill, booking.AddRecord),
		"SlotRefusal":                 texts(booking.NotFree, booking.CutoffPassed, booking.NotReleased, booking.RealNameRequired, booking.Suspended, booking.Overlap, booking.Full),
		"WaitlistStatus":              column(migrate.WaitlistEntriesTable, "status"),
		"Weekday":                     texts[booking.Weekday]("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"),
		"NotificationTopic":           column(migrate.NotificationsTable, "topic"),
		"CreditLineAction":            texts(credit.Open, credit.Repay, credit.Close),
		"CreditLineStatus":            column(migrate.CreditLinesTable, "status"),
		"TopUpProvider":               column(migrate.TopUpsTable, "provider"),
		"TopUpStatus":                 column(migrate.TopUpsTable, "status"),
		"PayCodePurpose":              texts(paycode.Clinic, paycode.ScenicSpot, paycode.Transit),
		"RecordCategory":              column(migrate.RecordAccessesTable, "category"),
		"ScenicSpotGrade":             column(migrate.ScenicSpotsTable, "grade"),
		"SlotStatus":                  column(migrate.SlotsTable, "status"),
		"SchoolStage":                 column(migrate.SchoolsTable, "stage"),
		"SessionClient":               column(migrate.SessionsTable, "client"),
		"Sex":                         texts(resident.Female, resident.Male),
		"StreetKind":                  column(migrate.StreetsTable, "kind"),
		"BookingSuspensionAction":     texts(day.Appeal, day.Decide),
		"BookingSuspensionStatus":     column(migrate.BookingSuspensionsTable, "status"),
		"SuspensionAppealOutcome":     column(migrate.BookingSuspensionsTable, "appeal_outcome"),
		"SuspensionAppealReason":      column(migrate.BookingSuspensionsTable, "appeal_reason"),
		"BillAction":                  texts(billing.Pay, billing.Void, billing.Refund, billing.Receipt),
		"BillStatus":                  column(migrate.BillsTable, "status"),
		"CareContractAction":          texts(care.AcceptContract, care.DeclineContract, care.EndContract),
		"CareContractStatus":          texts(care.Proposed, care.Active, care.Declined, care.Ended, care.Expired),
		"CareVisitAction":             texts(care.ScheduleVisit, care.CompleteVisit, care.DeclineVisit, care.CancelVisit),
		"CareVisitReason":             column(migrate.CareVisitsTable, "reason"),
		"CareVisitStatus":             column(migrate.CareVisitsTable, "status"),
		"HelpCallAction":              texts(care.Acknowledge, care.Resolve),
		"HelpCallStatus":              column(migrate.HelpCallsTable, "status"),
		"AcademicSessionKind":         column(migrate.AcademicSessionsTable, "kind"),
		"AcademicSessionStatus":       column(migrate.AcademicSessionsTable, "status"),
		"SchoolClassKind":             column(migrate.SchoolClassesTable, "kind"),
		"SchoolClassStatus":           column(migrate.SchoolClassesTable, "status"),
		"TeacherDuty":                 column(migrate.EnrollmentsTable, "duty"),
		"AttachmentKind":              column(migrate.AttachmentsTable, "kind"),
		"BureauNoticeStatus":          column(migrate.BureauNoticesTable, "status"),
		"AnnouncementAcknowledgement": column(migrate.AnnouncementsTable, "acknowledgement"),
		"AnnouncementAction":          texts(announcement.Update, announcement.Retract, announcement.Chase),
		"AnnouncementKind":            column(migrate.AnnouncementsTable, "kind"),
		"AnnouncementStatus":          column(migrate.AnnouncementsTable, "status"),
		"AnnouncementUrgency":         column(migrate.AnnouncementsTable, "urgency"),
		"AttendanceStatus":            column(migrate.AttendanceEventsTable, "status"),
		"LeaveAction":                 texts(leave.ToDecide, leave.ToWithdraw),
		"LeaveDecision":               texts(leave.Approved, leave.Rejected),
		"LeaveKind":                   column(migrate.LeaveRequestsTable, "kind"),
		"LeaveStatus":                 column(migrate.LeaveRequestsTable, "status"),
		"DeliveryAction":              texts(announcement.MarkRead, announcement.Acknowledge),
		"MessageAction":               texts(thread.Edit, thread.Retract, thread.Report, thread.Reply),
		"MessageAuthorRole":           column(migrate.MessagesTable, "author_role"),
		"MessageReportDecision":       texts(thread.Uphold, thread.Dismiss),
		"MessageReportReason":         column(migrate.MessageReportsTable, "reason"),
		"MessageReportStatus":         column(migrate.MessageReportsTable, "status"),
		"MessageUrgency":              column(migrate.MessagesTable, "urgency"),
		"ThreadAction":                texts(thread.Send),
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

// The contract says of each status and action what the machine says.
func TestTheContractSpeaksTheMachinesWords(t *testing.T) {
	types := graph.NewSchema(&graph.Resolver{}).Schema().Types
	for _, s := range machine.Statuses() {
		if got := types["CityCaseStatus"].EnumValues.ForName(string(s)); got == nil || got.Description != s.Doc() {
			t.Errorf("%s: %+v, want %q", s, got, s.Doc())
		}
	}
	for _, a := range machine.Actions() {
		if got := types["CityCaseAction"].EnumValues.ForName(string(a)); got == nil || got.Description != a.Doc() {
			t.Errorf("%s: %+v, want %q", a, got, a.Doc())
		}
		if types["Mutation"].Fields.ForName(a.Mutation()) == nil {
			t.Errorf("%s is done by %s, which is no mutation", a, a.Mutation())
		}
	}
}

package graph

import (
	"slices"
	"strings"

	"entgo.io/contrib/entgql"

	"citygraph/ent/db"
)

// newestConsents orders consents by falling id, and so by when they were given.
func newestConsents() db.ConsentPaginateOption {
	return db.WithConsentOrder(&db.ConsentOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultConsentOrder.Field})
}

// newestReadings orders the access log by falling id, and so by when something was read.
func newestReadings() db.RecordAccessPaginateOption {
	return db.WithRecordAccessOrder(&db.RecordAccessOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultRecordAccessOrder.Field})
}

// newestSuspensions orders suspensions by falling id, and so by when they began.
func newestSuspensions() db.BookingSuspensionPaginateOption {
	return db.WithBookingSuspensionOrder(&db.BookingSuspensionOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultBookingSuspensionOrder.Field})
}

// earliestSlots orders slots by when they begin.
func earliestSlots() db.SlotPaginateOption {
	return db.WithSlotOrder(&db.SlotOrder{Direction: entgql.OrderDirectionAsc, Field: db.SlotOrderFieldStartsAt})
}

// newestBureauNotices orders bureau notices by falling id, and so by when they were published.
func newestBureauNotices() db.BureauNoticePaginateOption {
	return db.WithBureauNoticeOrder(&db.BureauNoticeOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultBureauNoticeOrder.Field})
}

// newestAnnouncements orders announcements by falling id, and so by when they were written.
func newestAnnouncements() db.AnnouncementPaginateOption {
	return db.WithAnnouncementOrder(&db.AnnouncementOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultAnnouncementOrder.Field})
}

// newestDeliveries orders deliveries by falling id, and so by when they came.
func newestDeliveries() db.DeliveryPaginateOption {
	return db.WithDeliveryOrder(&db.DeliveryOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultDeliveryOrder.Field})
}

// newestLeaves orders leaves by falling id, and so by when they were asked for.
func newestLeaves() db.LeaveRequestPaginateOption {
	return db.WithLeaveRequestOrder(&db.LeaveRequestOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultLeaveRequestOrder.Field})
}

// oldest orders photos as they were uploaded: what is loaded with a list of cases comes in no order.
func oldest(photos []*db.CasePhoto) []*db.CasePhoto {
	slices.SortFunc(photos, func(a, b *db.CasePhoto) int { return strings.Compare(a.ID, b.ID) })
	return photos
}

// pointers is a list of values in the form gqlgen takes a list of objects.
func pointers[T any](values []T) []*T {
	found := make([]*T, len(values))
	for i := range values {
		found[i] = &values[i]
	}
	return found
}

// newestBills orders bills by falling id, and so by when they were issued.
func newestBills() db.BillPaginateOption {
	return db.WithBillOrder(&db.BillOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultBillOrder.Field})
}

// latestAppointments orders appointments by when they begin, those that begin last first.
func latestAppointments() db.AppointmentPaginateOption {
	return db.WithAppointmentOrder(&db.AppointmentOrder{Direction: entgql.OrderDirectionDesc, Field: db.AppointmentOrderFieldStartsAt})
}

// earliestAppointments orders appointments by when they begin.
func earliestAppointments() db.AppointmentPaginateOption {
	return db.WithAppointmentOrder(&db.AppointmentOrder{Direction: entgql.OrderDirectionAsc, Field: db.AppointmentOrderFieldStartsAt})
}

// newestWaiting orders waitlist entries by falling id, and so by when they were made.
func newestWaiting() db.WaitlistEntryPaginateOption {
	return db.WithWaitlistEntryOrder(&db.WaitlistEntryOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultWaitlistEntryOrder.Field})
}

// lastSaidThreads orders threads by when something was last said in them, the last first.
func lastSaidThreads() db.ThreadPaginateOption {
	return db.WithThreadOrder(&db.ThreadOrder{Direction: entgql.OrderDirectionDesc, Field: db.ThreadOrderFieldLastMessageAt})
}

// newestMessages orders the messages of a thread by falling seq.
func newestMessages() db.MessagePaginateOption {
	return db.WithMessageOrder(&db.MessageOrder{Direction: entgql.OrderDirectionDesc, Field: db.MessageOrderFieldSeq})
}

// foundMessages orders messages of many threads by falling id, and so by when they were said.
func foundMessages() db.MessagePaginateOption {
	return db.WithMessageOrder(&db.MessageOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultMessageOrder.Field})
}

// newestReports orders reports by falling id, and so by when they were made.
func newestReports() db.MessageReportPaginateOption {
	return db.WithMessageReportOrder(&db.MessageReportOrder{Direction: entgql.OrderDirectionDesc, Field: db.DefaultMessageReportOrder.Field})
}

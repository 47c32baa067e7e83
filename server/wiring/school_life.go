package wiring

import (
	"citygraph/internal/idempotency"
	"citygraph/internal/reaction"
	"citygraph/internal/school/attendance"
	"citygraph/internal/school/leave"
	"citygraph/internal/school/timetabling"
)

// keepSchoolLife opens the rooms of attendance, leave and timetables; the desk that writes inboxes stands.
func (c *City) keepSchoolLife() {
	c.Attendance = &attendance.Book{DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, For: c.register.For}
	c.Leave = &leave.Desk{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, People: c.Records,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		For:  c.register.For, ActsFor: c.register.ActsFor,
	}
	c.Planner = &timetabling.Planner{DB: c.DB, Store: c.Store, Clock: c.options.Clock}
	reaction.Attendances(c.bus, c.DB, c.desk, c.Attendance)
	reaction.Leaves(c.bus, c.desk, c.Leave)
}

package rule_test

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/healthrecord"
)

// clinics lays out what chenjing has with the clinic where xumin works.
func (s *stage) clinics(ctx context.Context) {
	s.newBill(s.chenjing).ExecX(ctx)
	s.newWaitlistEntry(s.chenjing).ExecX(ctx)
	s.newSuspension(s.chenjing).ExecX(ctx)
	s.newHealthRecord(s.chenjing).ExecX(ctx)
	s.contract = s.newContract(s.chenjing).SaveX(ctx)
	s.newCareVisit(s.chenjing).ExecX(ctx)
	s.newHelpCall(s.chenjing).ExecX(ctx)
}

func (s *stage) newBill(personID string) *db.BillCreate {
	return s.DB.Bill.Create().SetPatientID(personID).SetClinicID(s.visit.ClinicID).SetAppointmentID(s.visit.ID).SetIssuedByID(personID).
		SetSealed([]byte{1}).SetTotal(1).SetDueAt(time.Now())
}

func (s *stage) newAppointment(personID string) *db.AppointmentCreate {
	return s.DB.Appointment.Create().SetPatientID(personID).SetSlotID(s.visit.SlotID).SetScheduleID(s.visit.ScheduleID).SetClinicID(s.visit.ClinicID).
		SetStartsAt(s.visit.StartsAt).SetEndsAt(s.visit.EndsAt).SetStatus(appointment.StatusBooked).SetChannel(appointment.ChannelApp)
}

func (s *stage) newWaitlistEntry(personID string) *db.WaitlistEntryCreate {
	return s.DB.WaitlistEntry.Create().SetPatientID(personID).SetSlotID(s.visit.SlotID).SetStartsAt(s.visit.StartsAt)
}

func (s *stage) newSuspension(personID string) *db.BookingSuspensionCreate {
	return s.DB.BookingSuspension.Create().SetPatientID(personID).SetMissed(3).SetEndsAt(time.Now())
}

func (s *stage) newHealthRecord(personID string) *db.HealthRecordCreate {
	return s.DB.HealthRecord.Create().SetPatientID(personID).SetClinicID(s.visit.ClinicID).SetAppointmentID(s.visit.ID).SetAuthorID(personID).
		SetKind(healthrecord.KindReport).SetSealed([]byte{1})
}

func (s *stage) newContract(personID string) *db.CareContractCreate {
	now := time.Now()
	return s.DB.CareContract.Create().SetPatientID(personID).SetClinicID(s.visit.ClinicID).
		SetPractitionerID(s.DB.Practitioner.Query().FirstIDX(context.Background())).SetValidFrom(now).SetValidTo(now.Add(time.Hour))
}

func (s *stage) newCareVisit(personID string) *db.CareVisitCreate {
	now := time.Now()
	return s.DB.CareVisit.Create().SetPatientID(personID).SetClinicID(s.visit.ClinicID).SetCareContractID(s.contract.ID).
		SetReason(carevisit.ReasonCheckUp).SetPreferredFrom(now).SetPreferredTo(now.Add(time.Hour))
}

func (s *stage) newHelpCall(personID string) *db.HelpCallCreate {
	return s.DB.HelpCall.Create().SetPatientID(personID).SetClinicID(s.visit.ClinicID).SetLastCalledAt(time.Now())
}

// clinicCounts count the rows of clinics that a viewer sees.
func (s *stage) clinicCounts() map[string]func(context.Context) int {
	c := s.DB
	return map[string]func(context.Context) int{
		"Appointment":       func(ctx context.Context) int { return c.Appointment.Query().CountX(ctx) },
		"Bill":              func(ctx context.Context) int { return c.Bill.Query().CountX(ctx) },
		"BookingSuspension": func(ctx context.Context) int { return c.BookingSuspension.Query().CountX(ctx) },
		"CareContract":      func(ctx context.Context) int { return c.CareContract.Query().CountX(ctx) },
		"CareVisit":         func(ctx context.Context) int { return c.CareVisit.Query().CountX(ctx) },
		"HealthRecord":      func(ctx context.Context) int { return c.HealthRecord.Query().CountX(ctx) },
		"HelpCall":          func(ctx context.Context) int { return c.HelpCall.Query().CountX(ctx) },
		"WaitlistEntry":     func(ctx context.Context) int { return c.WaitlistEntry.Query().CountX(ctx) },
	}
}

// clinicSeen are how many rows of clinics each sees: the patient and who acts for her, and the staff all but what is between her and
// the city, or opened by a verb alone.
func clinicSeen() map[string]map[string]int {
	return map[string]map[string]int{
		"Appointment":       {"chenjing": 2, "wangguiying": 1, "xumin": 2}, // and the grandmother's, of the demo
		"Bill":              one("chenjing", "xumin"),
		"BookingSuspension": {"chenjing": 1, "fanglei": all},
		"CareContract":      one("chenjing", "xumin"),
		"CareVisit":         one("chenjing", "xumin"),
		"HealthRecord":      one("chenjing"),
		"HelpCall":          one("chenjing", "xumin"),
		"WaitlistEntry":     one("chenjing"),
	}
}

// clinicWrites try to write the rows of clinics, which are the verbs' alone.
func (s *stage) clinicWrites() map[string]writes {
	c := s.DB
	return map[string]writes{
		"Appointment": {
			create: func(ctx context.Context, me string) error { return s.newAppointment(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Appointment.Update().SetQueueRank(1).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Appointment.Delete().Exec(ctx) },
		},
		"Bill": {
			create: func(ctx context.Context, me string) error { return s.newBill(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.Bill.Update().SetRefunded(1).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.Bill.Delete().Exec(ctx) },
		},
		"BookingSuspension": {
			create: func(ctx context.Context, me string) error { return s.newSuspension(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.BookingSuspension.Update().SetDecidedByID("x").Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.BookingSuspension.Delete().Exec(ctx) },
		},
		"CareContract": {
			create: func(ctx context.Context, me string) error { return s.newContract(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.CareContract.Update().SetPatientName("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.CareContract.Delete().Exec(ctx) },
		},
		"CareVisit": {
			create: func(ctx context.Context, me string) error { return s.newCareVisit(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.CareVisit.Update().SetPatientName("x").Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.CareVisit.Delete().Exec(ctx) },
		},
		"HealthRecord": {
			create: func(ctx context.Context, me string) error { return s.newHealthRecord(me).Exec(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.HealthRecord.Delete().Exec(ctx) },
		},
		"HelpCall": {
			create: func(ctx context.Context, me string) error { return s.newHelpCall(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) { return c.HelpCall.Update().SetTimes(2).Save(ctx) },
			delete: func(ctx context.Context) (int, error) { return c.HelpCall.Delete().Exec(ctx) },
		},
		"WaitlistEntry": {
			create: func(ctx context.Context, me string) error { return s.newWaitlistEntry(me).Exec(ctx) },
			update: func(ctx context.Context) (int, error) {
				return c.WaitlistEntry.Update().SetUpdatedAt(time.Now()).Save(ctx)
			},
			delete: func(ctx context.Context) (int, error) { return c.WaitlistEntry.Delete().Exec(ctx) },
		},
	}
}

package booking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/department"
	"citygraph/ent/db/practitionerrole"
	"citygraph/ent/db/schedule"
	"citygraph/ent/db/slot"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/workday"
)

// Opening is a pattern of slots that a clinic opens.
type Opening struct {
	Key            uuid.UUID `json:"-"`
	ClinicID       string
	DepartmentID   string
	PractitionerID *string // anybody on duty when nil
	Weekdays       []Weekday
	From, To       string // service days, YYYY-MM-DD, both included
	Sessions       []Session
	Capacity       int
	Fee            int64 // fen
	SkipHolidays   bool  // only days on which the city works
}

// Session is a row of slots that follow one another.
type Session struct {
	Start   string // HH:MM in Shanghai
	Minutes int    // of each slot
	Slots   int
}

// Weekday is a day of the week.
type Weekday string

// weekdays are the days of the week by their names in the graph.
var weekdays = map[Weekday]time.Weekday{
	"MONDAY": time.Monday, "TUESDAY": time.Tuesday, "WEDNESDAY": time.Wednesday, "THURSDAY": time.Thursday,
	"FRIDAY": time.Friday, "SATURDAY": time.Saturday, "SUNDAY": time.Sunday,
}

// MarshalGQL writes the enum value.
func (d Weekday) MarshalGQL(w io.Writer) { graphql.MarshalString(string(d)).MarshalGQL(w) }

// UnmarshalGQL reads the enum value.
func (d *Weekday) UnmarshalGQL(v any) error {
	name, _ := v.(string)
	if _, ok := weekdays[Weekday(name)]; !ok {
		return errors.New("not a day of the week")
	}
	*d = Weekday(name)
	return nil
}

// What one opening may be.
const (
	mostDays     = 92
	mostSessions = 20
	mostSlots    = 2_000
	longestSlot  = 8 * 60 // minutes
	maxCapacity  = 10_000
	maxFee       = 10_000_00 // fen
	atATime      = 200       // rows of one statement
)

// Open opens slots by a pattern, all or none, in the diary of the practitioner in the department, or that of anybody on duty there,
// which is made when there is none. The clinic's staff may. Returns UNAUTHENTICATED; FORBIDDEN; NOT_FOUND for a department or a
// practitioner of another clinic; BAD_USER_INPUT for a pattern that is none, is too large, gives no slot, or gives one that is
// past or overlaps another of the practitioner's or the diary's; and IDEMPOTENCY_KEY_REUSED.
func (o *Office) Open(ctx context.Context, p Opening) (*db.Schedule, error) {
	if err := staff(ctx, p.ClinicID); err != nil {
		return nil, err
	}
	spans, err := p.spans(o.Clock.Now())
	if err != nil {
		return nil, err
	}
	made, err := o.Once.Once(ctx, idempotency.Request{Key: p.Key, Operation: "openSchedule", Input: p}, func(ctx context.Context) (string, error) {
		if err := o.Store.Lock(ctx, "slots"); err != nil { // which imports hold too
			return "", err
		}
		diary, err := o.diary(ctx, p)
		if err != nil {
			return "", err
		}
		if err := o.apart(ctx, diary, spans); err != nil {
			return "", err
		}
		if err := o.write(ctx, diary, p, spans); err != nil {
			return "", err
		}
		return diary.ID, audit.Record(ctx, o.DB, audit.Deed{Action: "openSchedule", TargetID: diary.ID})
	})
	if err != nil {
		return nil, err
	}
	opened, err := o.DB.Schedule.Get(ctx, made)
	if err != nil {
		return nil, fmt.Errorf("load schedule: %w", err)
	}
	return opened, nil
}

// span is the time of a slot.
type span struct{ start, end time.Time }

// spans are the times of the pattern's slots, in order.
func (p Opening) spans(now time.Time) ([]span, error) {
	from, to, err := p.days()
	if err != nil {
		return nil, err
	}
	var spans []span
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		on := slices.ContainsFunc(p.Weekdays, func(d Weekday) bool { return weekdays[d] == day.Weekday() })
		if !on || p.SkipHolidays && !workday.Is(day) {
			continue
		}
		for _, s := range p.Sessions {
			begin, err := s.begin(day)
			if err != nil {
				return nil, err
			}
			for i := range s.Slots {
				start := begin.Add(time.Duration(i*s.Minutes) * time.Minute)
				spans = append(spans, span{start.UTC(), start.Add(time.Duration(s.Minutes) * time.Minute).UTC()})
			}
		}
		if len(spans) > mostSlots {
			return nil, fault.BadInput("to", "号源过多，请缩短日期范围。", "These are too many slots; open fewer days at once.")
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start.Compare(b.start) })
	for i, s := range spans {
		switch {
		case s.start.Before(now):
			return nil, fault.BadInput("from", "不能开放已过去的时段。", "A slot would be in the past.")
		case i > 0 && s.start.Before(spans[i-1].end):
			return nil, fault.BadInput("sessions", "时段之间有重叠。", "Slots overlap one another.")
		}
	}
	if len(spans) == 0 {
		return nil, fault.BadInput("weekdays", "所选日期内没有可开放的时段。", "The pattern gives no slot.")
	}
	return spans, nil
}

// days checks what needs no day of the pattern, and gives its first and last.
func (p Opening) days() (from, to time.Time, err error) {
	if from, err = serviceDay("from", p.From); err != nil {
		return from, to, err
	}
	if to, err = serviceDay("to", p.To); err != nil {
		return from, to, err
	}
	switch {
	case to.Before(from) || to.Sub(from) >= mostDays*24*time.Hour:
		err = fault.BadInput("to", "结束日期应在开始日期之后92天以内。", "The last day must be within 92 days of the first.")
	case len(p.Sessions) == 0 || len(p.Sessions) > mostSessions:
		err = fault.BadInput("sessions", "每天应有1至20个时段组。", "A day has 1 to 20 sessions.")
	case p.Capacity < 1 || p.Capacity > maxCapacity:
		err = fault.BadInput("capacity", "号源数应为1至10000。", "The capacity must be 1 to 10,000.")
	case p.Fee < 0 || p.Fee > maxFee:
		err = fault.BadInput("fee", "挂号费应为0至10000元。", "The fee must be 0 to 1,000,000 fen.")
	}
	for _, s := range p.Sessions {
		if s.Minutes < 1 || s.Minutes > longestSlot || s.Slots < 1 || s.Minutes*s.Slots > 24*60 {
			err = fault.BadInput("sessions", "时段长度或个数不正确。", "A slot takes 1 to 480 minutes, and a session a day at most.")
		}
	}
	return from, to, err
}

// begin is when the session begins on a day.
func (s Session) begin(day time.Time) (time.Time, error) {
	at, err := time.Parse("15:04", s.Start)
	if err != nil || len(s.Start) != len("15:04") {
		return at, fault.BadInput("sessions", "开始时间格式应为HH:MM。", "A start is written HH:MM.")
	}
	return day.Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute), nil
}

// diary is the schedule that the slots belong to.
func (o *Office) diary(ctx context.Context, p Opening) (*db.Schedule, error) {
	ctx = system(ctx)
	of, err := o.DB.Department.Query().Where(department.ID(p.DepartmentID), department.ClinicID(p.ClinicID)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("load department: %w", err)
	}
	if !of {
		return nil, fault.New(fault.NotFound).At("departmentId")
	}
	whose := schedule.PractitionerIDIsNil()
	if p.PractitionerID != nil {
		works, err := o.DB.PractitionerRole.Query().Where(
			practitionerrole.PractitionerID(*p.PractitionerID), practitionerrole.ClinicID(p.ClinicID),
		).Exist(ctx)
		if err != nil {
			return nil, fmt.Errorf("load practitioner: %w", err)
		}
		if !works {
			return nil, fault.New(fault.NotFound).At("practitionerId")
		}
		whose = schedule.PractitionerID(*p.PractitionerID)
	}
	found, err := o.DB.Schedule.Query().Where(schedule.ClinicID(p.ClinicID), schedule.DepartmentID(p.DepartmentID), whose).
		Order(schedule.ByID()).First(ctx)
	if db.IsNotFound(err) {
		found, err = o.DB.Schedule.Create().SetID(id.New(id.Schedule)).SetCreatedAt(o.Clock.Now()).
			SetClinicID(p.ClinicID).SetDepartmentID(p.DepartmentID).SetNillablePractitionerID(p.PractitionerID).Save(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("find schedule: %w", err)
	}
	return found, nil
}

// apart refuses when a slot of the diary, or of another diary of the practitioner, is at one of the times.
func (o *Office) apart(ctx context.Context, diary *db.Schedule, spans []span) error {
	whose := schedule.ID(diary.ID)
	if diary.PractitionerID != nil {
		whose = schedule.PractitionerID(*diary.PractitionerID)
	}
	there, err := o.DB.Slot.Query().Where(
		slot.HasScheduleWith(whose), slot.StatusNEQ(slot.StatusEnteredInError),
		slot.StartsAtLT(spans[len(spans)-1].end), slot.EndsAtGT(spans[0].start),
	).Order(slot.ByStartsAt()).All(system(ctx))
	if err != nil {
		return fmt.Errorf("look for other slots: %w", err)
	}
	for _, s := range spans {
		if slices.ContainsFunc(there, func(t *db.Slot) bool { return s.start.Before(t.EndsAt) && t.StartsAt.Before(s.end) }) {
			return fault.BadInput("sessions", "与已有号源时间重叠。", "A slot overlaps one that is open already.")
		}
	}
	return nil
}

// write makes the slots.
func (o *Office) write(ctx context.Context, diary *db.Schedule, p Opening, spans []span) error {
	now := o.Clock.Now()
	for some := range slices.Chunk(spans, atATime) {
		rows := make([]*db.SlotCreate, len(some))
		for i, s := range some {
			rows[i] = o.DB.Slot.Create().SetID(id.New(id.Slot)).SetCreatedAt(now).SetScheduleID(diary.ID).SetStartsAt(s.start).SetEndsAt(s.end).
				SetCapacity(p.Capacity).SetRemaining(p.Capacity).SetFee(p.Fee).SetStatus(slot.StatusFree)
		}
		if err := o.DB.Slot.CreateBulk(rows...).Exec(system(ctx)); err != nil {
			return fmt.Errorf("open slots: %w", err)
		}
	}
	return nil
}

package record

import (
	"context"
	"errors"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/healthrecord"
	"citygraph/ent/db/recordaccess"
	"citygraph/internal/access"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// Filter says whose record is asked for and which part of it; nil parts are the viewer's own, and all of it.
type Filter struct {
	Person, Appointment *string
	Kind                *healthrecord.Kind
	Slice
}

// Slice is the part of a list that makes a page.
type Slice struct {
	After *string // the id of the record before the first
	First *int    // usualPage by default
}

const (
	usualPage = 20
	mostPage  = 100
)

// size is how long the page is; BAD_USER_INPUT for one that cannot be, and for an After that is no record's id.
func (s Slice) size() (int, error) {
	n := usualPage
	if s.First != nil {
		n = *s.First
	}
	switch {
	case n < 1 || n > mostPage:
		return 0, fault.BadInput("first", "每页须为1至100条。", "A page has 1 to 100 records.")
	case s.After != nil && !id.Is(*s.After, id.HealthRecord):
		return 0, fault.BadInput("after", "翻页位置无效。", "It is not the id of a record.")
	}
	return n, nil
}

// List is a page of a person's record, the newest first. The person may, their guardians, and who acts for them within READ_RECORD; each
// reading is noted, and the person is told of those by others. Returns UNAUTHENTICATED, BAD_USER_INPUT, and DELEGATION_SCOPE for anybody else's, alike
// for a barred guardian and for a person who does not exist; that is noted too.
func (a *Archive) List(ctx context.Context, f Filter) (*Page, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if _, err := f.size(); err != nil {
		return nil, err
	}
	reading := access.Reading{Of: v.PersonID, Category: recordaccess.CategoryHealth, Purpose: recordaccess.PurposeSelf}
	if f.Appointment != nil && id.Is(*f.Appointment, id.Appointment) {
		reading.Target = *f.Appointment
	}
	if f.Person != nil && *f.Person != v.PersonID {
		reading.Of, reading.OnBehalfOf = *f.Person, *f.Person
	}
	var page *Page
	err := a.Store.InTx(ctx, func(ctx context.Context) (err error) {
		page, err = a.list(ctx, f, reading)
		return err
	})
	if fault.CodeOf(err) == fault.DelegationScope && id.Is(reading.Of, id.Person) {
		reading.Purpose, reading.Outcome, reading.OnBehalfOf = recordaccess.PurposeUnstated, recordaccess.OutcomeRefused, ""
		err = errors.Join(err, access.Note(ctx, a.DB, reading))
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (a *Archive) list(ctx context.Context, f Filter, reading access.Reading) (*Page, error) {
	me := viewer.From(ctx).PersonID
	acting, err := a.For(ctx, f.Person, scope.ReadRecord)
	if err != nil {
		return nil, fault.From(err).At("person")
	}
	if reading.Of != me {
		switch err := a.Guards(ctx, reading.Of); fault.CodeOf(err) {
		case "":
			reading.Purpose = recordaccess.PurposeGuardian
		case fault.DelegationScope:
			reading.Purpose = recordaccess.PurposeDelegation
		default:
			return nil, err
		}
		if err := a.tell(ctx, reading, ""); err != nil {
			return nil, err
		}
	}
	if err := access.Note(ctx, a.DB, reading); err != nil {
		return nil, err
	}
	q := a.DB.HealthRecord.Query()
	if f.Appointment != nil {
		q.Where(healthrecord.AppointmentID(*f.Appointment))
	}
	if f.Kind != nil {
		q.Where(healthrecord.KindEQ(*f.Kind))
	}
	return a.page(acting, q, reading.Of, f.Slice)
}

// tell has the person told that somebody else reads their record, in the transaction of ctx.
func (a *Archive) tell(ctx context.Context, r access.Reading, appointmentID string) error {
	accessor := viewer.From(ctx).PersonID
	if accessor == r.Of {
		return nil
	}
	if err := a.Store.Lock(ctx, "record opened/"+r.Of+"/"+accessor); err != nil {
		return err
	}
	return a.Events.Emit(ctx, Opened{
		PatientID: r.Of, AccessorID: accessor, AppointmentID: appointmentID, Purpose: r.Purpose, At: a.Clock.Now(),
	})
}

// page reads a page of a patient's records, as the viewer of ctx may see them.
func (a *Archive) page(ctx context.Context, q *db.HealthRecordQuery, patientID string, s Slice) (*Page, error) {
	n, err := s.size()
	if err != nil {
		return nil, err
	}
	q.Where(healthrecord.PatientID(patientID)).Order(db.Desc(healthrecord.FieldID)).Limit(n + 1)
	if s.After != nil {
		q.Where(healthrecord.IDLT(*s.After))
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load health records: %w", err)
	}
	page := &Page{}
	if len(rows) > n {
		rows = rows[:n]
		page.Next = &rows[n-1].ID
	}
	page.Records, err = a.open(ctx, patientID, rows)
	return page, err
}

// open opens rows of one patient: as many statements for a hundred as for one.
func (a *Archive) open(ctx context.Context, patientID string, rows []*db.HealthRecord) ([]*Record, error) {
	key, bound, err := a.People.Key(system(ctx), patientID)
	if err != nil || !bound { // without a key nothing opens any more
		return []*Record{}, err
	}
	visits, clinics := make([]string, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		visits[i], clinics[i] = row.AppointmentID, row.ClinicID
	}
	at, err := a.DB.Clinic.Query().Where(clinic.IDIn(clinics...)).Select(clinic.FieldID, clinic.FieldName).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load clinics: %w", err)
	}
	during, err := a.DB.Appointment.Query().Where(appointment.IDIn(visits...)).
		Select(appointment.FieldID, appointment.FieldStartsAt).All(system(ctx))
	if err != nil {
		return nil, fmt.Errorf("load visits: %w", err)
	}
	names, starts := map[string]lang.Text{}, map[string]*db.Appointment{}
	for _, c := range at {
		names[c.ID] = c.Name
	}
	for _, v := range during {
		starts[v.ID] = v
	}
	records := make([]*Record, len(rows))
	for i, row := range rows {
		plain, err := key.Open(place(row.ID), row.Sealed)
		if err != nil {
			return nil, err
		}
		content, err := decode(row.Kind, plain)
		if err != nil {
			return nil, err
		}
		records[i] = &Record{
			RecordID: row.ID, Kind: row.Kind, RecordedAt: row.CreatedAt, ClinicID: row.ClinicID, ClinicName: names[row.ClinicID],
			AppointmentID: row.AppointmentID, VisitStart: row.CreatedAt, AuthorRole: recordaccess.AccessorRoleClinicStaff,
			Corrects: row.CorrectsID, Content: content,
		}
		if v := starts[row.AppointmentID]; v != nil {
			records[i].VisitStart = v.StartsAt
		}
	}
	return records, nil
}

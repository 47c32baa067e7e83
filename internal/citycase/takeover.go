package citycase

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citycase"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/id"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Foreign is a case of another system, as TakeOver takes it over. Check has passed it.
type Foreign struct {
	SourceID    string // its number there
	Category    *db.CaseCategory
	Description string
	Address     string
	Note        string // what was said of it last
	At          geo.Point
	Reported    time.Time
	Closed      *time.Time // nil while it is open
}

// TakeoverBatch is the most cases that TakeOver takes at once, in one transaction, and the most rows of one
// statement.
const TakeoverBatch = 500

// TakenOver is what became of some cases of another system.
type TakenOver struct {
	Open   int // taken over now, for officers to accept
	Closed int // taken over now, as history
	Late   int // of the open ones, due already or within the hour: marked as told of
	Known  int // taken over before
}

// Add counts more cases.
func (t *TakenOver) Add(more TakenOver) {
	t.Open += more.Open
	t.Closed += more.Closed
	t.Late += more.Late
	t.Known += more.Known
}

// Check holds the case to the rules of a report, and to those of time; what it finds in order is stored as
// it finds it. Questions of the category are not asked: another system did not ask them. Returns
// BAD_USER_INPUT, OUT_OF_AREA.
func (f *Foreign) Check(now time.Time) (err error) {
	if f.SourceID, err = text("sourceId", f.SourceID, 1, maxSourceID); err != nil {
		return err
	}
	if f.Description, err = text("description", f.Description, 1, maxDescription); err != nil {
		return err
	}
	if f.Address, err = text("address", f.Address, 0, maxAddress); err != nil {
		return err
	}
	if f.Note, err = text("note", f.Note, 0, maxNote); err != nil {
		return err
	}
	latest := now.Add(sensorsAhead)
	switch {
	case !f.At.Valid():
		return fault.BadInput("location", "坐标无效。", "The coordinates are not valid.")
	case !geo.InHangzhou(f.At):
		return fault.New(fault.OutOfArea).At("location")
	case f.Reported.Before(earliestReport) || f.Reported.After(latest):
		return fault.BadInput("reported", "上报时间无效。", "The report is in the future, or before there were such systems.")
	case f.Closed != nil && (f.Closed.Before(f.Reported) || f.Closed.After(latest)):
		return fault.BadInput("closed", "结案时间早于上报时间或晚于现在。", "It was closed before it was reported, or will be in the future.")
	}
	return nil
}

const maxSourceID = 64

// earliestReport is before any system that has such cases.
var earliestReport = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// TakeOver takes cases over from another system, TakeoverBatch at most, in one transaction; those it
// has taken over before stay as they are. An open one waits for an officer, due by its category's hours
// from its report. Of a closed one only the report and the closure are known: the steps between stand in its
// history at the closure, for officers, so that it is a life like any other. Nobody is told. An open one
// that is due already, or nearly, counts as told of: it stands in the queues as overdue, and rings no
// bells. It is for operators at the command line.
func (c *Cases) TakeOver(ctx context.Context, source string, cases []Foreign) (done TakenOver, err error) {
	ctx = viewer.AsSystem(ctx, "an operator takes cases over from another system")
	points := make([]geo.Point, len(cases))
	for i, f := range cases {
		points[i] = f.At
	}
	streets, districts, err := c.Places.NearestAll(ctx, points)
	if err != nil {
		return done, fmt.Errorf("find the streets: %w", err)
	}
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		done = TakenOver{} // of this try
		if err := c.Store.Lock(ctx, "take over:"+source); err != nil {
			return err
		}
		known, err := c.takenOver(ctx, source, cases)
		if err != nil {
			return err
		}
		var rows []*db.CityCaseCreate
		var events []pastEvent
		for i, f := range cases {
			if known[f.SourceID] {
				done.Known++
				continue
			}
			known[f.SourceID] = true // a page may repeat the end of the last
			t := takeover{Foreign: f, source: source, streetID: streets[i], districtID: districts[i], now: c.Clock.Now()}
			t.begin()
			rows, events = append(rows, t.row(c.DB)), append(events, t.history(c.Store)...)
			done.count(&t)
		}
		err = inPortions(rows, func(some []*db.CityCaseCreate) error { return c.DB.CityCase.CreateBulk(some...).Exec(ctx) })
		if err != nil {
			return fmt.Errorf("write cases: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		return c.writePast(ctx, events)
	})
	if err != nil {
		return TakenOver{}, err
	}
	return done, nil
}

// takenOver are the numbers of those cases that are here already.
func (c *Cases) takenOver(ctx context.Context, source string, cases []Foreign) (map[string]bool, error) {
	numbers := make([]string, len(cases))
	for i, f := range cases {
		numbers[i] = f.SourceID
	}
	found, err := c.DB.CityCase.Query().Where(citycase.Source(source), citycase.SourceIDIn(numbers...)).
		Select(citycase.FieldSourceID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for cases taken over before: %w", err)
	}
	known := make(map[string]bool, len(cases))
	for _, number := range found {
		known[number] = true
	}
	return known, nil
}

func (t *TakenOver) count(one *takeover) {
	switch {
	case one.Closed != nil:
		t.Closed++
		return
	case one.escalation != onTime:
		t.Late++
	}
	t.Open++
}

// takeover is one case on its way into the database.
type takeover struct {
	Foreign
	source, streetID, districtID string
	now                          time.Time

	id         string
	dueAt      time.Time
	escalation int
	life       []machine.Edge
}

// begin says what becomes of the case here.
func (t *takeover) begin() {
	t.id = id.Series(id.CityCase, t.Reported, 1)[0]
	t.dueAt = dueAfter(t.Reported, t.Category.SLAHours)
	switch {
	case t.Closed != nil:
		t.life = machine.Smooth()
	case !t.dueAt.After(t.now):
		t.escalation = toldOverdue
	case !t.dueAt.After(t.now.Add(nearlyDue)):
		t.escalation = toldNearlyDue
	}
}

func (t *takeover) row(client *db.Client) *db.CityCaseCreate {
	status, last := machine.Submitted, t.Reported
	create := client.CityCase.Create()
	if t.Closed != nil {
		status, last = machine.Closed, *t.Closed
		create.SetClosedAt(last).SetOpenSeconds(int64(last.Sub(t.Reported) / time.Second))
	}
	return create.SetID(t.id).SetNumber(machine.Number(t.Reported, t.id)).SetCreatedAt(t.Reported).SetUpdatedAt(last).
		SetSource(t.source).SetSourceID(t.SourceID).
		SetStatus(status).SetPublished(status.Published()).SetLastSeq(1 + len(t.life)).SetDueAt(t.dueAt).SetEscalation(t.escalation).
		SetCategoryID(t.Category.ID).SetKind(citycase.Kind(t.Category.Kind)).
		SetDescription(t.Description).SetAddress(t.Address).
		SetLat(t.At.Lat).SetLng(t.At.Lng).SetCell(geo.CellOf(t.At)).SetStreetID(t.streetID).SetDistrictID(t.districtID)
}

// pastEvent is a row of a history that is written whole: eight to a closed case are too many to write one by one.
type pastEvent struct {
	ID     string          `json:"id"`
	At     store.Stamp     `json:"made"`
	CaseID string          `json:"case_id"`
	Seq    int             `json:"seq"`
	Action *machine.Action `json:"did"`
	From   *machine.Status `json:"was"`
	To     machine.Status  `json:"became"`
	Note   string          `json:"note"`
	Public bool            `json:"public"`
}

var pastEventColumns = []string{
	"id text", "made timestamptz", "case_id text", "seq bigint", "did text", "was text", "became text", "note text", "public boolean",
}

func (c *Cases) writePast(ctx context.Context, events []pastEvent) error {
	_, err := c.Store.ExecRows(ctx, c.DB, pastEventColumns, `INSERT INTO case_events
		(id, created_at, city_case_id, seq, action, from_status, to_status, note, public, actor_kind, actor_id)
		SELECT id, made, case_id, seq, did, was, became, note, public, 'SYSTEM', '' FROM r`, events)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// history is the events of the case. What was said of it last belongs to the last.
func (t *takeover) history(s *store.Store) []pastEvent {
	ids := t.eventIDs()
	events := []pastEvent{{ID: ids[0], At: s.Stamp(t.Reported), CaseID: t.id, Seq: 1, To: machine.Submitted, Public: true}}
	for i, e := range t.life {
		events = append(events, pastEvent{
			ID: ids[i+1], At: s.Stamp(*t.Closed), CaseID: t.id, Seq: i + 2,
			Action: &e.Action, From: &e.From, To: e.To, Public: e.To == machine.Closed,
		})
	}
	events[len(events)-1].Note = t.Note
	return events
}

// eventIDs are in the order of the events, by which histories are paged.
func (t *takeover) eventIDs() []string {
	switch {
	case t.Closed == nil:
		return id.Series(id.CaseEvent, t.Reported, 1)
	case t.Closed.UnixMilli() == t.Reported.UnixMilli():
		return id.Series(id.CaseEvent, t.Reported, 1+len(t.life))
	}
	return append(id.Series(id.CaseEvent, t.Reported, 1), id.Series(id.CaseEvent, *t.Closed, len(t.life))...)
}

// inPortions sends rows in statements of TakeoverBatch rows, and what is left in powers of two: statements
// of every length would fill the caches of prepared ones.
func inPortions[C any](rows []C, send func([]C) error) error {
	for len(rows) > 0 {
		n := TakeoverBatch
		if len(rows) < n {
			n = 1 << (bits.Len(uint(len(rows))) - 1)
		}
		if err := send(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"citygraph/ent/db/predicate"
	entslot "citygraph/ent/db/slot"
	"citygraph/internal/fhir"
	"citygraph/internal/id"
	"citygraph/internal/store"
)

// What a Slot of R4 has no element for. The capacity is that of SMART Scheduling Links; the fee, in fen, is ours.
const (
	capacityExtension = "http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity"
	feeExtension      = "urn:citygraph:slot-fee"
)

const (
	maxCapacity = 10_000
	maxFee      = 10_000_00 // fen
	longest     = 24 * time.Hour
)

type slot struct {
	Schedule    reference `json:"schedule"`
	Status      string    `json:"status"`
	Start       string    `json:"start"`
	End         string    `json:"end"`
	ServiceType []concept `json:"serviceType"`
	Extension   []struct {
		URL   string `json:"url"`
		Value *int64 `json:"valueInteger"`
	} `json:"extension"`
}

// extension is the number an extension holds.
func (s slot) extension(url string, otherwise int64) int64 {
	for _, e := range s.Extension {
		if e.URL == url && e.Value != nil {
			return *e.Value
		}
	}
	return otherwise
}

// slotRow is a slot on its way into the database.
type slotRow struct {
	ID         string         `json:"id"`
	System     string         `json:"system"`
	Value      string         `json:"value"`
	ScheduleID string         `json:"schedule_id"`
	Starts     store.Stamp    `json:"starts"`
	Ends       store.Stamp    `json:"ends"`
	Since      store.Stamp    `json:"since"` // nothing that starts earlier can overlap
	Capacity   int64          `json:"capacity"`
	Remaining  int64          `json:"remaining"`
	Fee        int64          `json:"fee"`
	Status     entslot.Status `json:"status"`
	Reason     string         `json:"reason"`

	start, end time.Time
	problem    func(reason string) fhir.Problem
}

var slotColumns = []string{
	"id text", "system text", "value text", "schedule_id text", "starts timestamptz", "ends timestamptz", "since timestamptz",
	"capacity bigint", "remaining bigint", "fee bigint", "status text", "reason text",
}

// insertSlots leaves out those that would overlap another slot of their schedule. It counts them, which no planner
// makes a join of: each looks into the index of its schedule.
const insertSlots = `INSERT INTO slots
	(id, created_at, source_system, source_value, schedule_id, starts_at, ends_at, capacity, remaining, fee, status, reason)
	SELECT r.id, %s, r.system, r.value, r.schedule_id, r.starts, r.ends, r.capacity, r.remaining, r.fee, r.status, r.reason FROM r
	WHERE r.status = 'ENTERED_IN_ERROR' OR (SELECT COUNT(*) FROM slots s WHERE s.schedule_id = r.schedule_id
		AND s.status <> 'ENTERED_IN_ERROR' AND s.starts_at < r.ends AND s.starts_at >= r.since AND s.ends_at > r.starts) = 0`

func (r *run) takeSlots(ctx context.Context, batch []fhir.Resource) error {
	fresh, err := unknown(ctx, r, decoded[slot](r, batch), r.slots)
	if err != nil {
		return err
	}
	to := make([]string, len(fresh))
	for i, s := range fresh {
		to[i] = s.Body.Schedule.to()
	}
	schedules, err := r.resolve(ctx, to, r.schedules)
	if err != nil {
		return err
	}
	var rows []slotRow
	for i, s := range fresh {
		row, reason := r.slot(s)
		diary, here := schedules[to[i]]
		switch {
		case reason != "":
			r.refuse(s.problem(reason))
			continue
		case !here:
			r.refuse(s.problem(dangling(to[i])))
			continue
		}
		row.ScheduleID = diary.ID
		rows = append(rows, row)
	}
	for len(rows) > 0 {
		var some []slotRow
		some, rows = apart(rows)
		if err := r.writeSlots(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// slot reads one slot, or says what is wrong with it.
func (r *run) slot(s named[slot]) (row slotRow, reason string) {
	row = slotRow{
		ID: id.New(id.Slot), System: s.system, Value: s.value, Reason: cut(words(s.Body.ServiceType)), problem: s.problem,
		Capacity: s.Body.extension(capacityExtension, 1), Fee: s.Body.extension(feeExtension, 0),
		Status: entslot.Status(strings.ReplaceAll(strings.ToUpper(s.Body.Status), "-", "_")),
	}
	var errStart, errEnd error
	row.start, errStart = time.Parse(time.RFC3339, s.Body.Start)
	row.end, errEnd = time.Parse(time.RFC3339, s.Body.End)
	switch {
	case errStart != nil || errEnd != nil:
		return row, fmt.Sprintf("start and end are %.40q and %.40q, not times such as 2026-01-31T08:00:00+08:00", s.Body.Start, s.Body.End)
	case !row.end.After(row.start) || row.end.Sub(row.start) > longest:
		return row, "it does not end within a day after it starts"
	case !row.end.After(r.now):
		return row, "it is in the past"
	case entslot.StatusValidator(row.Status) != nil || s.Body.Status != strings.ToLower(s.Body.Status):
		return row, fmt.Sprintf("status is %.40q, which R4 does not know", s.Body.Status)
	case row.Capacity < 1 || row.Capacity > maxCapacity:
		return row, fmt.Sprintf("its capacity is %d, not 1 to %d", row.Capacity, maxCapacity)
	case row.Fee < 0 || row.Fee > maxFee:
		return row, fmt.Sprintf("its fee is %d fen, not 0 to %d", row.Fee, maxFee)
	}
	if row.Status == entslot.StatusFree {
		row.Remaining = row.Capacity
	}
	row.Starts, row.Ends, row.Since = r.Store.Stamp(row.start), r.Store.Stamp(row.end), r.Store.Stamp(row.start.Add(-longest))
	return row, ""
}

// apart takes slots that overlap one another apart: what overlaps an earlier one waits, since that one may be
// refused.
func apart(rows []slotRow) (some, waiting []slotRow) {
	kept := map[string][]slotRow{}
	for _, one := range rows {
		if one.Status != entslot.StatusEnteredInError {
			if slices.ContainsFunc(kept[one.ScheduleID], one.overlaps) {
				waiting = append(waiting, one)
				continue
			}
			kept[one.ScheduleID] = append(kept[one.ScheduleID], one)
		}
		some = append(some, one)
	}
	return some, waiting
}

func (s slotRow) overlaps(other slotRow) bool {
	return s.start.Before(other.end) && other.start.Before(s.end)
}

// writeSlots writes the slots that overlap none of those that are there, and refuses the rest.
func (r *run) writeSlots(ctx context.Context, rows []slotRow) error {
	var here map[string]bool
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.Lock(ctx, "slots"); err != nil {
			return err
		}
		if _, err := r.Store.ExecRows(ctx, r.DB, slotColumns, fmt.Sprintf(insertSlots, r.madeNow()), rows, string(r.Store.Stamp(r.now))); err != nil {
			return fmt.Errorf("write slots: %w", err)
		}
		var err error
		here, err = r.written(ctx, rows)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !here[row.ID] {
			r.refuse(row.problem("it overlaps another slot of its schedule"))
		}
	}
	r.took("Slot", len(here))
	return nil
}

// madeNow is the argument for created_at, which PostgreSQL wants the type of.
func (r *run) madeNow() string {
	if r.Store.Dialect() == dialect.Postgres {
		return "CAST(? AS timestamptz)"
	}
	return "?"
}

// written are the ids of those rows that were written.
func (r *run) written(ctx context.Context, rows []slotRow) (map[string]bool, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	found, err := r.DB.Slot.Query().Where(predicate.Slot(r.Store.OneOf(entslot.FieldID, ids))).IDs(ctx)
	here := make(map[string]bool, len(found))
	for _, id := range found {
		here[id] = true
	}
	return here, err
}

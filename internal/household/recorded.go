package household

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/audit"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Tie is a guardian and a child.
type Tie struct{ GuardianID, ChildID string }

type tieRow struct {
	ID         string      `json:"id"`
	Made       store.Stamp `json:"made"`
	GuardianID string      `json:"guardian_id"`
	ChildID    string      `json:"child_id"`
	Left       scope.Set   `json:"left_set"`
}

var tieColumns = []string{"id text", "made timestamptz", "guardian_id text", "child_id text", "left_set bigint"}

// recordTies leaves alone who is barred, and whatever a civil record has said.
const recordTies = `INSERT INTO guardianships (id, created_at, updated_at, guardian_id, child_id, basis, status, scope_set)
	SELECT r.id, r.made, r.made, r.guardian_id, r.child_id, 'SCHOOL_RECORD', 'ACTIVE', r.left_set FROM r WHERE true
	ON CONFLICT (guardian_id, child_id) DO UPDATE SET status = 'ACTIVE', scope_set = excluded.scope_set, updated_at = excluded.updated_at
	WHERE guardianships.status = 'ENDED' AND guardianships.basis = 'SCHOOL_RECORD'`

// RecordAll writes down that people are guardians of minors, as a school says, and returns how many were not before. It gives and
// takes nothing from who is one already, and what a civil record has barred or ended stays so. Nothing is written for a child who
// is of age or whose birth date is not known. It holds no lock: a right that is given has nobody to wait for. For importers and
// the system alone: FORBIDDEN to anybody else.
func (r *Register) RecordAll(ctx context.Context, ties []Tie) (recorded int, err error) {
	if _, system := viewer.From(ctx).System(); !system {
		return 0, fault.New(fault.Forbidden)
	}
	if len(ties) == 0 {
		return 0, nil
	}
	children := make([]string, len(ties))
	for i, t := range ties {
		children[i] = t.ChildID
	}
	born, err := r.births(ctx, children...)
	if err != nil {
		return 0, err
	}
	now, seen := r.Clock.Now(), map[Tie]bool{}
	var rows []tieRow
	var deeds []audit.Deed
	for _, t := range ties {
		left := LeftAt(born[t.ChildID], now)
		if left == 0 || seen[t] {
			continue
		}
		seen[t] = true
		rows = append(rows, tieRow{id.New(id.Guardianship), r.Store.Stamp(now), t.GuardianID, t.ChildID, left})
		deeds = append(deeds, audit.Deed{Action: "recordGuardianship", Subject: t.ChildID, TargetID: t.GuardianID})
	}
	if len(rows) == 0 {
		return 0, nil
	}
	err = r.Store.InTx(ctx, func(ctx context.Context) error {
		if recorded, err = r.Store.ExecRows(ctx, r.DB, tieColumns, recordTies, rows); err != nil {
			return fmt.Errorf("record guardianships: %w", err)
		}
		return audit.RecordAll(ctx, r.DB, deeds)
	})
	return recorded, err
}

// Withdraw ends a guardianship that a school has recorded and knows no more. It lifts no custody bar, and what a civil record says
// stays. It reports whether there was one. For importers and the system alone: FORBIDDEN to anybody else.
func (r *Register) Withdraw(ctx context.Context, guardianID, childID string) (ended bool, err error) {
	err = r.tie(ctx, "withdrawGuardianship", guardianID, childID, func(ctx context.Context, found *db.Guardianship) error {
		ended = found != nil && found.Status == guardianship.StatusActive && found.Basis == guardianship.BasisSchoolRecord
		if !ended {
			return nil
		}
		r.wake(ctx, guardianID)
		return found.Update().SetStatus(guardianship.StatusEnded).SetScopeSet(0).Exec(ctx)
	})
	return ended, err
}

// births are the birth dates of children, as their id numbers tell them, or else their schools.
func (r *Register) births(ctx context.Context, children ...string) (map[string]string, error) {
	known, err := r.Records.OfAll(ctx, children...)
	if err != nil {
		return nil, err
	}
	born := make(map[string]string, len(children))
	var others []string
	for _, child := range children {
		if d, bound := known[child]; bound {
			born[child] = d.BirthDate
		} else {
			others = append(others, child)
		}
	}
	if len(others) == 0 || r.Births == nil {
		return born, nil
	}
	told, err := r.Births(ctx, others...)
	for child, date := range told {
		born[child] = date
	}
	return born, err
}

package household

import (
	"context"
	"fmt"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/guardianship"
	"citygraph/internal/clock"
	"citygraph/internal/resident"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// fading is what a guardian may still do for a child of so many years. Below fourteen the guardian
// consents to everything (Personal Information Protection Law, art. 31); from fourteen a health record is
// the child's own to show; at sixteen who lives by their own work acts for themselves (Civil Code,
// art. 18), so the card is theirs; at eighteen a person is of age (Civil Code, art. 17) and nothing is left.
var fading = []struct {
	below int // years
	left  scope.Set
}{
	{14, scope.All},
	{16, scope.All &^ scope.Of(scope.ReadRecord)},
	{18, scope.Of(scope.Book, scope.School, scope.Notify)},
}

// LeftAt is what a guardian may do on the day for a child born on a date, YYYY-MM-DD. Nothing for a date
// that is none.
func LeftAt(birthDate string, day time.Time) scope.Set {
	years, err := resident.Age(birthDate, day.In(clock.Shanghai))
	if err != nil {
		return 0
	}
	for _, f := range fading {
		if years < f.below {
			return f.left
		}
	}
	return 0
}

// left is what guardians of the child may do today.
func (r *Register) left(ctx context.Context, childID string) (scope.Set, error) {
	born, err := r.births(ctx, childID)
	if err != nil {
		return 0, err
	}
	return LeftAt(born[childID], r.Clock.Now()), nil
}

// Round is the job that fades guardianships.
type Round struct{}

// Kind is the job's stable name.
func (Round) Kind() string { return "household.fade" }

// fadeBatch is how many guardianships are looked at between two statements.
const fadeBatch = 200

// Fade takes from guardians what their children have outgrown, and ends the guardianship of who is of
// age; run every few hours. It returns how many it changed. It never gives a right back.
func (r *Register) Fade(ctx context.Context) (changed int, err error) {
	ctx = viewer.AsSystem(ctx, "guardianship fades as a child grows up")
	for last := ""; ; {
		rows, err := r.DB.Guardianship.Query().
			Where(guardianship.StatusEQ(guardianship.StatusActive), guardianship.IDGT(last)).
			Order(guardianship.ByID()).Limit(fadeBatch).All(ctx)
		if err != nil {
			return changed, fmt.Errorf("load guardianships: %w", err)
		}
		if len(rows) == 0 {
			return changed, nil
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.ChildID
		}
		born, err := r.births(ctx, ids...)
		if err != nil {
			return changed, err
		}
		for _, row := range rows {
			faded, err := r.fade(ctx, row, LeftAt(born[row.ChildID], r.Clock.Now()))
			if err != nil {
				return changed, err
			}
			if faded {
				changed++
			}
		}
		last = rows[len(rows)-1].ID
	}
}

func (r *Register) fade(ctx context.Context, g *db.Guardianship, left scope.Set) (bool, error) {
	left &= g.ScopeSet
	if left == g.ScopeSet {
		return false, nil
	}
	err := r.tie(ctx, "fadeGuardianship", g.GuardianID, g.ChildID, func(ctx context.Context, now *db.Guardianship) error {
		if now == nil || now.Status != guardianship.StatusActive {
			return nil // barred or ended meanwhile
		}
		r.wake(ctx, g.GuardianID)
		u := now.Update().SetScopeSet(left)
		if left == 0 {
			u.SetStatus(guardianship.StatusEnded)
		}
		return u.Exec(ctx)
	})
	return err == nil, err
}

package seed

import (
	"context"
	"fmt"
	"time"

	"citygraph/internal/entitlement"
	"citygraph/internal/entitlement/kind"
	"citygraph/internal/id"
)

// entitled says what the cast's records prove. The grandmother is a senior as well, by her age.
var entitled = []struct {
	member string
	kind   kind.Kind
	basis  kind.Basis
	years  int // how long it is good; 0 until it is withdrawn
}{
	{"chenjing", kind.Resident, kind.HouseholdRegister, 0},
	{"wangguiying", kind.Resident, kind.HouseholdRegister, 0},
	{"zhouwei", kind.Veteran, kind.VeteranCard, 0},
	{"xumin", kind.Disabled, kind.DisabilityCertificate, 10},
	{"maming", kind.Resident, kind.ResidencePermit, 1},
	{"zhouzixuan", kind.Student, kind.SchoolRoll, 1},
	{"zhouzihan", kind.Student, kind.SchoolRoll, 2},
}

// instant is a clock that stands still, so that equal seeds make equal rows.
type instant time.Time

// Now implements clock.Clock.
func (i instant) Now() time.Time { return time.Time(i) }

func (w *writer) entitlements(ctx context.Context) error {
	grants := &entitlement.Entitlements{DB: w.db, Store: w.data.Store, Clock: instant(w.now), Records: w.data}
	for i, e := range entitled {
		proof := entitlement.Proof{
			ID:       id.At(id.EntitlementGrant, w.now, fmt.Sprintf("cast/%s/%d", e.member, i)),
			PersonID: Member{Key: e.member}.PersonID(), Kind: e.kind, Basis: e.basis,
		}
		if e.years > 0 {
			proof.ValidTo = new(w.now.AddDate(e.years, 0, 0))
		}
		if _, err := grants.Grant(ctx, proof); err != nil {
			return fmt.Errorf("%s: %w", e.member, err)
		}
	}
	return nil
}

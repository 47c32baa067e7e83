package charge

import (
	"context"
	"fmt"

	"citygraph/ent/db/ledgertransaction"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/lang"
	"citygraph/internal/paycode"
	"citygraph/internal/viewer"
)

// merchant is who is paid.
type merchant struct {
	id      string
	name    lang.Text
	purpose paycode.Purpose
	domain  ledgertransaction.Domain
}

// staff reports whether the viewer works for the merchant.
func staff(ctx context.Context, merchantID string) bool {
	v := viewer.From(ctx)
	switch kind, _ := id.KindOf(merchantID); kind {
	case id.Clinic:
		return v.HasAt(viewer.ClinicStaff, merchantID)
	case id.ScenicSpot:
		return v.HasAt(viewer.ScenicOperator, merchantID)
	default:
		return false
	}
}

// employers are the merchants that the viewer works for.
func employers(ctx context.Context) []string {
	v := viewer.From(ctx)
	return append(v.Organisations(viewer.ClinicStaff), v.Organisations(viewer.ScenicOperator)...)
}

// merchant is the one with the id, of whose staff the viewer is. UNAUTHENTICATED; FORBIDDEN, also for an id of nothing.
func (t *Till) merchant(ctx context.Context, merchantID string) (*merchant, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if !staff(ctx, merchantID) {
		return nil, fault.New(fault.Forbidden)
	}
	if id.Is(merchantID, id.Clinic) {
		found, err := t.DB.Clinic.Get(ctx, merchantID)
		if err != nil {
			return nil, fmt.Errorf("load clinic: %w", err)
		}
		return &merchant{merchantID, found.Name, paycode.Clinic, ledgertransaction.DomainClinic}, nil
	}
	found, err := t.DB.ScenicSpot.Get(ctx, merchantID)
	if err != nil {
		return nil, fmt.Errorf("load scenic spot: %w", err)
	}
	return &merchant{merchantID, found.Name, paycode.ScenicSpot, ledgertransaction.DomainScenic}, nil
}

package care

import (
	"context"
	"fmt"

	"citygraph/ent/db/carecontract"
	"citygraph/ent/db/carevisit"
	"citygraph/ent/db/helpcall"
)

// Forget ends the care of a person whose account has ended, in the transaction of ctx: nothing is to come any more, and the rows
// that stay name nobody and no place.
func (o *Office) Forget(ctx context.Context, personID string) error {
	if err := o.Store.Lock(ctx, lockOf(personID)); err != nil {
		return err
	}
	ctx, now := system(ctx), o.Clock.Now()
	err := o.DB.CareContract.Update().Where(carecontract.PatientID(personID), carecontract.StateIn(carecontract.StateProposed, carecontract.StateActive)).
		SetState(carecontract.StateEnded).SetUpdatedAt(now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end contracts: %w", err)
	}
	if err := o.DB.CareContract.Update().Where(carecontract.PatientID(personID), carecontract.PatientNameNEQ("")).SetPatientName("").Exec(ctx); err != nil {
		return fmt.Errorf("empty names of contracts: %w", err)
	}
	if err := o.cancelVisits(ctx, carevisit.PatientID(personID)); err != nil {
		return err
	}
	if err := o.DB.CareVisit.Update().Where(carevisit.PatientID(personID), carevisit.PatientNameNEQ("")).SetPatientName("").Exec(ctx); err != nil {
		return fmt.Errorf("empty names of visits: %w", err)
	}
	err = o.DB.HelpCall.Update().Where(helpcall.PatientID(personID), helpcall.StatusNEQ(helpcall.StatusResolved)).
		SetStatus(helpcall.StatusResolved).SetResolvedAt(now).ClearEscalateAt().ClearCallerLat().ClearCallerLng().SetUpdatedAt(now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end calls for help: %w", err)
	}
	if err := o.DB.HelpCall.Update().Where(helpcall.PatientID(personID), helpcall.PatientNameNEQ("")).SetPatientName("").Exec(ctx); err != nil {
		return fmt.Errorf("empty names of calls for help: %w", err)
	}
	err = o.DB.HelpCall.Update().Where(helpcall.AcknowledgedByID(personID), helpcall.AcknowledgedByNameNEQ("")).SetAcknowledgedByName("").Exec(ctx)
	if err != nil {
		return fmt.Errorf("empty names of who came: %w", err)
	}
	return nil
}

package consent

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/consent"
	"citygraph/internal/audit"
	"citygraph/internal/consent/terms"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Withdraw ends consent to a purpose from its commit on: PIPL art. 15. Who may give it may. What was done
// before stays lawful, and the row stays as proof. Returns UNAUTHENTICATED, DELEGATION_SCOPE for somebody
// the viewer is no guardian of, NOT_FOUND where no consent stands, BAD_USER_INPUT.
func (c *Consents) Withdraw(ctx context.Context, purpose terms.Purpose, onBehalfOf string) (*db.Consent, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	var ended *db.Consent
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		person, err := c.subject(ctx, onBehalfOf)
		if err != nil {
			return err
		}
		ended, err = c.withdraw(ctx, purpose, person)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

func (c *Consents) withdraw(ctx context.Context, purpose terms.Purpose, person string) (*db.Consent, error) {
	if err := c.hold(ctx, person, purpose); err != nil {
		return nil, err
	}
	system := viewer.AsSystem(ctx, "a consent is ended for its person, and is nobody's to change by hand")
	standing, err := c.DB.Consent.Query().
		Where(consent.PersonID(person), consent.PurposeEQ(purpose), consent.StatusEQ(consent.StatusActive)).Only(system)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound).At("purpose").
			Say("没有可撤回的同意。", "There is no consent to withdraw.")
	}
	if err != nil {
		return nil, fmt.Errorf("look for consent: %w", err)
	}
	ended, err := standing.Update().SetStatus(consent.StatusWithdrawn).SetWithdrawnAt(c.Clock.Now()).Save(system)
	if err != nil {
		return nil, fmt.Errorf("withdraw consent: %w", err)
	}
	return ended, audit.Record(ctx, c.DB, audit.Deed{Action: "withdrawConsent", Subject: person, TargetID: ended.ID})
}

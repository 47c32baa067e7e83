// Package consent records what people have agreed to: which purpose, which version of the text, when, by
// whom, and when they took it back. PIPL below is the Personal Information Protection Law
// (个人信息保护法).
package consent

import (
	"cmp"
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/consent"
	"citygraph/internal/clock"
	"citygraph/internal/consent/terms"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/personal"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Consents are the verbs of consents.
type Consents struct {
	DB      *db.Client
	Store   *store.Store
	Clock   clock.Clock
	Once    idempotency.Ledger
	Records *personal.Records // tells ages
	Texts   terms.Catalogue

	// Guards fails unless the context's viewer is a guardian of the child now; see household.Register.
	Guards func(ctx context.Context, childID string) error
}

// Given reports whether the person's consent to the purpose stands now: it was given, nobody withdrew it,
// and the text still asks for the same. It is for verbs that are about to use data, reads what is
// committed, and keeps nothing. A consent a guardian gave goes on when the child turns fourteen.
func (c *Consents) Given(ctx context.Context, personID string, purpose terms.Purpose) (bool, error) {
	given, err := c.DB.Consent.Query().
		Where(consent.PersonID(personID), consent.PurposeEQ(purpose), consent.StatusEQ(consent.StatusActive),
			consent.VersionIn(c.Texts.Standing(purpose)...)).
		Exist(viewer.AsSystem(ctx, "data are used only as their person has agreed"))
	if err != nil {
		return false, fmt.Errorf("look for consent: %w", err)
	}
	return given, nil
}

// ofAge is from when on a person consents for themselves, in completed years: PIPL art. 31.
const ofAge = 14

// subject is the person whose consent the viewer gives and withdraws: themselves from fourteen on, or a
// child under fourteen they are a guardian of. In a transaction, a guardian stays one until its end.
func (c *Consents) subject(ctx context.Context, onBehalfOf string) (string, error) {
	v := viewer.From(ctx)
	person := cmp.Or(onBehalfOf, v.PersonID)
	own := person == v.PersonID
	if !own {
		if err := c.Guards(ctx, person); err != nil {
			return "", fault.From(err).At("onBehalfOf")
		}
	}
	age, known, err := c.Records.Age(ctx, person, c.Clock.Now())
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", fault.BadInput("onBehalfOf", "请先完成实名认证。", "Bind your account by real name first.")
	case own && age < ofAge:
		return "", fault.BadInput("onBehalfOf", "未满14周岁，须由监护人同意。", "Under fourteen a guardian consents.")
	case !own && age >= ofAge:
		return "", fault.BadInput("onBehalfOf", "已满14周岁，须由本人同意。", "From fourteen on the person consents for themselves.")
	}
	return person, nil
}

// hold makes those who change one consent follow one another.
func (c *Consents) hold(ctx context.Context, personID string, purpose terms.Purpose) error {
	return c.Store.Lock(ctx, "consent "+personID+" "+string(purpose))
}

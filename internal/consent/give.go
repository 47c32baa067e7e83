package consent

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/consent"
	"citygraph/internal/audit"
	"citygraph/internal/consent/terms"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/idempotency"
	"citygraph/internal/viewer"
)

// Giving is what somebody agrees to.
type Giving struct {
	Key        uuid.UUID `json:"-"` // the idempotency key
	Purpose    terms.Purpose
	Version    string // of the text that was shown
	Language   consent.Language
	OnBehalfOf string // a child; empty for oneself
}

// Give records consent to the current text of a purpose. Anyone bound by real name may from fourteen on,
// and a guardian for a child under fourteen. To agree to the same text again changes nothing; a newer
// one replaces it. Returns UNAUTHENTICATED, DELEGATION_SCOPE for somebody the viewer is no guardian of,
// BAD_USER_INPUT, IDEMPOTENCY_KEY_REUSED.
func (c *Consents) Give(ctx context.Context, g Giving) (*db.Consent, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if err := c.shown(g, v); err != nil {
		return nil, err
	}
	request := idempotency.Request{Key: g.Key, Operation: "giveConsent", Input: g}
	consentID, err := c.Once.Once(ctx, request, func(ctx context.Context) (string, error) {
		return c.give(ctx, g)
	})
	if err != nil {
		return nil, err
	}
	return c.load(ctx, consentID)
}

// shown holds what was agreed to to the text that stands there now.
func (c *Consents) shown(g Giving, v *viewer.Viewer) error {
	if g.Purpose == terms.ChildData && cmp.Or(g.OnBehalfOf, v.PersonID) == v.PersonID {
		return fault.BadInput("purpose", "此项同意仅适用于未满14周岁的儿童。", "This consent is for children under fourteen.")
	}
	switch text, found := c.Texts.Find(g.Purpose, g.Version); {
	case !found:
		return fault.BadInput("version", "没有这个版本的文本。", "There is no such version of the text.")
	case text.Version != c.Texts.Latest(g.Purpose).Version:
		return fault.BadInput("version", "文本已更新，请阅读当前版本。", "The text has changed. Read the current version.")
	}
	return nil
}

func (c *Consents) give(ctx context.Context, g Giving) (string, error) {
	person, err := c.subject(ctx, g.OnBehalfOf)
	if err != nil {
		return "", err
	}
	if err := c.hold(ctx, person, g.Purpose); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "a consent is kept as proof, and is nobody's to write by hand")
	standing, err := c.DB.Consent.Query().
		Where(consent.PersonID(person), consent.PurposeEQ(g.Purpose), consent.StatusEQ(consent.StatusActive)).All(system)
	if err != nil {
		return "", fmt.Errorf("look for consent: %w", err)
	}
	for _, s := range standing {
		if s.Version == g.Version {
			return s.ID, nil
		}
		if err := s.Update().SetStatus(consent.StatusReplaced).Exec(system); err != nil {
			return "", fmt.Errorf("replace consent: %w", err)
		}
	}
	consentID := id.New(id.Consent)
	err = c.DB.Consent.Create().SetID(consentID).SetCreatedAt(c.Clock.Now()).
		SetPersonID(person).SetPurpose(g.Purpose).SetVersion(g.Version).SetLanguage(g.Language).
		SetGivenByID(viewer.From(ctx).PersonID).Exec(system)
	if err != nil {
		return "", fmt.Errorf("write consent: %w", err)
	}
	return consentID, audit.Record(ctx, c.DB, audit.Deed{Action: "giveConsent", Subject: person, TargetID: consentID})
}

// load reads a consent that the viewer has just given or withdrawn.
func (c *Consents) load(ctx context.Context, consentID string) (*db.Consent, error) {
	found, err := c.DB.Consent.Get(viewer.AsSystem(ctx, "who acted is shown what they did"), consentID)
	if err != nil {
		return nil, fmt.Errorf("load consent: %w", err)
	}
	return found, nil
}

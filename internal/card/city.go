package card

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"citygraph/ent/db/citizencard"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// longestReason is how many characters the reason of a step of the city may have.
const longestReason = 200

// Freeze stops somebody's card for the city, as a court or the police may order: nothing is paid with it, and its holder
// cannot put it back into use. The holder is told; the reason is in the audit log alone. An admin may. Returns UNAUTHENTICATED, FORBIDDEN,
// BAD_USER_INPUT without a reason, NOT_FOUND, and INVALID_TRANSITION naming the status.
func (c *Cards) Freeze(ctx context.Context, cardID, reason string) (*citizencard.Status, error) {
	return c.order(ctx, Freeze, cardID, reason)
}

// Unfreeze lets the holder of a frozen card use it again. The rest is as with Freeze.
func (c *Cards) Unfreeze(ctx context.Context, cardID, reason string) (*citizencard.Status, error) {
	return c.order(ctx, Unfreeze, cardID, reason)
}

// order takes a step of the city, and answers where the card stands: an admin sees nothing else of it.
func (c *Cards) order(ctx context.Context, action Action, cardID, reason string) (*citizencard.Status, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	if !v.Has(viewer.Admin) {
		return nil, fault.New(fault.Forbidden)
	}
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n == 0 || n > longestReason || strings.ContainsFunc(reason, unicode.IsControl) {
		return nil, fault.BadInput("reason", "请填写原因，一行以内，最多200字。", "Give a reason in one line, of at most 200 characters.")
	}
	moved, err := c.take(ctx, action, reason, citizencard.ID(cardID))
	if err != nil {
		return nil, err
	}
	return &moved.Status, nil
}

package identity

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/identity"
	"citygraph/internal/viewer"
)

// OpenID is the account in the mini-program that was bound to the person last, empty for who has none. It is the system's,
// for what WeChat must be told of the viewer.
func (a *Accounts) OpenID(ctx context.Context, personID string) (string, error) {
	account, err := a.DB.Identity.Query().Where(identity.PersonID(personID), identity.ProviderEQ(identity.ProviderWechat)).
		Order(identity.ByID(sql.OrderDesc())).First(viewer.AsSystem(ctx, "WeChat knows a person by their account there"))
	if db.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a WeChat account: %w", err)
	}
	return account.Subject, nil
}

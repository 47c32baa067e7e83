package identity

import (
	"context"
	"fmt"

	"citygraph/ent/db/session"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// RolesEnded ends the sessions of somebody who has lost a staff role, in the transaction of ctx: whatever is open under it ends
// with them, and who signs in again is what they are now.
func (a *Accounts) RolesEnded(ctx context.Context, personID string) error {
	system := viewer.AsSystem(ctx, "what is open under a role ends with it")
	held, err := a.DB.Session.Query().Where(session.PersonID(personID), session.EndedAtIsNil()).All(system)
	if err != nil {
		return fmt.Errorf("load sessions: %w", err)
	}
	for _, s := range held {
		if err := a.end(ctx, s, "ROLE_ENDED"); err != nil {
			return err
		}
	}
	store.AfterCommit(ctx, func(ctx context.Context) { a.Cache.Forget(ctx, rolesKey(personID)) })
	return nil
}

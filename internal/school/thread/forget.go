package thread

import (
	"context"
	"fmt"

	"citygraph/ent/db/message"
	"citygraph/ent/db/threadread"
)

// Forget lets go of a person whose account has ended, in the transaction of ctx: what they wrote names nobody, and what they read
// is gone. What was said stays with those it was said to.
func (t *Talk) Forget(ctx context.Context, personID string) error {
	if err := t.DB.Message.Update().Where(message.AuthorID(personID)).SetAuthorName("").Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget the author: %w", err)
	}
	if _, err := t.DB.ThreadRead.Delete().Where(threadread.PersonID(personID)).Exec(system(ctx)); err != nil {
		return fmt.Errorf("forget what was read: %w", err)
	}
	return nil
}

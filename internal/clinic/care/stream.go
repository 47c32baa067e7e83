package care

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"citygraph/ent/db"
	"citygraph/ent/db/helpcall"
	"citygraph/ent/db/person"
	"citygraph/internal/fault"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// mostWatched bounds how many calls one look reads.
const mostWatched = 200

// topic wakes those who watch the calls of a person, or of a clinic.
func topic(of string) string { return "help:" + of }

// wake has those who watch the call look again after the commit.
func (o *Office) wake(ctx context.Context, c *db.HelpCall) {
	store.AfterCommit(ctx, func(context.Context) { o.Hub.Publish(topic(c.PatientID), topic(c.ClinicID)) })
}

// shown is what of a call has been sent.
type shown struct {
	status       helpcall.Status
	times, level int
}

// HelpCalls streams the calls for help that the viewer may see, as the patient, as who acts for them, or as staff of their clinic: first
// those that are not over, oldest first, and then each that comes or changes, until ctx ends. Who reconnects is sent again what
// is not over, so that nothing is lost. Returns UNAUTHENTICATED.
func (o *Office) HelpCalls(ctx context.Context) (<-chan *db.HelpCall, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	people, err := o.DB.Person.Query().Select(person.FieldID).Strings(ctx) // whom the viewer acts for, by the row rule
	if err != nil {
		return nil, fmt.Errorf("list whom the viewer acts for: %w", err)
	}
	topics := []string{o.Rights(v.PersonID)}
	for _, one := range append(people, v.Organisations(viewer.ClinicStaff)...) {
		topics = append(topics, topic(one))
	}
	sent, out := map[string]shown{}, make(chan *db.HelpCall)
	o.Hub.Follow(ctx, func() bool {
		err := o.look(ctx, sent, out)
		if err != nil {
			o.Fail(ctx, err)
		}
		return err == nil
	}, func() { close(out) }, topics...)
	return out, nil
}

// look sends what has changed since the last look.
func (o *Office) look(ctx context.Context, sent map[string]shown, out chan<- *db.HelpCall) error {
	watched := make([]string, 0, len(sent))
	for callID := range sent {
		watched = append(watched, callID)
	}
	calls, err := o.DB.HelpCall.Query().
		Where(helpcall.Or(helpcall.StatusNEQ(helpcall.StatusResolved), helpcall.IDIn(watched...))).
		Order(helpcall.ByID(sql.OrderAsc())).Limit(mostWatched).All(ctx)
	if err != nil {
		return fmt.Errorf("read calls for help: %w", err)
	}
	// Asked after the read: of what was committed after a session ended, nothing is told under it.
	if err := o.Admit(ctx); err != nil {
		return err
	}
	for _, c := range calls {
		now := shown{c.Status, c.Times, c.Level}
		if sent[c.ID] == now {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- c:
		}
		if sent[c.ID] = now; c.Status == helpcall.StatusResolved {
			delete(sent, c.ID) // nothing comes after
		}
	}
	return nil
}

package booking

import (
	"context"
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/appointment"
	"citygraph/ent/db/person"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/waitlistentry"
	"citygraph/ent/rule"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

func offersTopic(patientID string) string { return "offers:" + patientID }

// Offers streams the places that are offered to the viewer and to those they may book for: those that can still be taken, then
// each as it comes, each once, until ctx ends. A wake-up carries nothing: what is offered is read from the rows each time, and so
// is whom the viewer may book for. UNAUTHENTICATED for a visitor.
func (o *Office) Offers(ctx context.Context) (<-chan *db.WaitlistEntry, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	patients, err := o.DB.Person.Query().Where(predicate.Person(rule.ActsFor(person.FieldID, v, scope.Of(scope.Book)))).
		IDs(viewer.AsSystem(ctx, "the condition is the rule itself"))
	if err != nil {
		return nil, fmt.Errorf("list whom the viewer books for: %w", err)
	}
	topics := []string{household.Topic(v.PersonID)}
	for _, p := range patients {
		topics = append(topics, offersTopic(p))
	}
	out, told := make(chan *db.WaitlistEntry), map[string]bool{}
	o.Hub.Follow(ctx, func() bool {
		err := o.tell(ctx, told, out)
		if err != nil {
			o.Fail(ctx, err)
		}
		return err == nil
	}, func() { close(out) }, topics...)
	return out, nil
}

// tell sends the offers that stand and were not told yet.
func (o *Office) tell(ctx context.Context, told map[string]bool, out chan<- *db.WaitlistEntry) error {
	standing, err := o.DB.WaitlistEntry.Query().Where(
		waitlistentry.StatusEQ(waitlistentry.StatusOffered), waitlistentry.StartsAtGT(o.Clock.Now()),
		waitlistentry.HasAppointmentWith(appointment.StatusEQ(appointment.StatusPending), appointment.HeldUntilGT(o.Clock.Now())),
	).Order(waitlistentry.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read offers: %w", err)
	}
	// Asked after the read: of what was committed after a session ended, nothing is told under it.
	if err := o.Admit(ctx); err != nil {
		return err
	}
	for _, e := range standing {
		if told[e.ID] {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case out <- e:
			told[e.ID] = true
		}
	}
	return nil
}

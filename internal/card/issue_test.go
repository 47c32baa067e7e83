package card_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/person"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/id"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/viewer"
)

var longText = strings.Repeat("长", 201)

// newcomer is somebody who signed in and is bound to no name.
func (o *office) newcomer(t *testing.T) string {
	t.Helper()
	somebody := o.DB.Person.Query().Where(person.DistrictIDNotNil()).FirstX(seedtest.System(t))
	return o.DB.Person.Create().SetID(id.New(id.Person)).SetName(somebody.Name).SetMaskedIDNumber("").SaveX(seedtest.System(t)).ID
}

// fill puts money on a card.
func (o *office) fill(t *testing.T, personID string, fen int64) {
	t.Helper()
	c := o.DB.CitizenCard.Query().Where(citizencard.HolderID(personID)).OnlyX(seedtest.System(t))
	o.move(t, c.AccountID, -fen)
}

// A card of somebody unknown holds little, until they are bound to their name; of many who ask at once one gets it.
func TestIssued(t *testing.T) {
	o := open(t)
	stranger := o.newcomer(t)
	ctx := viewer.With(t.Context(), &viewer.Viewer{PersonID: stranger})
	if codes := crowd(8, func() error { _, err := o.Issue(ctx, uuid.New()); return err }); codes[""] != 1 || codes[fault.InvalidTransition] != 7 {
		t.Fatalf("of eight %v", codes)
	}
	stands := func(kind citizencard.Kind, most int64) {
		t.Helper()
		c := o.DB.CitizenCard.Query().Where(citizencard.HolderID(stranger)).WithAccount().OnlyX(seedtest.System(t))
		if c.Kind != kind || *c.Edges.Account.Ceiling != most {
			t.Errorf("the card is %s with %d at most, want %s with %d", c.Kind, *c.Edges.Account.Ceiling, kind, most)
		}
	}
	stands(citizencard.KindAnonymous, caps.Anonymous)
	for range 2 {
		if err := o.Name(t.Context(), stranger); err != nil {
			t.Fatal(err)
		}
		stands(citizencard.KindNamed, caps.Named)
	}
	_, err := o.Issue(t.Context(), uuid.New())
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
}

// Two accounts turn out to be one person's: the money of both is on one card, or they stay two.
func TestJoined(t *testing.T) {
	o := open(t)
	stranger, chenjing := o.newcomer(t), seedtest.Person(t, "chenjing")
	if err := o.Join(t.Context(), stranger, chenjing); err != nil {
		t.Errorf("without a card: %v", err)
	}
	if _, err := o.Issue(viewer.With(t.Context(), &viewer.Viewer{PersonID: stranger}), uuid.New()); err != nil {
		t.Fatal(err)
	}
	o.fill(t, stranger, 30_00)
	theirs := o.DB.CitizenCard.Query().Where(citizencard.HolderID(stranger)).OnlyX(seedtest.System(t))
	mine := o.of(t, "chenjing")

	o.fill(t, chenjing, caps.Named-mine.Edges.Account.Balance-29_99)
	faulttest.Refused(t, "more than fits", o.Join(t.Context(), stranger, chenjing), fault.BalanceCap)
	seedtest.PutCard(t, o.DB, theirs.ID, citizencard.StatusFrozen)
	faulttest.Refused(t, "a frozen card", o.Join(t.Context(), stranger, chenjing), fault.CardNotActive)
	seedtest.PutCard(t, o.DB, theirs.ID, citizencard.StatusLost)
	if err := o.Book.Block(t.Context(), theirs.AccountID); err != nil {
		t.Fatal(err)
	}
	if err := o.spend(t, mine, 1); err != nil {
		t.Fatal(err)
	}
	if err := o.Join(t.Context(), stranger, chenjing); err != nil {
		t.Fatal(err)
	}
	old := o.DB.CitizenCard.Query().Where(citizencard.ID(theirs.ID)).WithAccount().OnlyX(seedtest.System(t))
	if a := old.Edges.Account; old.Status != citizencard.StatusClosed || a.Balance != 0 || !a.Blocked {
		t.Errorf("the old card is %s with %+v", old.Status, a)
	}
	if got := o.of(t, "chenjing").Edges.Account.Balance; got != caps.Named {
		t.Errorf("%d fen are on the card", got)
	}
	// Somebody who has no card gets one for the money.
	second := o.newcomer(t)
	if _, err := o.Issue(viewer.With(t.Context(), &viewer.Viewer{PersonID: second}), uuid.New()); err != nil {
		t.Fatal(err)
	}
	o.fill(t, second, 5_00)
	third := o.newcomer(t)
	if err := o.Join(t.Context(), second, third); err != nil {
		t.Fatal(err)
	}
	got := o.DB.CitizenCard.Query().Where(citizencard.HolderID(third)).WithAccount().OnlyX(seedtest.System(t))
	if got.Edges.Account.Balance != 5_00 {
		t.Errorf("%d fen are on the new card", got.Edges.Account.Balance)
	}
	o.sound(t)
}

package card

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/ledger"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Action is what somebody may do with a card.
type Action string

// The actions.
const (
	ReportLoss Action = "REPORT_LOSS"
	CancelLoss Action = "CANCEL_LOSS"
)

// step is where an action takes a card, and whether money leaves its account afterwards.
type step struct {
	from, to citizencard.Status
	blocks   bool
	deed     string
}

// steps are the life of a card as its holder moves it. What they do not say cannot happen.
var steps = map[Action]step{
	ReportLoss: {from: citizencard.StatusActive, to: citizencard.StatusLost, blocks: true, deed: "reportCardLoss"},
	CancelLoss: {from: citizencard.StatusLost, to: citizencard.StatusActive, deed: "cancelCardLoss"},
}

// AllowedActions is what the card's holder may do with it now.
func AllowedActions(c *db.CitizenCard) []Action {
	actions := []Action{}
	for action, s := range steps {
		if s.from == c.Status {
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	return actions
}

// MarshalGQL writes the enum value.
func (a Action) MarshalGQL(w io.Writer) { graphql.MarshalString(string(a)).MarshalGQL(w) }

// UnmarshalGQL refuses: an action is never an input.
func (a *Action) UnmarshalGQL(any) error { return errors.New("a card's action is not an input") }

// Moved is told after a step of a card, in its transaction.
type Moved struct {
	CardID, PersonID string
	Action           Action
	At               time.Time
}

// Cards moves cards through their life.
type Cards struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Book   *ledger.Book
	Events *event.Bus
	// For answers whether the viewer may act for a person, and gives the context in which they do:
	// DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
}

// ReportLoss stops the viewer's card, or that of a person who gave them SHOW_CODE: from its commit on nothing is
// taken out of the card's account, and codes for it are good no more. The card is answered to its holder alone.
// Returns UNAUTHENTICATED, DELEGATION_SCOPE, CARD_NOT_ACTIVE where there is no card, and INVALID_TRANSITION naming the
// status.
func (c *Cards) ReportLoss(ctx context.Context, onBehalfOf *string) (*db.CitizenCard, error) {
	ctx, err := c.For(ctx, onBehalfOf, scope.ShowCode)
	if err != nil {
		return nil, fault.From(err).At("onBehalfOf")
	}
	stopped, err := c.take(ctx, ReportLoss)
	if v := viewer.From(ctx); err != nil || v.Subject() != v.PersonID {
		return nil, err
	}
	return stopped, nil
}

// CancelLoss puts the viewer's card, which has been found, back into use. Nobody else may: who shows its codes
// must not undo what its holder did. Returns UNAUTHENTICATED, NOT_FOUND for anybody else's card, and INVALID_TRANSITION
// naming the status.
func (c *Cards) CancelLoss(ctx context.Context, cardID string) (*db.CitizenCard, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	mine, err := c.DB.CitizenCard.Query().Where(citizencard.ID(cardID), citizencard.PersonID(v.PersonID)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the card: %w", err)
	}
	if !mine {
		return nil, fault.New(fault.NotFound).At("cardId")
	}
	return c.take(ctx, CancelLoss)
}

// take moves the card of the person whom the viewer of ctx acts for. The account is changed with it, so that who
// spends at that moment posts before the commit or not at all.
func (c *Cards) take(ctx context.Context, action Action) (*db.CitizenCard, error) {
	s, subject := steps[action], viewer.From(ctx).Subject()
	var moved *db.CitizenCard
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "the verbs of the card move it for its holder")
		now := c.Clock.Now()
		n, err := c.DB.CitizenCard.Update().Where(citizencard.PersonID(subject), citizencard.StatusEQ(s.from)).
			SetStatus(s.to).SetUpdatedAt(now).Save(system)
		if err != nil {
			return fmt.Errorf("%s: %w", s.deed, err)
		}
		if moved, err = c.DB.CitizenCard.Query().Where(citizencard.PersonID(subject)).WithAccount().Only(system); db.IsNotFound(err) {
			return fault.New(fault.CardNotActive).Say("还没有市民卡。", "There is no citizen card yet.")
		}
		if err != nil {
			return fmt.Errorf("load card: %w", err)
		}
		if n == 0 {
			return fault.New(fault.InvalidTransition).Say(
				fmt.Sprintf("市民卡当前状态为%s，不能执行此操作。", moved.Status), fmt.Sprintf("The card is %s; this cannot be done now.", moved.Status))
		}
		block := c.Book.Unblock
		if s.blocks {
			block = c.Book.Block
		}
		if err := block(ctx, moved.AccountID); err != nil {
			return err
		}
		if err := audit.Record(ctx, c.DB, audit.Deed{Action: s.deed, Subject: subject, TargetID: moved.ID}); err != nil {
			return err
		}
		return c.Events.Emit(ctx, Moved{CardID: moved.ID, PersonID: subject, Action: action, At: now})
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

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
	"citygraph/ent/db/ledgeraccount"
	"citygraph/ent/db/predicate"
	"citygraph/internal/audit"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/idempotency"
	"citygraph/internal/ledger"
	"citygraph/internal/scope"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// Action is what somebody may do with a card.
type Action string

// The actions. The city's own are no values of the graph's enum: they are never among a holder's.
const (
	ReportLoss Action = "REPORT_LOSS"
	CancelLoss Action = "CANCEL_LOSS"
	Replace    Action = "REPLACE"
	Close      Action = "CLOSE"
	Freeze     Action = "FREEZE"
	Unfreeze   Action = "UNFREEZE"
)

// step is where an action takes a card, whether money leaves its account afterwards, and whose action it is.
type step struct {
	from, to citizencard.Status
	blocks   bool
	citys    bool
	deed     string
}

// steps are the life of a card. What they do not say cannot happen.
var steps = map[Action]step{
	ReportLoss: {from: citizencard.StatusActive, to: citizencard.StatusLost, blocks: true, deed: "reportCardLoss"},
	CancelLoss: {from: citizencard.StatusLost, to: citizencard.StatusActive, deed: "cancelCardLoss"},
	Replace:    {from: citizencard.StatusLost, to: citizencard.StatusReplaced, deed: "replaceCard"},
	Close:      {from: citizencard.StatusActive, to: citizencard.StatusClosed, blocks: true, deed: "closeCard"},
	Freeze:     {from: citizencard.StatusActive, to: citizencard.StatusFrozen, blocks: true, citys: true, deed: "freezeCard"},
	Unfreeze:   {from: citizencard.StatusFrozen, to: citizencard.StatusActive, citys: true, deed: "unfreezeCard"},
}

// ends reports whether a card of the status is nobody's any more.
func ends(s citizencard.Status) bool {
	return s == citizencard.StatusReplaced || s == citizencard.StatusClosed
}

// AllowedActions is what the card's holder may do with it now.
func AllowedActions(c *db.CitizenCard) []Action {
	actions := []Action{}
	for action, s := range steps {
		if s.from == c.Status && !s.citys {
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

// Cards issues cards and moves them through their life.
type Cards struct {
	DB     *db.Client
	Store  *store.Store
	Clock  clock.Clock
	Book   *ledger.Book
	Once   idempotency.Ledger
	Events *event.Bus
	Caps   Caps
	// For answers whether the viewer may act for a person, and gives the context in which they do:
	// DELEGATION_SCOPE else.
	For func(ctx context.Context, personID *string, s scope.Scope) (context.Context, error)
}

// take moves the card that is picked, by its id if it ends, for a reason where one is asked for. The account is changed with it, so that
// who spends at that moment posts before the commit or not at all. Returns NOT_FOUND, INVALID_TRANSITION naming the
// status, and CARD_NOT_EMPTY or CREDIT_OWED for one that is closed with money on it, or while its holder owes some.
func (c *Cards) take(ctx context.Context, action Action, reason string, pick ...predicate.CitizenCard) (*db.CitizenCard, error) {
	s := steps[action]
	var moved *db.CitizenCard
	err := c.Store.InTx(ctx, func(ctx context.Context) error {
		system := viewer.AsSystem(ctx, "the verbs of the card move it for its holder or the city")
		now := c.Clock.Now()
		update := c.DB.CitizenCard.Update().Where(pick...).Where(citizencard.StatusEQ(s.from)).SetStatus(s.to).SetUpdatedAt(now)
		if ends(s.to) {
			update.ClearHolderID()
		}
		n, err := update.Save(system)
		if err != nil {
			return fmt.Errorf("%s: %w", s.deed, err)
		}
		if moved, err = c.DB.CitizenCard.Query().Where(pick...).Only(system); db.IsNotFound(err) {
			return fault.New(fault.NotFound).At("cardId")
		}
		if err != nil {
			return fmt.Errorf("load card: %w", err)
		}
		if n == 0 {
			return fault.New(fault.InvalidTransition).Say(
				fmt.Sprintf("市民卡当前状态为%s，不能执行此操作。", moved.Status), fmt.Sprintf("The card is %s; this cannot be done now.", moved.Status))
		}
		if err := c.block(ctx, moved.AccountID, s.blocks); err != nil {
			return err
		}
		if moved.Edges.Account, err = c.DB.LedgerAccount.Get(system, moved.AccountID); err != nil {
			return fmt.Errorf("load account: %w", err)
		}
		if s.to == citizencard.StatusClosed {
			if err := c.settled(system, moved); err != nil {
				return err
			}
		}
		if err := audit.Record(ctx, c.DB, audit.Deed{Action: s.deed, Subject: moved.PersonID, TargetID: moved.ID, Reason: reason}); err != nil {
			return err
		}
		return c.Events.Emit(ctx, Moved{CardID: moved.ID, PersonID: moved.PersonID, Action: action, At: now})
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

// settled refuses to close a card with money on it, or of somebody who owes the city some: only a card repays it.
func (c *Cards) settled(system context.Context, moved *db.CitizenCard) error {
	if a := moved.Edges.Account; a.Balance != 0 || a.Held != 0 {
		return fault.New(fault.CardNotEmpty)
	}
	owes, err := c.DB.LedgerAccount.Query().Where(ledgeraccount.OwnerID(moved.PersonID), ledgeraccount.BalanceLT(0)).Exist(system)
	if err != nil {
		return fmt.Errorf("look for debts: %w", err)
	}
	if owes {
		return fault.New(fault.CreditOwed).Say("还有欠款（先诊疗后付费或乘车），请先还清。", "Something is still owed, on the credit line or for rides. Repay it first.")
	}
	return nil
}

func (c *Cards) block(ctx context.Context, accountID string, blocked bool) error {
	if blocked {
		return c.Book.Block(ctx, accountID)
	}
	return c.Book.Unblock(ctx, accountID)
}
